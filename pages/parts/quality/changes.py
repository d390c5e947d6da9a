"""What changed between two evaluations of the same questions, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import evaluate
from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.lab.drawing import Drawing
from pages.parts.safe_text import plain
from pages.parts.units import count

_ROW = 46
_MOST_CHARTS = 4
_MARKS = {
    "regression": ":red-badge[:material/trending_down: worse]",
    "improvement": ":green-badge[:material/trending_up: better]",
    "same": ":gray-badge[≈ no measurable difference]",
    "unknown": ":gray-badge[too few questions]",
}


def draw(now: evaluate.EvaluationResult, found: evaluate.EvaluationComparison) -> None:
    """The differences with their intervals, then every figure."""
    engines = {variant.key: variant.engine for variant in now.plan.variants}
    st.markdown("**Points by which this evaluation is better than the earlier one**")
    with st.grid(2, min_column_width=420):
        for metric in charted(found):
            items = [item for item in found.changes if item.metric == metric]
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{plain(evaluate.metric_title(metric))}**")
                key = f"change-{found.before}-{found.now}-{metric}"
                drawn = figure(items, [engines[item.variant] for item in items])
                st.plotly_chart(drawn, config=drawing.CONFIG, key=key, alt=found.summary)
    questions = max((item.difference.n for item in found.changes), default=0)
    st.caption(
        f"Paired over {count(questions, 'question')}, 95% intervals. Filled: more than chance explains, at "
        f"5% over all {len(found.changes)} comparisons after Holm."
    )
    with st.expander(f"All {len(found.changes)} figures", icon=":material/table:"):
        st.table([_record(item) for item in found.changes], border="horizontal", hide_index=True)
    with st.expander("Latency and failures", icon=":material/timer:"):
        st.table([_speed(item) for item in found.speeds], border="horizontal", hide_index=True)
        st.caption("Medians are not tested: another machine or another hour changes them, too.")


def charted(found: evaluate.EvaluationComparison) -> list[str]:
    """The metrics to draw: the first, and those in which something changed."""
    told = [item.metric for item in found.changes if item.change in {"regression", "improvement"}]
    first = [item.metric for item in found.changes[:1]]
    return list(dict.fromkeys([*first, *told]))[:_MOST_CHARTS]


def figure(items: Sequence[evaluate.VariantChange], engines: Sequence[str]) -> Drawing:
    """A row a variant: the difference in points with its interval, filled where it is one."""
    values = [value for item in items for value in _bounds(item)]
    reach = max([abs(value) for value in values] + [2.0]) * 1.1
    return drawing.drawing(
        [_trace(items, engines)],
        60 + _ROW * len(items),
        showlegend=False,
        annotations=[drawing.heading(item.label, place - 0.36) for place, item in enumerate(items)],
        shapes=[drawing.reference(0, -0.6, len(items) - 0.4)],
        xaxis={"range": [-reach, reach], "title": {"text": "points"}, "fixedrange": True, "zeroline": False},
        yaxis={"range": [len(items) - 0.4, -0.75], "visible": False, "fixedrange": True},
    )


def _bounds(item: evaluate.VariantChange) -> tuple[float, float, float]:
    """Lower bound, difference and upper bound in points."""
    found = item.difference
    low = found.difference if found.low is None else found.low
    high = found.difference if found.high is None else found.high
    return low * 100, found.difference * 100, high * 100


def _trace(items: Sequence[evaluate.VariantChange], engines: Sequence[str]) -> dict[str, Any]:
    looks = [palette.engine(name) for name in engines]
    bounds = [_bounds(item) for item in items]
    colors = [look.color for look in looks]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [middle for _, middle, _ in bounds],
        "y": list(range(len(items))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - middle for _, middle, high in bounds],
            "arrayminus": [middle - low for low, middle, _ in bounds],
            "color": palette.NEUTRAL,
            "thickness": 2,
            "width": 5,
        },
        "marker": {
            "size": 12,
            "symbol": [
                look.symbol if item.change in {"regression", "improvement"} else f"{look.symbol}-open"
                for look, item in zip(looks, items, strict=True)
            ],
            "color": colors,
            "line": {"width": 2, "color": colors},
        },
        "customdata": [[item.label, item.text] for item in items],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    }


def _record(item: evaluate.VariantChange) -> dict[str, str]:
    found, (low, middle, high) = item.difference, _bounds(item)
    interval = f" :small[:gray[{_points(low)} to {_points(high)}]]" if found.low is not None else ""
    return {
        "Metric": plain(evaluate.metric_title(item.metric)),
        "Variant": plain(item.label),
        "Before": f"{found.mean_second * 100:.1f}",
        "Now": f"{found.mean_first * 100:.1f}",
        "Points": f"{_points(middle)}{interval}",
        "Change": _MARKS[item.change],
    }


def _speed(item: evaluate.Speed) -> dict[str, str]:
    def told(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f} ms"

    return {
        "Variant": plain(item.label),
        "Median before": told(item.latency_before),
        "Median now": told(item.latency_now),
        "Failed before": str(item.failed_before),
        "Failed now": str(item.failed_now),
    }


def _points(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")
