"""Throughput against what the run swept over: number of calls, concurrency, round trip and the like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core import bench
from pages.parts import palette
from pages.parts.lab import drawing, words
from pages.parts.lab.drawing import Drawing
from pages.parts.lab.scope import Scope
from pages.parts.lab.words import Condition

AXES = {
    "count": ("Number of calls", "calls in a round"),
    "concurrency": ("Concurrency", "most calls at once"),
    "rtt_ms": ("Round trip", "added network round trip (ms)"),
    "consistency": ("Consistency", "consistency level"),
    "load": ("Load", "offered load"),
}
_LOG = {"count", "concurrency"}
_LAW_POINTS = 40


def axes(scope: Scope) -> list[str]:
    """What the scope's cells were swept over; the order is that of `AXES`."""
    found = bench.swept(scope.cells)
    return [axis for axis in AXES if axis in found]


def lines(scope: Scope, axis: str) -> dict[str, list[bench.Series]]:
    """The series along the axis by what was called; all else as in the condition that is looked at."""
    found: dict[str, list[bench.Series]] = {}
    for line in bench.series(scope.cells, axis):  # type: ignore[arg-type]  # from `AXES`
        if Condition.of(line.of) == _with_neutral(scope.condition, line.of, axis):
            found.setdefault(words.work(line.of), []).append(line)
    return found


def _with_neutral(condition: Condition, of: bench.CellKey, axis: str) -> Condition:
    """The condition with the axis left as neutral as in the series' key."""
    return replace(condition, **{axis: getattr(of, axis)}) if hasattr(condition, axis) else condition


def finding(axis: str, found: dict[str, list[bench.Series]]) -> str:
    """What the lines show, in a sentence: the steepest of them from end to end."""
    every = [line for group in found.values() for line in group if _change(line)]
    if not every:
        return "Nothing to compare along this axis"
    steep = max(every, key=lambda line: abs(math.log(_change(line) or 1.0)))
    change, (first, last) = _change(steep) or 1.0, (steep.values[0], steep.values[-1])
    subject = f"{words.work(steep.of)} by {_name(steep)}"
    if 0.8 < change < 1.25:
        return f"Throughput hardly depends on it: {subject} changes least of all by a factor of {change:.2g}"
    way = f"{words.factor(change)} the throughput" if change > 1 else f"{words.factor(1 / change)} less"
    return f"{subject}: {way} at {_shown(axis, last)} than at {_shown(axis, first)}"


def _change(line: bench.Series) -> float | None:
    first, last = line.throughputs[0], line.throughputs[-1]
    return last / first if first and last else None


def _shown(axis: str, value: object) -> str:
    if axis == "rtt_ms":
        return f"+{value:g} ms" if value else "no added round trip"
    texts = {"count": f"{value} calls", "concurrency": f"{value} at once"}
    return texts.get(axis, str(value))


def _name(line: bench.Series) -> str:
    return palette.mode(line.of.mode).label if line.axis == "concurrency" else words.how(line.of)


def limits(found: dict[str, list[bench.Series]]) -> tuple[float, float]:
    """Limits of the throughput axis that all panels share."""
    cells = [cell for group in found.values() for line in group for cell in line.cells]
    return drawing.spanning([item.throughput for cell in cells for item in cell.counted])


def figure(axis: str, group: Sequence[bench.Series], span: tuple[float, float]) -> Drawing:
    """Throughput along the axis, a line a mode; where the scalability law holds, its curve and knee."""
    knees = [(line, law) for line in group if (law := _shown_law(line, axis)) is not None]
    places = sorted({value for line in group for value in line.values}, key=_order(group))
    return drawing.drawing(
        [_law_line(line, law) for line, law in knees] + [_line(line) for line in group],
        310,
        shapes=[_knee(line, law) for line, law in knees],
        annotations=[_knee_name(line, law) for line, law in knees],
        xaxis=_x_axis(axis, places),
        yaxis=drawing.log_axis(*span, drawing.per_second, title="calls a second"),
    )


def _shown_law(line: bench.Series, axis: str) -> bench.Scalability | None:
    law = line.scalability() if axis == "concurrency" else None
    return law if law is not None and law.shown else None


def _order(group: Sequence[bench.Series]) -> Any:
    """Numbers by size; levels in the order in which the series have them."""
    longest = max(group, key=lambda line: len(line.values))
    known = {value: place for place, value in enumerate(longest.values)}
    return lambda value: value if isinstance(value, int | float) else known.get(value, 99)


def _x_axis(axis: str, places: Sequence[Any]) -> dict[str, Any]:
    title = AXES[axis][1]
    if axis in _LOG:
        step = math.ceil(len(places) / 7)
        shown = list(places)[::-1][::step]
        return drawing.log_axis(
            places[0] / 1.2,
            places[-1] * 1.2,
            str,
            title=title,
            tickvals=shown,
            ticktext=list(map(str, shown)),
        )
    if axis == "rtt_ms":
        room = max(places) * 0.06 or 1
        return {
            "title": title,
            "tickvals": list(places),
            "range": [-room, max(places) + room],
            "fixedrange": True,
            "zeroline": False,
        }
    return {
        "title": title,
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(places),
        "fixedrange": True,
    }


def _line(line: bench.Series) -> dict[str, Any]:
    look = palette.mode(line.of.mode)
    spread = [_spread(cell.counted) for cell in line.cells]
    return {
        "type": "scatter",
        "name": _name(line),
        "x": list(line.values),
        "y": list(line.throughputs),
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 2.5, "dash": look.dash},
        "marker": {"symbol": look.symbol, "size": 9, "color": look.color},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - (value or 0) for (_, high), value in zip(spread, line.throughputs, strict=True)],
            "arrayminus": [
                (value or 0) - low for (low, _), value in zip(spread, line.throughputs, strict=True)
            ],
            "color": look.color,
            "thickness": 1.2,
            "width": 3,
        },
        "customdata": [words.rate(value) for value in line.throughputs],
        "hovertemplate": "%{customdata} at %{x}",
    }


def _spread(rounds: Sequence[Any]) -> tuple[float, float]:
    """Slowest and fastest round."""
    every = [item.throughput for item in rounds]
    return min(every), max(every)


def _law_line(line: bench.Series, law: bench.Scalability) -> dict[str, Any]:
    first, last = (float(line.cells[place].key.limit) for place in (0, -1))
    xs = [first * (last / first) ** (step / _LAW_POINTS) for step in range(_LAW_POINTS + 1)]
    return {
        "type": "scatter",
        "x": xs,
        "y": [law.throughput(x) for x in xs],
        "mode": "lines",
        "line": {"color": drawing.translucent(palette.mode(line.of.mode).color, 0.4), "width": 7},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _knee(line: bench.Series, law: bench.Scalability) -> dict[str, Any]:
    stroke = {"color": palette.mode(line.of.mode).color, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": law.knee, "x1": law.knee, "y0": 0, "y1": 1, "yref": "paper", "line": stroke}


def _knee_name(line: bench.Series, law: bench.Scalability) -> dict[str, Any]:
    place = {"x": math.log10(law.knee), "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "left"}
    return {"text": f"{_name(line)} knee: {law.knee:.0f}", "showarrow": False, **place}


def laws(found: dict[str, list[bench.Series]]) -> list[str]:
    """What the scalability law says of each line, or why it says nothing."""
    told = []
    for name, group in found.items():
        for line in group:
            law = line.scalability()
            who = f"**{name}, {_name(line)}**"
            told.append(f"{who}: {_law(law)}" if law.shown else f"{who}: no law is shown. {law.why}")
    return told


def _law(law: bench.Scalability) -> str:
    return (
        f"most throughput near {law.knee:.0f} calls at once; {law.contention:.1%} of the work is one at a "
        f"time, and each pair of callers costs {law.crosstalk:.2g} of a call."
    )
