"""Where everything in the report's charts lies, in pixels; the template only draws it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.bench import wording
from core.bench.operations import TABLE
from core.bench.plan import CellKey
from core.bench.presets import published
from core.bench.records import CellResult, Ratio
from core.bench.sweeps import Axis, Series

T = TypeVar("T")

WIDTH = 900
_LEFT, _RIGHT = 190, 730
_ROW, _TITLE, _GAP, _TOP, _BOTTOM = 21, 24, 12, 8, 44
_LINE_LEFT, _LINE_RIGHT, _LINE_HEIGHT = 70, 530, 260
_MOST_TICKS = 9
# Whatever is smaller is not drawn to scale.
_LEAST = 1e-9
_AXES: dict[Axis, str] = {
    "count": "calls in a round",
    "concurrency": "calls under way at once",
    "consistency": "consistency level",
    "rtt_ms": "added round trip, ms",
    "load": "offered load",
}
_SHAPES = {"llamaindex": "circle", "langchain": "square", "pymilvus": "triangle"}


@dataclass(frozen=True)
class Tick:
    """A line of the grid and what is written beside it."""

    at: float
    text: str


@dataclass(frozen=True)
class Bar:
    """One row: a bar or a row of dots from `start`, `width` long, with whiskers from `low` to `high`.

    `kind` is its mode, `published` where the tutorial's own figure lies, `same` a difference that is none.
    """

    y: float
    label: str
    kind: str
    start: float
    width: float
    text: str
    hint: str
    low: float | None = None
    high: float | None = None
    dots: tuple[float, ...] = ()
    published: float | None = None
    same: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under one title."""

    y: float
    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class BarChart:
    """Horizontal rows over a logarithmic axis; `one` is where the axis is 1, if that is shown."""

    title: str
    note: str
    unit: str
    height: float
    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]
    rows: int
    one: float | None = None
    has_published: bool = False
    left: int = _LEFT
    right: int = _RIGHT
    width: int = WIDTH


@dataclass(frozen=True)
class Point:
    """A measured point of a line; the whisker reaches from the slowest to the fastest round."""

    x: float
    y: float
    low: float
    high: float
    hint: str


@dataclass(frozen=True)
class Line:
    """One line with its place in the legend, `shape` tells the framework and `kind` the mode."""

    label: str
    kind: str
    shape: str
    path: str
    points: tuple[Point, ...]
    legend_y: float


@dataclass(frozen=True)
class LineChart:
    """Throughput along what was swept; both scales have room for every round."""

    title: str
    unit: str
    axis: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    height: float
    bottom: float
    left: int = _LINE_LEFT
    right: int = _LINE_RIGHT
    width: int = WIDTH


class LogScale:
    """Maps values to pixels by their logarithm; both ends are round numbers."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        good = [value for value in values if value > _LEAST] or [1.0]
        steps = _steps(min(good), max(good))
        self.low, self.high = steps[0], steps[-1]
        self._start, self._end = start, end
        keep = math.ceil(len(steps) / _MOST_TICKS)
        self.values = steps[::keep] if keep > 1 else steps

    def at(self, value: float) -> float:
        """Pixel of a value; what lies outside is put on the edge."""
        value = min(max(value, self.low), self.high)
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self, text: Callable[[float], str]) -> tuple[Tick, ...]:
        """The grid."""
        return tuple(Tick(self.at(value), text(value)) for value in self.values)


def ratio_chart(
    title: str, note: str, pairs: Sequence[tuple[CellKey, Ratio]], *, tutorial: bool = False
) -> BarChart | None:
    """How many times the throughput of something else each cell reached; None without any."""
    if not pairs:
        return None
    told = {key: _published(key) if tutorial else None for key, _ in pairs}
    values = [value for _, item in pairs for value in (item.ratio, item.low, item.high) if value]
    scale = LogScale([1.0, *values, *filter(None, told.values())], _LEFT, _RIGHT)
    one = scale.at(1.0)

    def bar(y: float, pair: tuple[CellKey, Ratio]) -> Bar:
        key, item = pair
        end, mark = scale.at(item.ratio), told[key]
        same = item.low is not None and not item.different
        return Bar(
            y=y,
            label=how(key),
            kind=key.mode,
            start=min(one, end),
            width=abs(end - one),
            text=f"{wording.times(item.ratio)}×{' (no difference)' if same else ''}",
            hint=f"{item.of} over {item.over}: {wording.times(item.ratio)} times {wording.interval(item)}",
            low=None if item.low is None else scale.at(item.low),
            high=None if item.high is None else scale.at(item.high),
            published=None if mark is None else scale.at(mark),
            same=same,
        )

    groups, height = _rows(pairs, lambda pair: _place(pair[0]), bar)
    ticks = scale.ticks(lambda value: f"{value:g}×")
    return BarChart(
        title, note, "times as fast (log scale)", height, ticks, groups, len(pairs), one, any(told.values())
    )


def latency_chart(cells: Sequence[CellResult]) -> BarChart | None:
    """p50, p95 and p99 of each cell where there were calls enough; None where there never were."""
    shown = [cell for cell in cells if cell.latency.p50 is not None]
    if not shown:
        return None
    scale = LogScale([value for cell in shown for value in _percentiles(cell)], _LEFT, _RIGHT)

    def bar(y: float, cell: CellResult) -> Bar:
        values = _percentiles(cell)
        dots = tuple(map(scale.at, values))
        text = wording.milliseconds(values[0] / 1e3)
        names = ("p50", "p95", "p99")
        told = ", ".join(f"{name} {value:.3g} ms" for name, value in zip(names, values, strict=False))
        hint = f"{cell.key.label}: {told} over {cell.latency.n} calls"
        return Bar(y, how(cell.key), cell.key.mode, dots[0], dots[-1] - dots[0], text, hint, dots=dots)

    groups, height = _rows(shown, lambda cell: _place(cell.key), bar)
    note = "Dots: median, 95th and 99th percentile, where calls were enough; the figure is the median."
    ticks = scale.ticks(lambda value: f"{value:g}")
    return BarChart("Latency of a call", note, "ms (log scale)", height, ticks, groups, len(shown))


def sweep_charts(axis: Axis, found: Sequence[Series]) -> list[LineChart]:
    """Throughput along one axis, a chart for each condition."""
    charts: dict[str, list[Series]] = {}
    for item in found:
        charts.setdefault(_condition(axis, item.of), []).append(item)
    return [_line_chart(axis, title, lines) for title, lines in charts.items()]


def _line_chart(axis: Axis, title: str, found: Sequence[Series]) -> LineChart:
    steps = list(dict.fromkeys(value for item in found for value in item.values))
    if all(isinstance(step, int | float) for step in steps):
        steps.sort(key=lambda step: float(str(step)))
    reach = _LINE_RIGHT - _LINE_LEFT
    places = {step: _LINE_LEFT + reach * (index + 0.5) / len(steps) for index, step in enumerate(steps)}
    top, bottom = 12.0, float(_LINE_HEIGHT - _BOTTOM)
    speeds = [each.throughput for item in found for cell in item.cells for each in cell.counted]
    scale = LogScale(speeds, bottom, top)
    lines = tuple(_line(item, places, scale, top + 16 * index) for index, item in enumerate(found))
    return LineChart(
        title=title,
        unit="calls a second (log scale)",
        axis=_AXES[axis],
        x_ticks=tuple(
            Tick(at, step if isinstance(step, str) else f"{step:g}") for step, at in places.items()
        ),
        y_ticks=scale.ticks(lambda value: f"{value:g}"),
        lines=lines,
        height=max(_LINE_HEIGHT, top + 16 * len(lines) + 16),
        bottom=bottom,
    )


def _line(item: Series, places: dict[object, float], scale: LogScale, legend_y: float) -> Line:
    points = tuple(
        _point(round(places[value], 1), cell, scale)
        for value, cell in zip(item.values, item.cells, strict=True)
    )
    path = " ".join(f"{point.x},{point.y}" for point in points)
    key = item.of
    plain = item.axis == "concurrency" or key.mode in {"sequential", "batch"}
    label = f"{wording.work(key)}, {key.mode if plain else how(key)}"
    return Line(label, key.mode, _SHAPES[key.framework], path, points, legend_y)


def _point(x: float, cell: CellResult, scale: LogScale) -> Point:
    speeds = [each.throughput for each in cell.counted]
    middle, slowest, fastest = cell.throughput or speeds[0], min(speeds), max(speeds)
    hint = f"{cell.key.label}: {middle:.3g} calls a second, rounds {slowest:.3g} to {fastest:.3g}"
    return Point(x, scale.at(middle), scale.at(slowest), scale.at(fastest), hint)


def _rows(
    items: Sequence[T], place: Callable[[T], str], bar: Callable[[float, T], Bar]
) -> tuple[tuple[Group, ...], float]:
    """The items as rows under the titles that `place` gives, and the height of it all."""
    titled: dict[str, list[T]] = {}
    for item in items:
        titled.setdefault(place(item), []).append(item)
    groups, y = [], float(_TOP)
    for title, members in titled.items():
        bars = tuple(bar(y + _TITLE + _ROW * index, item) for index, item in enumerate(members))
        groups.append(Group(y, title, bars))
        y += _TITLE + _ROW * len(members) + _GAP
    return tuple(groups), y + _BOTTOM


def _place(key: CellKey) -> str:
    return f"{wording.work(key)}: {wording.condition(key)}"


def how(key: CellKey) -> str:
    """How the calls of a cell were issued."""
    if key.mode == "threads" and key.concurrency == 1:
        return "1 thread"
    return f"open loop, {key.load}" if key.mode == "open" else wording.mode(key)


def _condition(axis: Axis, key: CellKey) -> str:
    """What holds for all lines of a chart: everything but the axis, the framework and the mode."""
    operation = TABLE.get((key.framework, key.operation))
    parts = [operation.family if operation else key.operation]
    parts += [f"{key.count} calls a round"] if axis != "count" else []
    parts += [key.consistency] if axis != "consistency" else []
    parts += [f"{key.rtt_ms:g} ms round trip added"] if axis != "rtt_ms" and key.rtt_ms else []
    return ", ".join(parts)


def _published(key: CellKey) -> float | None:
    """The tutorial's own ratio for an asyncio cell, if there is one."""
    if key.mode != "asyncio" or key.concurrency:
        return None
    found = published(key.framework, key.operation, key.count)
    return found.ratio if found else None


def _percentiles(cell: CellResult) -> list[float]:
    """p50, p95 and p99 in milliseconds, as far as there are."""
    return [value for value in (cell.latency.p50, cell.latency.p95, cell.latency.p99) if value is not None]


def _steps(low: float, high: float) -> list[float]:
    """Round numbers (1, 2 and 5 times powers of ten) from just below `low` to just above `high`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    below = [step for step in steps if step <= low] or steps[:1]
    above = [step for step in steps if step >= high] or steps[-1:]
    found = [step for step in steps if below[-1] <= step <= above[0]]
    return found if len(found) > 1 else [found[0], found[0] * 2]
