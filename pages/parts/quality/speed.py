"""Quality against speed: a point a variant, with the front that nothing beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import ENGINE_NAMES, evaluate
from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.lab.drawing import Drawing
from pages.parts.quality import words
from pages.parts.quality.reading import Reading
from pages.parts.units import seconds

_HEIGHT = 420
_LABELLED = 6
_LEVEL = 0.06  # of the chart's height: nearer than that, names would run into each other
_FAR = 8


def said(reading: Reading, points: Sequence[evaluate.Point], metric: str) -> str:
    """What the front says."""
    front = sorted((point for point in points if point.front), key=lambda point: point.latency_ms)
    if not front:
        return ""
    fast, best = _name(reading, front[0]), _name(reading, front[-1])
    title = words.quoted(metric)
    equal = [_name(reading, point) for point in points if point.quality == front[-1].quality]
    if len(points) == 1:
        return f"{fast} is the only variant, with a median of {seconds(front[0].latency_ms / 1000)}"
    if len({point.quality for point in points}) == 1:
        return f"All variants are equal in {title}; {fast} is the fastest"
    if len(front) == 1 and len(equal) > 1:
        return f"{fast} is the fastest, and none scores higher in {title}"
    if len(front) == 1:
        return f"{fast} both scores highest in {title} and is the fastest"
    if len(equal) > 1:
        return f"{fast} is the fastest, {words.listed(equal)} score highest in {title}; no variant does both"
    return f"{fast} is the fastest, {best} scores highest in {title}; no variant does both"


def figure(reading: Reading, points: Sequence[evaluate.Point]) -> Drawing:
    """Latency to the right, quality upwards; a click tells which variant."""
    low, high = _limits(points)
    engines = [name for name in ENGINE_NAMES if any(_engine(reading, point) == name for point in points)]
    times = [point.latency_ms for point in points]
    sides = _sides(points, high - low) if len(points) <= _LABELLED else {}
    traces = [_front(points)]
    for name in engines:
        mine = [point for point in points if _engine(reading, point) == name]
        traces.append(_points(reading, name, mine, sides))
    return drawing.drawing(
        traces,
        _HEIGHT,
        clickmode="event+select",
        xaxis=_times(times),
        yaxis={
            "range": [low, high],
            "title": {"text": "points"},
            "fixedrange": True,
            "automargin": True,
            "zeroline": False,
        },
    )


def _sides(points: Sequence[evaluate.Point], height: float) -> dict[str, str]:
    """Where each variant's name stands: of those on a level the first to the left, the last to the right."""
    times = [point.latency_ms for point in points]
    found = {}
    for point in points:
        level = [item for item in points if abs(item.quality - point.quality) * 100 < _LEVEL * height]
        level.sort(key=lambda item: (item.latency_ms, item.variant))
        share = (point.latency_ms - min(times)) / ((max(times) - min(times)) or 1.0)
        if len(level) == 1:  # the front leads on to the right, and no name may leave the chart
            right = "top right" if point.front else "middle right"
            found[point.variant] = right if share < 0.5 else "middle left"
        elif point in (level[0], level[-1]):
            found[point.variant] = "middle left" if point == level[0] else "middle right"
        else:
            found[point.variant] = "top center"
    return found


def _limits(points: Sequence[evaluate.Point]) -> tuple[float, float]:
    """Of the quality's axis: all intervals with room for names, within what a metric can be."""
    lows = [point.quality if point.low is None else point.low for point in points]
    highs = [point.quality if point.high is None else point.high for point in points]
    low, high = min(lows) * 100, max(highs) * 100
    room = max(2.0, (high - low) * 0.12)
    return max(-4.0, low - room), min(104.0, high + room)


def _times(values: Sequence[float]) -> dict[str, Any]:
    """The axis of latency: even steps, unless the slowest takes many times as long as the fastest."""
    title, most = {"text": "median latency"}, max(values)
    if most > _FAR * min(values):
        return drawing.log_axis(*drawing.spanning(values, margin=1.5), drawing.milliseconds, title=title)
    room = max(most - min(values), most * 0.1) * 0.35
    return {
        "range": [max(0.0, min(values) - room), most + room],
        "ticksuffix": " ms",
        "nticks": 6,
        "title": title,
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
    }


def _front(points: Sequence[evaluate.Point]) -> dict[str, Any]:
    front = sorted((point for point in points if point.front), key=lambda point: point.latency_ms)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "nothing is better and faster",
        "x": [point.latency_ms for point in front],
        "y": [point.quality * 100 for point in front],
        "line": {"shape": "hv", "color": palette.NEUTRAL, "width": 2, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": len(front) > 1,
    }


def _points(
    reading: Reading, engine: str, points: Sequence[evaluate.Point], sides: Mapping[str, str]
) -> dict[str, Any]:
    look = palette.engine(engine)
    return {
        "type": "scatter",
        "mode": "markers+text" if sides else "markers",
        "name": look.label,
        "x": [point.latency_ms for point in points],
        "y": [point.quality * 100 for point in points],
        "error_y": _whiskers(points, look.color),
        "text": [words.setting(reading.variants[point.variant], reading.among) for point in points],
        "textposition": [sides.get(point.variant, "middle right") for point in points],
        "cliponaxis": False,
        "marker": {
            "size": [15 if point.front else 11 for point in points],
            "color": look.color,
            "symbol": look.symbol,
            "opacity": 1,
        },
        "unselected": {"marker": {"opacity": 0.75}},
        "customdata": [
            [
                point.variant,
                _name(reading, point),
                words.interval(point.low, point.high) or "no interval",
                words.price(point.cost),
            ]
            for point in points
        ],
        "hovertemplate": "<b>%{customdata[1]}</b><br>%{y:.1f} points (%{customdata[2]})<br>"
        "median %{x:.1f} ms, cost %{customdata[3]}<extra></extra>",
    }


def _whiskers(points: Sequence[evaluate.Point], color: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [
            ((point.quality if point.high is None else point.high) - point.quality) * 100 for point in points
        ],
        "arrayminus": [
            (point.quality - (point.quality if point.low is None else point.low)) * 100 for point in points
        ],
        "color": drawing.translucent(color, 0.55),
        "thickness": 2,
        "width": 6,
    }


def _name(reading: Reading, point: evaluate.Point) -> str:
    return words.brief(reading.variants[point.variant], reading.among)


def _engine(reading: Reading, point: evaluate.Point) -> str:
    return reading.variants[point.variant].engine
