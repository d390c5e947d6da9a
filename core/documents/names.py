"""File names as they are shown, stored and cited; never used as paths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

LONGEST = 120
_LONGEST_EXTENSION = 16
_NAMELESS = "document"

# Controls, lone surrogates, and the marks that make text run backwards ("exe.pdf" for "fdp.exe").
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
# What must not end a shortened name: halves of emoji sequences and of accented letters.
_JOINERS = "\u200d\ufe0e\ufe0f"


def clean_name(name: str) -> str:
    """The name without folders, control and direction characters, at most 120 characters long.

    The extension survives the shortening and emoji stay. A name with nothing left is `document`.
    Cleaning twice changes nothing.
    """
    text = _UNWANTED.sub("", unicodedata.normalize("NFC", name))
    text = _SPACES.sub(" ", re.split(r"[/\\]", text.rstrip("/\\ "))[-1]).strip()
    if not text.strip(". "):
        text = _NAMELESS
    return _shorten(text, LONGEST)


def extension(name: str) -> str:
    """The name's extension in lower case without its dot; empty when it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem.strip(". ") and len(ending) < _LONGEST_EXTENSION else ""


def unique_names(names: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """Cleaned names, one for each given, all different from each other and from `taken`.

    The first file of a name keeps it; the next become `report (2).txt`, `report (3).txt`.
    """
    used = set(taken)
    result = []
    for name in map(clean_name, names):
        free, count = name, 1
        while free in used:
            count += 1
            free = _numbered(name, count)
        used.add(free)
        result.append(free)
    return result


def _numbered(name: str, count: int) -> str:
    stem, ending = _parts(name)
    suffix = f" ({count}){ending}"
    return _cut(stem, LONGEST - len(suffix)) + suffix


def _shorten(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    stem, ending = _parts(name)
    return _cut(stem, longest - len(ending)) + ending


def _parts(name: str) -> tuple[str, str]:
    """Stem and extension with its dot; only what `extension` accepts counts as one."""
    ending = extension(name)
    cut = len(name) - len(ending) - 1 if ending else len(name)
    return name[:cut], name[cut:]


def _cut(stem: str, length: int) -> str:
    if len(stem) <= length:
        return stem
    while length > 1 and (unicodedata.combining(stem[length]) or stem[length] in _JOINERS):
        length -= 1
    return stem[:length].rstrip(_JOINERS + " ") or stem[:1]
