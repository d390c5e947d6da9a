"""Variants compared pair by pair: the difference, its interval, and whether it can be told from chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import evaluate
from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.lab.drawing import Drawing
from pages.parts.quality import words
from pages.parts.quality.finding import without_need
from pages.parts.quality.reading import Reading
from pages.parts.safe_text import plain
from pages.parts.units import count

ONE, EVERY = "Differ in one thing", "Every pair"
_ROW = 46
_MOST = 24


def draw(reading: Reading, metric: str) -> None:
    """The comparisons in a metric as a picture and as a table."""
    if len(reading.among) < 2:
        return
    st.subheader("Is the difference real?", anchor=False)
    every = False
    if len(reading.among) > 2:
        chosen = st.segmented_control(
            "Pairs",
            [ONE, EVERY],
            default=ONE,
            required=True,
            label_visibility="collapsed",
            help="Every pair asks more of the same questions, so each must clear a higher bar.",
            key=f"pairs-{reading.result.run_id}",
        )
        every = chosen == EVERY
    found = reading.differences(metric, every=every)
    if not found:
        st.caption("No two variants differ in one thing alone: choose “Every pair”.")
        return
    with st.container(border=True, gap="xsmall"):
        told = said(found, metric)
        st.markdown(f"**{plain(told)}**")
        st.plotly_chart(
            figure(reading, found[:_MOST]),
            config=drawing.CONFIG,
            key=f"differences-{reading.result.run_id}-{metric}-{every}",
            alt=told,
        )
        if len(found) > _MOST:
            st.caption(f"The first {_MOST} of {len(found)}; all are in the table.")
        st.caption(
            "Bars are the 95% interval of each pair alone. A mark is filled where the difference can be told "
            "from chance also among all pairs."
        )
        with st.expander("Wins, tests and p-values", icon=":material/table:"):
            st.table(records(reading, found), border="horizontal", hide_index=True, alt=told)
            st.caption(
                "Paired by question. Intervals are bootstrapped; p-values are corrected after Holm for the "
                "number of pairs, and below 0.05 a difference is called one. “Needed” is how many questions "
                "would show 5 points in 4 of 5 evaluations."
            )


def said(found: Sequence[evaluate.Difference], metric: str) -> str:
    """How many of the differences can be told from chance."""
    clear = sum(item.different for item in found)
    title = words.metric(metric)
    if not clear:
        return f"{title}: no measurable difference in {count(len(found), 'comparison')}"
    return f"{title}: {clear} of {count(len(found), 'comparison')} show more than chance explains"


def figure(reading: Reading, found: Sequence[evaluate.Difference]) -> Drawing:
    """A row a pair: the difference in points with its interval, filled where it is one."""
    names = [_name(reading, item) for item in found]
    reach = max(
        [abs(value) for item in found for value in (item.low, item.high, item.difference) if value] + [0.02]
    )
    return drawing.drawing(
        [_points(reading, found)],
        60 + _ROW * len(found),
        showlegend=False,
        annotations=[drawing.heading(name, place - 0.36) for place, name in enumerate(names)],
        shapes=[drawing.reference(0, -0.6, len(found) - 0.4)],
        xaxis={
            "range": [-reach * 110, reach * 110],
            "ticksuffix": "",
            "title": {"text": "points by which the first is better"},
            "fixedrange": True,
            "zeroline": False,
        },
        yaxis={"range": [len(found) - 0.4, -0.75], "visible": False, "fixedrange": True},
    )


def _points(reading: Reading, found: Sequence[evaluate.Difference]) -> dict[str, Any]:
    looks = [palette.engine(reading.variants[_better(item)].engine) for item in found]
    colors = [look.color for look in looks]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [item.difference * 100 for item in found],
        "y": list(range(len(found))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                ((item.high if item.high is not None else item.difference) - item.difference) * 100
                for item in found
            ],
            "arrayminus": [
                (item.difference - (item.low if item.low is not None else item.difference)) * 100
                for item in found
            ],
            "color": palette.NEUTRAL,
            "thickness": 2,
            "width": 5,
        },
        "marker": {
            "size": 12,
            "symbol": [
                look.symbol if item.different else f"{look.symbol}-open"
                for look, item in zip(looks, found, strict=True)
            ],
            "color": colors,
            "line": {"width": 2, "color": colors},
        },
        "customdata": [[without_need(item.sentence), item.wins, item.ties, item.losses] for item in found],
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]} won, %{customdata[2]} equal, "
        "%{customdata[3]} lost<extra></extra>",
    }


def _better(item: evaluate.Difference) -> str:
    return item.first if item.difference >= 0 else item.second


def _name(reading: Reading, item: evaluate.Difference) -> str:
    return words.pair(reading.variants[item.first], reading.variants[item.second], reading.among)


def records(reading: Reading, found: Sequence[evaluate.Difference]) -> list[dict[str, str]]:
    """A row a pair."""
    return [
        {
            "First": words.tag(reading.variants[item.first], reading.among),
            "Second": words.tag(reading.variants[item.second], reading.among),
            "Difference": f"**{words.signed(item.difference)}**  \n:small[:gray[{_interval(item)}]]",
            "Won / equal / lost": f"{item.wins:,} / {item.ties:,} / {item.losses:,}",
            "Test": item.test,
            "p, corrected": f"{_p(item.p_adjusted)}  \n:small[:gray[alone\u00a0{_p(item.p)}]]",
            "Difference?": _verdict(item),
            "Needed": f"{item.needed:,}" if item.needed else "–",
        }
        for item in found
    ]


def _interval(item: evaluate.Difference) -> str:
    if item.low is None or item.high is None:
        return "too few questions"
    return f"{words.signed(item.low)}\u00a0to\u00a0{words.signed(item.high)}"


def _p(value: float) -> str:
    return "<\u00a00.001" if value < 0.001 else f"{value:.3f}"


def _verdict(item: evaluate.Difference) -> str:
    if not item.different:
        return ":gray-badge[≈ none measurable]"
    return (
        ":green-badge[:material/trending_up: better]"
        if item.difference > 0
        else ":orange-badge[:material/trending_down: worse]"
    )
