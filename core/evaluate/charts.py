"""Where everything in the charts of an evaluation's report lies, in pixels; the template only draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.evaluate.compare import Point
from core.evaluate.metrics import metric_title
from core.evaluate.records import EvaluationResult
from core.evaluate.summary import VariantSummary, points, summarize
from core.history.charts import WIDTH, Bar, BarChart, Group, LogScale, Tick

_SHAPES = {"llamaindex": "circle", "langchain": "square"}
_LEFT, _RIGHT, _ROW, _TITLE, _GAP, _TOP, _BOTTOM = 300, 760, 21, 24, 12, 8, 44
_PLOT_LEFT, _PLOT_RIGHT, _PLOT_TOP, _PLOT_BOTTOM, _LEGEND_ROW = 70, 560, 14.0, 270.0, 19
# Where the number of a point may stand, the first place that is free: right, left, above, below.
_PLACES = ((13.0, 4.0), (-13.0, 4.0), (0.0, -11.0), (0.0, 19.0), (24.0, 4.0), (-24.0, 4.0))


@dataclass(frozen=True)
class Spot:
    """A variant in the plot; its number in the leaderboard stands at `text_x`, `text_y`."""

    number: int
    label: str
    kind: str
    shape: str
    x: float
    y: float
    low: float | None
    high: float | None
    text_x: float
    text_y: float
    legend_y: float
    hint: str
    front: bool


@dataclass(frozen=True)
class Plot:
    """Quality against median latency; `path` joins the variants of the Pareto front."""

    title: str
    unit: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    spots: tuple[Spot, ...]
    path: str
    height: float
    left: int = _PLOT_LEFT
    right: int = _PLOT_RIGHT
    bottom: float = _PLOT_BOTTOM
    width: int = WIDTH


class _Shares:
    """Maps shares to pixels over round tens of a hundred that hold all of them."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low = max(0, int(min(values) * 10 - 0.01)) / 10
        self._high = min(10, int(max(values) * 10 + 0.99)) / 10
        if self._high - self._low < 0.2:
            self._low, self._high = max(0.0, self._low - 0.1), min(1.0, self._high + 0.1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> tuple[Tick, ...]:
        tens = range(round(self._low * 10), round(self._high * 10) + 1)
        return tuple(Tick(self.at(ten / 10), f"{ten * 10}%") for ten in tens)


def leaderboard_chart(result: EvaluationResult, metrics: Sequence[str]) -> BarChart | None:
    """A dot with its interval for each variant in each of these metrics; None where nothing was measured."""
    lines = summarize(result)
    engines = {variant.key: variant.engine for variant in result.plan.variants}
    scale = _Shares((0.0, 1.0), _LEFT, _RIGHT)
    groups, y = [], float(_TOP)
    for metric in metrics:
        there = [line for line in lines if metric in line.metrics]
        bars = [
            _bar(y + _TITLE + _ROW * place, line, metric, engines[line.variant], scale)
            for place, line in enumerate(there)
        ]
        if bars:
            groups.append(Group(y, metric_title(metric), tuple(bars)))
            y += _TITLE + _ROW * len(bars) + _GAP
    if not groups:
        return None
    note = "Dots: mean over the questions; whiskers: 95% interval. Intervals of single variants overlap more "
    note += "than those of paired differences, which the comparisons below tell."
    rows = sum(len(group.bars) for group in groups)
    return BarChart(
        "Quality", note, "mean over the questions", y + _BOTTOM, scale.ticks(), tuple(groups), rows,
        left=_LEFT, right=_RIGHT,
    )  # fmt: skip


def quality_plot(result: EvaluationResult, metric: str) -> Plot | None:
    """Quality against median latency, a point a variant; None where no variant has both."""
    found = points(result, metric)
    if not found:
        return None
    numbers = {line.variant: place for place, line in enumerate(summarize(result), 1)}
    variants = {variant.key: variant for variant in result.plan.variants}
    times = LogScale([point.latency_ms for point in found], _PLOT_LEFT, _PLOT_RIGHT)
    bounds = [value for p in found for value in (p.quality, p.low, p.high) if value is not None]
    shares = _Shares(bounds, _PLOT_BOTTOM, _PLOT_TOP)
    taken: list[tuple[float, float]] = []
    spots = []
    for place, point in enumerate(sorted(found, key=lambda item: numbers[item.variant])):
        variant = variants[point.variant]
        x, y = times.at(point.latency_ms), shares.at(point.quality)
        text_x, text_y = _free(x, y, taken)
        spots.append(
            Spot(
                number=numbers[point.variant],
                label=variant.label,
                kind=variant.engine,
                shape=_SHAPES[variant.engine],
                x=x,
                y=y,
                low=None if point.low is None else shares.at(point.low),
                high=None if point.high is None else shares.at(point.high),
                text_x=text_x,
                text_y=text_y,
                legend_y=_PLOT_TOP + _LEGEND_ROW * place,
                hint=_hint(variant.label, point),
                front=point.front,
            )
        )
    return Plot(
        title=metric_title(metric),
        unit="median latency, ms (log scale)",
        x_ticks=times.ticks(lambda value: f"{value:g}"),
        y_ticks=shares.ticks(),
        spots=tuple(spots),
        path=_front(spots),
        height=max(_PLOT_BOTTOM + _BOTTOM, _PLOT_TOP + _LEGEND_ROW * (len(spots) + 1)),
    )


def _bar(y: float, line: VariantSummary, metric: str, engine: str, scale: _Shares) -> Bar:
    found = line.metrics[metric]
    x = scale.at(found.mean)
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" [{found.low * 100:.1f} to {found.high * 100:.1f}]"
    return Bar(
        y=y,
        label=line.label,
        kind=engine,
        start=x,
        width=0,
        text=f"{found.mean * 100:.1f}",
        hint=f"{line.label}: {found.mean * 100:.1f}{interval}, {found.n} questions",
        low=None if found.low is None else scale.at(found.low),
        high=None if found.high is None else scale.at(found.high),
        dots=(x,),
    )


def _free(x: float, y: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """A place for a number beside a point that no other number has."""
    offers = [(x + right, y + down) for right, down in _PLACES]
    free = [place for place in offers if all(abs(place[0] - a) + abs(place[1] - b) > 12 for a, b in taken)]
    chosen = (free or offers)[0]
    taken.append(chosen)
    return round(chosen[0], 1), round(chosen[1], 1)


def _front(spots: Sequence[Spot]) -> str:
    return " ".join(f"{spot.x},{spot.y}" for spot in sorted(spots, key=lambda spot: spot.x) if spot.front)


def _hint(label: str, point: Point) -> str:
    cost = "" if point.cost is None else f", cost {point.cost:.4g}"
    return f"{label}: {point.quality * 100:.1f}%, {point.latency_ms:.1f} ms{cost}"
