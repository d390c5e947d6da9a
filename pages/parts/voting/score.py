"""The score of a vote as one bar: how the decided votes split, with the Wilson interval of the share."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import EngineName, vote
from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.lab.drawing import Drawing
from pages.parts.safe_text import plain
from pages.parts.units import count

_HEIGHT = 118


def draw(found: vote.Tally, key: str, *, size: int = 13) -> None:
    """The verdict as the title, then the bar; the title alone while no vote is decided."""
    st.markdown(f"**{plain(found.sentence)}**")
    if found.decided:
        st.plotly_chart(figure(found, size), config=drawing.CONFIG, key=f"score-{key}", alt=found.sentence)
        st.caption(
            "Share of the decided votes; the whisker is its 95% Wilson interval, the dashed line an even "
            f"split.{f' Counted apart: {found.apart}.' if found.apart else ''}"
        )


def figure(found: vote.Tally, size: int = 13, *, ahead: EngineName | None = None) -> Drawing:
    """The bar as plotly draws it; from the left stands `ahead`, else the engine with more votes."""
    ahead, behind = found.order if ahead in (None, found.order[0]) else found.order[::-1]
    share = found.share(ahead)
    low, middle, high = share.low * 100, share.rate * 100, share.high * 100
    parts = ((ahead, middle), (behind, 100 - middle))
    traces = [_part(name, width, found.count(name)) for name, width in parts]
    # Twice: a wide pale line under a thin dark one is seen on either colour, in either theme.
    traces += [
        _whisker(low, high, color, width) for color, width in (("#FFFFFF", 7), (palette.DARK_PAGE, 2.5))
    ]
    layout = {
        "barmode": "stack",
        "bargap": 0,
        "xaxis": {
            "range": [-1, 101],
            "tickfont": {"size": size},
            "tickvals": [0, 25, 50, 75, 100],
            "ticktext": ["0%", "25%", "50%", "75%", "100%"],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {"visible": False, "fixedrange": True, "range": [-0.6, 0.6]},
        "shapes": [_half(palette.NEUTRAL, 0.6), _half("#FFFFFF", 0.45)],
        "margin": {"l": 14, "r": 22, "t": 34, "b": 4},
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "traceorder": "normal",
            "font": {"size": size + 1},
        },
    }
    return drawing.drawing(traces, _HEIGHT + 4 * (size - 13), **layout)


def _part(name: str, width: float, votes: int) -> dict[str, Any]:
    look = palette.engine(name)
    return {
        "type": "bar",
        "orientation": "h",
        "name": f"{look.label} {votes:,}",
        "x": [width],
        "y": [0],
        "width": [0.9],
        "marker": {"color": look.color},
        "hovertemplate": f"{look.label}: {count(votes, 'vote')}, %{{x:.0f}}%<extra></extra>",
    }


def _whisker(low: float, high: float, color: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [low, high],
        "y": [0, 0],
        "line": {"color": color, "width": width},
        "marker": {"symbol": "line-ns", "size": 9 + width, "line": {"color": color, "width": width}},
        "showlegend": False,
        "hovertemplate": f"95% interval: {low:.0f}% to {high:.0f}%<extra></extra>",
    }


def _half(color: str, reach: float) -> dict[str, Any]:
    """Where an even split is; in white on the bar itself."""
    line = {"color": color, "width": 1.5, "dash": "4px,3px"}
    return {"type": "line", "x0": 50, "x1": 50, "y0": -reach, "y1": reach, "line": line, "layer": "above"}
