"""The figures that a tutorial published, drawn beside those of this run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import TandemError, bench
from pages.parts import palette
from pages.parts.lab import drawing, words
from pages.parts.lab.drawing import Drawing
from pages.parts.units import count, seconds

_ROW = 25
# What two runs of the same thing differ by.
_AS_GOOD_AS = 0.95


@dataclass(frozen=True)
class Line:
    """One line of a tutorial's table, and what this run found under one added round trip."""

    published: bench.Published
    asynchronous: bench.CellResult
    sequential: bench.CellResult
    ratio: bench.Ratio

    @property
    def name(self) -> str:
        """`LlamaIndex query, 100 calls`."""
        return f"{words.work(self.sequential.key)}, {count(self.published.count, 'call')}"

    @property
    def here(self) -> str:
        """Where this run was made."""
        rtt = self.sequential.key.rtt_ms
        return f"here, +{rtt:g} ms round trip" if rtt else "here"


_Rows = Sequence[tuple[Line, "int | None", int]]


def lines(result: bench.RunResult) -> list[Line]:
    """The tutorial's lines that this run measured; none when it is no tutorial's."""
    try:
        published = bench.preset(result.plan.preset).published
    except TandemError:
        return []
    ratios = {(ratio.of, ratio.over): ratio for ratio in result.ratios}
    return [
        Line(item, fast, slow, ratio)
        for item in published
        for slow in _cells(result, item, "sequential")
        for fast in _cells(result, item, "asyncio")
        if (ratio := ratios.get((fast.key.label, slow.key.label)))
    ]


def _cells(result: bench.RunResult, item: bench.Published, mode: str) -> list[bench.CellResult]:
    wanted = (item.framework, item.operation, item.count, mode)
    return [
        cell
        for cell in result.cells
        if cell.valid and (cell.key.framework, cell.key.operation, cell.key.count, cell.key.mode) == wanted
    ]


def finding(found: Sequence[Line]) -> str:
    """How many of the published ratios this run reached, in a sentence."""
    reached = [line for line in found if _reached(line)]
    if len(reached) == len(found):
        return f"Every published ratio is reached or beaten here: {len(found)} of {len(found)}"
    near = all(line.sequential.key.rtt_ms == 0 for line in found)
    hint = "; the tutorial's Milvus was a network away: add a round trip of 50 ms to see that" if near else ""
    return f"{len(reached)} of {count(len(found), 'published ratio')} reached here{hint}"


def _reached(line: Line) -> bool:
    return line.ratio.ratio >= line.published.ratio * _AS_GOOD_AS


def figure(found: Sequence[Line]) -> Drawing:
    """Two bars a line: what the tutorial found async to gain, and what this run did."""
    low, high = drawing.spanning(_values(found), margin=1.1)
    names, rows, depth = _rows(found)
    title = "async over sequential, times as fast"
    return drawing.drawing(
        [_published(rows), _here(rows)],
        **drawing.rows(depth, _ROW),
        barmode="overlay",
        shapes=[drawing.reference(1, row + 0.5, row + 2.5) for row in names.values()],
        annotations=[drawing.heading(name, row) for name, row in names.items()] + _figures(rows),
        xaxis=drawing.log_axis(low, high, drawing.times, room=0.36, title=title),
    )


def _values(found: Sequence[Line]) -> list[float]:
    values = [1.0]
    for line in found:
        own = line.ratio
        ends = [drawing.confined(own.ratio, end) for end in (own.low, own.high)]
        values += [line.published.ratio, own.ratio, *ends]
    return values


def _rows(found: Sequence[Line]) -> tuple[dict[str, int], _Rows, int]:
    """The rows of the headings, those of each line's bars (the tutorial's once), and how many there are."""
    names: dict[str, int] = {}
    rows: list[tuple[Line, int | None, int]] = []
    depth = 0
    for line in found:
        first = line.name not in names
        names.setdefault(line.name, depth)
        published = depth + 1 if first else None
        depth += 3 if first else 1
        rows.append((line, published, depth - 1))
    return names, rows, depth


def _published(rows: _Rows) -> dict[str, Any]:
    mine = [(line, row) for line, row, _ in rows if row is not None]
    return {
        "type": "bar",
        "name": "tutorial",
        "orientation": "h",
        "y": [row for _, row in mine],
        "base": [1] * len(mine),
        "x": [line.published.ratio - 1 for line, _ in mine],
        "width": 0.74,
        "marker": {
            "color": drawing.translucent(palette.NEUTRAL),
            "line": {"color": palette.NEUTRAL, "width": 1.5},
        },
        "customdata": [
            [seconds(line.published.asynchronous), seconds(line.published.sequential)] for line, _ in mine
        ],
        "hovertemplate": "tutorial: %{customdata[0]} async, %{customdata[1]} sequential<extra></extra>",
    }


def _here(rows: _Rows) -> dict[str, Any]:
    look = palette.mode("asyncio")
    return {
        "type": "bar",
        "name": "here",
        "orientation": "h",
        "y": [row for _, _, row in rows],
        "base": [1] * len(rows),
        "x": [line.ratio.ratio - 1 for line, _, _ in rows],
        "width": 0.74,
        "marker": {
            "color": drawing.translucent(look.color, 0.45),
            "line": {"color": look.color, "width": 1.5},
        },
        "error_x": drawing.whiskers(
            [(line.ratio.ratio, line.ratio.low, line.ratio.high) for line, _, _ in rows], look.color
        ),
        "customdata": [[_mean(line.asynchronous), _mean(line.sequential)] for line, _, _ in rows],
        "hovertemplate": "here: %{customdata[0]} async, %{customdata[1]} sequential<extra></extra>",
    }


def _figures(rows: _Rows) -> list[dict[str, Any]]:
    notes = []
    for line, published, own in rows:
        if published is not None:
            ratio = line.published.ratio
            notes.append(_note(f"<b>{words.factor(ratio)}</b> tutorial", ratio, published))
        edge = max(drawing.confined(line.ratio.ratio, line.ratio.high), line.ratio.ratio, 1.0)
        far = drawing.beyond(line.ratio.ratio, line.ratio.high)
        notes.append(_note(f"{far}<b>{words.factor(line.ratio.ratio)}</b> {line.here}", edge, own))
    return notes


def _note(text: str, x: float, row: int) -> dict[str, Any]:
    place = {"x": math.log10(x), "xanchor": "left", "xshift": 8, "y": row, "yanchor": "middle"}
    return {"text": text, "showarrow": False, **place}


def _mean(cell: bench.CellResult) -> str:
    return seconds(sum(cell.seconds) / len(cell.seconds))


def records(found: Sequence[Line]) -> list[dict[str, str]]:
    """The figures as a table."""
    return [
        {
            "Calls": line.name + (f" (+{rtt:g} ms)" if (rtt := line.sequential.key.rtt_ms) else ""),
            "Tutorial, sequential": seconds(line.published.sequential),
            "Here, sequential": _mean(line.sequential),
            "Tutorial, async": seconds(line.published.asynchronous),
            "Here, async": _mean(line.asynchronous),
            "Tutorial, ratio": words.factor(line.published.ratio),
            "Here, ratio": f"{words.factor(line.ratio.ratio)} "
            f":small[:gray[{words.interval(line.ratio.low, line.ratio.high)}]]",
        }
        for line in found
    ]
