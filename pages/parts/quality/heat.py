"""Every question under every variant as a picture: what all get right, what none does, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.lab.drawing import Drawing
from pages.parts.quality import words
from pages.parts.quality.reading import Reading
from pages.parts.safe_text import shorten
from pages.parts.units import count

_ROW = 48
# Cells beyond this are drawn but take no click: each that does is an element of its own in the browser.
CLICKABLE = 6000
_NONE = palette.NEUTRAL


def order(reading: Reading, metric: str) -> list[str]:
    """Ids of the questions that were asked, those that go best first."""
    asked = [question.id for question in reading.result.questions if _asked(reading, question.id)]
    return sorted(asked, key=lambda question: -_total(reading, question, metric))


def _asked(reading: Reading, question: str) -> bool:
    return any((question, variant) in reading.outcomes for variant in reading.variants)


def _total(reading: Reading, question: str, metric: str) -> float:
    return sum(cell(reading, question, variant, metric) or 0.0 for variant in reading.variants)


def cell(reading: Reading, question: str, variant: str, metric: str) -> float | None:
    """The value of a cell: the metric, or whether a refusal was right; None where nothing was measured."""
    standing = reading.standing(question, variant, metric)
    if standing in ("failed", "unmeasured"):
        return None
    value = reading.values(metric).get((question, variant))
    return reading.values("refusal").get((question, variant)) if value is None else value


def said(reading: Reading, metric: str) -> str:
    """How many questions all variants get right, how many none, and on how many they differ."""
    tally = {"all": 0, "none": 0, "some": 0}
    for question in order(reading, metric):
        standings = {reading.standing(question, variant, metric) for variant in reading.variants}
        standings.discard("unmeasured")
        if standings == {"right"}:
            tally["all"] += 1
        elif "right" in standings:
            tally["some"] += 1
        elif standings:
            tally["none"] += 1
    total = sum(tally.values())
    if len(reading.variants) == 1:
        return f"{tally['all']:,} of {count(total, 'question')} are right, {tally['none']:,} are not"
    return (
        f"Of {count(total, 'question')} every variant gets {tally['all']:,} right, none gets "
        f"{tally['none']:,}, and on {tally['some']:,} they differ"
    )


def figure(reading: Reading, metric: str) -> Drawing:
    """A row a variant, a column a question."""
    questions, keys = order(reading, metric), list(reading.variants)
    names = [words.brief(reading.variants[key], reading.among) for key in keys]
    traces = [_cells(reading, questions, keys, metric)]
    if len(questions) * len(keys) <= CLICKABLE:
        traces.append(_targets(reading, questions, keys, metric))
    traces += _failures(reading, questions, keys, metric)
    return drawing.drawing(
        traces,
        36 + _ROW * len(keys),
        showlegend=False,
        clickmode="event+select",
        annotations=[drawing.heading(name, place - 0.36) for place, name in enumerate(names)],
        xaxis={"visible": False, "fixedrange": True, "range": [-0.5, len(questions) - 0.5]},
        yaxis={"range": [len(keys) - 0.5, -0.6], "visible": False, "fixedrange": True},
    )


def _cells(reading: Reading, questions: Sequence[str], keys: Sequence[str], metric: str) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "z": [_striped(reading, questions, key, metric) for key in keys],
        "x": list(range(len(questions))),
        "y": [place + 0.14 for place in range(len(keys))],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [
            [0, palette.WRONG],
            [0.5, drawing.translucent(palette.NEUTRAL, 0.45)],
            [1, palette.RIGHT],
        ],
        "xgap": 2 if len(questions) <= 120 else 0,
        "ygap": 20,
        "hoverinfo": "skip",
        "showscale": False,
    }


def _striped(reading: Reading, questions: Sequence[str], key: str, metric: str) -> list[float | None]:
    return [cell(reading, question, key, metric) for question in questions]


def _targets(reading: Reading, questions: Sequence[str], keys: Sequence[str], metric: str) -> dict[str, Any]:
    """Marks that nobody sees: a heat map itself tells nothing of clicks."""
    places = [(x, y, question, key) for y, key in enumerate(keys) for x, question in enumerate(questions)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, *_ in places],
        "y": [y + 0.14 for _, y, *_ in places],
        "marker": {"size": 18, "symbol": "square", "opacity": 0},
        "selected": {"marker": {"opacity": 0.35, "color": palette.NEUTRAL}},
        "unselected": {"marker": {"opacity": 0}},
        "customdata": [
            [
                question,
                key,
                words.in_chart(shorten(reading.questions[question].question, 70)),
                words.brief(reading.variants[key], reading.among),
                _told(reading, question, key, metric),
            ]
            for _, _, question, key in places
        ],
        "hovertemplate": "<b>%{customdata[3]}: %{customdata[4]}</b><br>%{customdata[2]}<extra></extra>",
    }


def _told(reading: Reading, question: str, key: str, metric: str) -> str:
    value = cell(reading, question, key, metric)
    return reading.standing(question, key, metric) if value is None else words.points(value)


def _failures(
    reading: Reading, questions: Sequence[str], keys: Sequence[str], metric: str
) -> list[dict[str, Any]]:
    """A cross where it failed."""
    places = [
        (x, y + 0.14)
        for y, key in enumerate(keys)
        for x, question in enumerate(questions)
        if reading.standing(question, key, metric) == "failed"
    ]
    if not places:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [x for x, _ in places],
            "y": [y for _, y in places],
            "marker": {"size": 8, "symbol": "x", "color": _NONE},
            "hoverinfo": "skip",
        }
    ]
