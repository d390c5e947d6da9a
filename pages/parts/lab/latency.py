"""How the times of single calls spread: boxes for a glance, curves for the tail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import bench
from pages.parts import palette
from pages.parts.lab import drawing, words
from pages.parts.lab.drawing import Drawing

BOXES, CURVES = "Boxes", "Curves"
MEANING = {
    BOXES: "Each box is the middle half of the calls, its line the median; whiskers go from 5% to 95%.",
    CURVES: "How many of the calls took at most so long: the further left and the steeper, the better.",
}
_ROW = 27
# More lines than this are told apart by their mode only.
_MOST_NAMED = 5


@dataclass(frozen=True)
class Row:
    """One cell and the spread of its calls."""

    key: bench.CellKey
    spread: bench.Spread
    counted_from: str


def rows(cells: Sequence[bench.CellResult]) -> list[Row]:
    """The cells that have a distribution; a batch is one call and has none."""
    found = []
    for cell in cells:
        late = cell.key.mode == "open"
        spread = bench.spread(cell, response=late)
        if spread is not None:
            found.append(Row(cell.key, spread, "due" if late else "issued"))
    return found


def finding(found: Sequence[Row]) -> str:
    """What the boxes show, in a sentence: under load calls take longer, and by how much."""
    if not found:
        return "Too few calls for a distribution"
    alone = [row for row in found if row.key.mode == "sequential"]
    fast = min(alone or found, key=lambda row: row.spread.p50)
    slow = max(found, key=lambda row: row.spread.p50)
    text = f"Half of the {_subject(fast)} calls took at most {_ms(fast.spread.p50)}"
    if slow.spread.p50 < 1.5 * fast.spread.p50:
        return f"{text}, and about as long in every other mode"
    return f"{text}; by {words.how(slow.key)}, {words.work(slow.key)} takes {_ms(slow.spread.p50)} a call"


def _subject(row: Row) -> str:
    return f"{words.work(row.key)} ({words.how(row.key)})"


def _ms(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"


def limits(found: Sequence[Row]) -> tuple[float, float]:
    """Limits of the axis that all panels share."""
    return drawing.spanning([value for row in found for value in (row.spread.p5, row.spread.p95)])


def by_work(found: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows by what was called."""
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(words.work(row.key), []).append(row)
    return groups


def boxes(found: Sequence[Row], span: tuple[float, float]) -> Drawing:
    """A box a cell, one below the other, on a logarithmic axis of milliseconds."""
    return drawing.drawing(
        [_box(item, row) for row, item in enumerate(found)],
        **drawing.rows(len(found), _ROW),
        annotations=[_note(item, row) for row, item in enumerate(found)],
        xaxis=drawing.log_axis(*span, drawing.milliseconds, room=0.44, most=4, title="time of a call"),
    )


def _box(item: Row, row: int) -> dict[str, Any]:
    look, spread = palette.mode(item.key.mode), item.spread
    return {
        "type": "box",
        "name": words.how(item.key),
        "orientation": "h",
        "y": [row],
        "q1": [spread.p25],
        "median": [spread.p50],
        "q3": [spread.p75],
        "lowerfence": [spread.p5],
        "upperfence": [spread.p95],
        "width": 0.66,
        "line": {"color": look.color, "width": 2},
        "fillcolor": drawing.translucent(look.color),
        "hoverinfo": "x",
    }


def _note(item: Row, row: int) -> dict[str, Any]:
    return {
        "text": f"<b>{_ms(item.spread.p50)}</b> {_name(item.key)}",
        "x": math.log10(item.spread.p95),
        "xanchor": "left",
        "xshift": 8,
        "y": row,
        "yanchor": "middle",
        "showarrow": False,
    }


def _name(key: bench.CellKey) -> str:
    """A batch is one call, and its time is that of all its items."""
    return f"one batch of {key.count}" if key.mode == "batch" else words.how(key)


def curves(cells: Sequence[bench.CellResult], span: tuple[float, float]) -> Drawing:
    """The empirical distributions of one framework's cells, a line a cell, a colour a mode."""
    named = len(cells) <= _MOST_NAMED
    lines = [_curve(cell, named=named) for cell in cells if bench.spread(cell)]
    first = {line["legendgroup"]: place for place, line in reversed(list(enumerate(lines)))}
    for place, line in enumerate(lines):
        line["showlegend"] = first[line["legendgroup"]] == place
    return drawing.drawing(
        lines,
        290,
        xaxis=drawing.log_axis(*span, drawing.milliseconds, title="time of a call"),
        yaxis={"range": [0, 1.02], "tickformat": ".0%", "title": "share of calls", "fixedrange": True},
    )


def _curve(cell: bench.CellResult, *, named: bool) -> dict[str, Any]:
    key = cell.key
    times, shares = bench.curve(cell, response=key.mode == "open")
    look = palette.mode(key.mode)
    return {
        "type": "scatter",
        "name": _name(key) if named else look.label,
        "legendgroup": key.label if named else key.mode,
        "x": times,
        "y": shares,
        "mode": "lines",
        "line": {"color": look.color, "width": 2.5 if named else 1.2, "dash": look.dash, "shape": "hv"},
        "hovertemplate": f"{_name(key)}: %{{y:.0%}} within %{{x:.3g}} ms<extra></extra>",
    }
