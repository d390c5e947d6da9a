"""One colour per engine and per mode, that everyone can tell apart, on both themes."""

import itertools
import math
import tomllib
from pathlib import Path

import pytest

from pages.parts import palette

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
GROUPS = {"engines": palette.ENGINES, "modes": palette.MODES}
LOOKS = [*palette.ENGINES.values(), *palette.MODES.values()]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(color):
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(color):
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def oklab(color, vision):
    rows = [sum(m * c for m, c in zip(row, linear(color), strict=True)) for row in VISION[vision]]
    r, g, b = (min(1, max(0, channel)) for channel in rows)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("group", GROUPS)
def test_colours_are_told_apart_by_every_kind_of_eye(group, vision):
    for one, other in itertools.combinations(GROUPS[group].values(), 2):
        distance = math.dist(oklab(one.color, vision), oklab(other.color, vision))
        assert distance > 0.10, (one.label, other.label)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.label)
@pytest.mark.parametrize("page", [palette.LIGHT_PAGE, palette.DARK_PAGE], ids=["light", "dark"])
def test_colours_stand_out_from_both_pages(look, page):
    assert contrast(look.color, page) >= 3


def test_right_and_wrong_are_told_apart_and_taken_for_no_engine_and_no_mode():
    for vision in VISION:
        assert math.dist(oklab(palette.RIGHT, vision), oklab(palette.WRONG, vision)) > 0.10
    for color in (palette.RIGHT, palette.WRONG):
        assert color not in {look.color for look in LOOKS}
        assert min(contrast(color, page) for page in (palette.LIGHT_PAGE, palette.DARK_PAGE)) >= 3


@pytest.mark.parametrize("group", GROUPS)
def test_marks_repeat_what_the_colour_says(group):
    looks = GROUPS[group].values()
    for trait in ("mark", "symbol", "dash", "color"):
        assert len({getattr(look, trait) for look in looks}) == len(looks)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_and_the_palette_agree(theme):
    section = CONFIG["theme"][theme]
    assert section["chartCategoricalColors"] == [look.color for look in LOOKS]
    page = palette.LIGHT_PAGE if theme == "light" else palette.DARK_PAGE
    assert section["backgroundColor"] == page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_buttons_and_links_are_readable(theme):
    section = CONFIG["theme"][theme]
    for surface in (section["backgroundColor"], section["secondaryBackgroundColor"]):
        assert contrast(section["textColor"], surface) >= 7
        assert contrast(section["linkColor"], surface) >= 4.5
    assert contrast("#FFFFFF", section["primaryColor"]) >= 3.7
    assert contrast(section["primaryColor"], section["backgroundColor"]) >= 3


def test_a_name_that_is_not_known_gets_the_neutral_look():
    assert palette.engine("haystack").color == palette.mode("fibres").color == palette.NEUTRAL
