"""What all charts of a benchmark have in common: layout, logarithmic axes, colours that let through."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pages.parts.palette import NEUTRAL

CONFIG = {"displayModeBar": False, "responsive": True}

# A plotly figure as plain data: a third of the time of building its objects one by one.
Drawing = dict[str, Any]

# How many times as high (or low) as its value the end of an interval is drawn at most.
_FARTHEST = 12.0


def drawing(traces: list[dict[str, Any]], height: int, **layout: Any) -> Drawing:
    """A figure without title or toolbar; its legend, if it has one, stands above it."""
    return {"data": traces, "layout": _layout(height, **layout)}


def rows(depth: float, row: int) -> dict[str, Any]:
    """The layout of a drawing of so many rows of so many pixels, named within the drawing."""
    return {
        "height": round(row * depth) + 62,
        "showlegend": False,
        "yaxis": {"range": [depth - 0.4, -0.6], "visible": False, "fixedrange": True},
    }


def _layout(height: int, **more: Any) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 4, "r": 8, "t": 34 if more.get("showlegend", True) else 4, "b": 4},
        "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        "dragmode": False,
        "hoverlabel": {"namelength": -1},
        "hovermode": "closest",
        **more,
    }


def log_axis(
    low: float, high: float, show: Callable[[float], str], *, room: float = 0.0, most: int = 6, **more: Any
) -> dict[str, Any]:
    """A logarithmic axis over these values with at most so many ticks.

    `room` is the share of the axis that is left free to the right, for figures beside the bars.
    """
    ticks = _ticks(low, high, most)
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(low) + math.log10(high / low) / (1 - room)],
        "tickvals": ticks,
        "ticktext": [show(tick) for tick in ticks],
        "tickangle": 0,
        "fixedrange": True,
        "minor": {"showgrid": False},
        "automargin": True,
        **more,
    }


def _ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers between the two, as dense as that allows."""
    found: list[float] = []
    for steps, stride in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [step * 10.0**power for power in powers if power % stride == 0 for step in steps]
        found = [value for value in values if low * 0.999 <= value <= high * 1.001]
        if len(found) <= most:
            break
    return found


def spanning(values: Iterable[float], *, least: float = 4.0, margin: float = 1.25) -> tuple[float, float]:
    """Limits of a logarithmic axis that holds the values with some room, and spans at least a factor."""
    positive = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = min(positive) / margin, max(positive) * margin
    if high / low < least:
        stretch = math.sqrt(least * low / high)
        low, high = low / stretch, high * stretch
    return low, high


def confined(value: float, bound: float | None) -> float:
    """An end of an interval, where it is drawn: two rounds can give one of a factor of a million."""
    if bound is None:
        return value
    return min(max(bound, value / _FARTHEST), value * _FARTHEST)


def whiskers(values: Sequence[tuple[float, float | None, float | None]], color: str) -> dict[str, Any]:
    """Error bars for values with their intervals, each drawn as far as `confined` lets it."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [confined(value, high) - value for value, _, high in values],
        "arrayminus": [value - confined(value, low) for value, low, _ in values],
        "color": color,
        "thickness": 2,
        "width": 5,
    }


def beyond(value: float, high: float | None) -> str:
    """A sign for an interval that goes on beyond where it is drawn."""
    return "⋯ " if high is not None and high > value * _FARTHEST else ""


def translucent(color: str, share: float = 0.38) -> str:
    """The colour with so much of it left: what lies behind it, and on it, stays visible."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def reference(x: float, y0: float, y1: float) -> dict[str, Any]:
    """A vertical line to compare with."""
    line = {"color": NEUTRAL, "width": 1.5}
    return {"type": "line", "x0": x, "x1": x, "y0": y0, "y1": y1, "line": line, "layer": "below"}


def heading(text: str, y: float) -> dict[str, Any]:
    """A row's name, above what is drawn in it, so that it takes no width on a phone."""
    return {
        "text": f"<b>{text}</b>",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yanchor": "middle",
        "showarrow": False,
        "align": "left",
    }


def milliseconds(value: float) -> str:
    """A tick in milliseconds: `0.5 ms`, `20 ms`, `1 s`."""
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def per_second(value: float) -> str:
    """A tick of a throughput: `0.5/s`, `200/s`, `5k/s`."""
    return f"{value / 1000:g}k/s" if value >= 1000 else f"{value:g}/s"


def times(value: float) -> str:
    """A tick of a ratio."""
    return f"{value:g}×"
