"""Question by question: two variants side by side, narrowed down to where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pages.parts import palette
from pages.parts.lab import drawing
from pages.parts.quality import detail, heat, speed, words
from pages.parts.quality.reading import Reading, Standing
from pages.parts.safe_text import plain
from pages.parts.units import count

Rule = Callable[[bool, bool], bool]

ALL, DIFFER, NEITHER, ONLY_A, ONLY_B = "All", "They disagree", "Both wrong", "Only A right", "Only B right"
FILTERS: dict[str, Rule] = {
    ALL: lambda a, b: True,
    DIFFER: lambda a, b: a != b,
    NEITHER: lambda a, b: not a and not b,
    ONLY_A: lambda a, b: a and not b,
    ONLY_B: lambda a, b: b and not a,
}
_MARKS: dict[Standing, str] = {
    "right": "✓ right",
    "wrong": "✗ wrong",
    "failed": "⚠ failed",
    "unmeasured": "–",
}


@dataclass(frozen=True)
class Look:
    """What is looked at: two variants, and the metric that says which is right."""

    a: str
    b: str
    metric: str


def choose_metric(reading: Reading) -> str:
    """Let the reader choose what the charts and filters below are about."""
    offered = [*reading.headlines, *(name for name in reading.metrics if name not in reading.headlines)]
    chosen: str = st.selectbox(
        "Metric",
        offered,
        format_func=words.metric,
        key=_key(reading, "metric"),
        help="What the charts and filters from here on are about.",
        width=330,
    )
    return chosen


def draw_speed(reading: Reading, metric: str, points: Sequence[Any]) -> None:
    """Quality against speed; a click on a point leads to its questions."""
    st.subheader("Quality against speed", anchor=False)
    with st.container(border=True, gap="xsmall"):
        told = speed.said(reading, points, metric)
        st.markdown(f"**{plain(told)}**")
        key = _key(reading, f"speed-{metric}")
        st.plotly_chart(
            speed.figure(reading, points),
            config=drawing.CONFIG,
            key=key,
            alt=told,
            on_select=partial(_picked_variant, reading, key),
            selection_mode="points",
        )
        st.caption(
            ":material/ads_click: Click a point to see its questions below. Bars are 95% intervals; the "
            "dotted line is the front: no variant beats those on it in both."
        )


def draw(reading: Reading, metric: str) -> None:
    """The heat map, the two variants, the filter, the list, and the question that is looked at.

    Without a metric (nothing was measured) only what was answered, and what failed.
    """
    st.subheader("Question by question", anchor=False)
    if metric:
        _heat(reading, metric)
    look = _choose(reading, metric)
    counts = {name: len(chosen(reading, look, name)) for name in FILTERS}
    wanted = ALL
    if look.a != look.b:
        st.session_state.setdefault(_key(reading, "filter"), ALL)  # a click on a chart sets it as well
        picked = st.segmented_control(
            "Filter",
            list(FILTERS),
            required=True,
            label_visibility="collapsed",
            key=_key(reading, "filter"),
        )
        wanted = picked or ALL
        st.caption(" · ".join(f"{name}: {number:,}" for name, number in counts.items()))
    ids = chosen(reading, look, wanted)
    if not ids:
        st.info(nothing(wanted), icon=":material/filter_alt_off:")
        return
    _list(reading, look, ids, wanted)
    _detail(reading, look, ids)


def nothing(wanted: str) -> str:
    """Why a filter leaves nothing, as good news or bad."""
    told = {
        DIFFER: "They agree on every question.",
        NEITHER: "There is no question that both get wrong.",
        ONLY_A: "There is no question that only A gets right.",
        ONLY_B: "There is no question that only B gets right.",
    }
    return (
        f"{told.get(wanted, 'No question was asked under both.')} Choose another filter, or other variants."
    )


def chosen(reading: Reading, look: Look, wanted: str) -> list[str]:
    """Ids of the questions that a filter leaves, in their order; what is not measured is only in “All”."""
    found = []
    for question in reading.result.questions:
        pair = [reading.standing(question.id, key, look.metric) for key in (look.a, look.b)]
        if wanted == ALL:
            asked = any((question.id, key) in reading.outcomes for key in (look.a, look.b))
            found += [question.id] * asked
        elif "unmeasured" not in pair and FILTERS[wanted](pair[0] == "right", pair[1] == "right"):
            found.append(question.id)
    return found


def usual(reading: Reading) -> tuple[str, str]:
    """The two to begin with: the leader, and the same setting in the other framework."""
    leader = reading.lines[0].variant
    others = [line.variant for line in reading.lines[1:]]
    setting = words.setting(reading.variants[leader], reading.among)
    same = [key for key in others if words.setting(reading.variants[key], reading.among) == setting]
    return leader, next(iter(same or others), leader)


def _heat(reading: Reading, metric: str) -> None:
    with st.container(border=True, gap="xsmall"):
        told = heat.said(reading, metric)
        st.markdown(f"**{plain(told)}**")
        key = _key(reading, f"heat-{metric}")
        st.plotly_chart(
            heat.figure(reading, metric),
            config=drawing.CONFIG,
            key=key,
            alt=told,
            on_select=partial(_picked_cell, reading, key),
            selection_mode="points",
        )
        st.caption(
            f'A column a question, the easiest at the left; :color[■]{{foreground="{palette.RIGHT}"}} right, '
            f':color[■]{{foreground="{palette.WRONG}"}} wrong, × failed, empty: not measured. '
            ":material/ads_click: Click a cell to read it below."
        )


def _choose(reading: Reading, metric: str) -> Look:
    keys, usually = list(reading.variants), usual(reading)
    picked = []
    with st.grid(2, min_column_width=300):
        for place, name in enumerate("AB"):
            key = _key(reading, name)
            st.session_state.setdefault(key, usually[place])
            picked.append(
                st.selectbox(
                    f"Variant {name}",
                    keys,
                    format_func=lambda key: words.brief(reading.variants[key], reading.among),
                    key=key,
                )
            )
    return Look(picked[0], picked[1], metric)


def _list(reading: Reading, look: Look, ids: Sequence[str], wanted: str) -> None:
    # Other rows are another list: the mark of a chosen row must not go over to a row of theirs.
    key = _key(reading, f"list-{wanted}-{look.a}-{look.b}-{look.metric}")
    st.dataframe(
        [_row(reading, look, question) for question in ids],
        hide_index=True,
        key=key,
        height=38 + 35 * min(len(ids), 6),
        on_select=partial(_picked_row, reading, key, list(ids)),
        selection_mode="single-row",
        column_config={
            "Question": st.column_config.TextColumn(width="large"),
            "A": st.column_config.TextColumn(width="small"),
            "B": st.column_config.TextColumn(width="small"),
        },
        alt="The questions that the filter leaves",
    )


def _row(reading: Reading, look: Look, question: str) -> dict[str, str]:
    standings = (reading.standing(question, key, look.metric) for key in (look.a, look.b))
    row = {name: _MARKS[standing] for name, standing in zip("AB", standings, strict=True)}
    return row | {"Question": reading.questions[question].question}


def _detail(reading: Reading, look: Look, ids: Sequence[str]) -> None:
    key = _key(reading, "question")
    question = st.session_state.get(key)
    place = ids.index(question) if question in ids else 0
    with st.container(border=True, key="question"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{place + 1:,} of {count(len(ids), 'question')}", width="stretch")
            for label, icon, step in (("Previous", "arrow_back", -1), ("Next", "arrow_forward", 1)):
                inside = 0 <= place + step < len(ids)
                st.button(
                    label,
                    icon=f":material/{icon}:",
                    type="tertiary",
                    disabled=not inside,
                    key=_key(reading, label),
                    on_click=_look_at,
                    args=(reading, ids[place + step] if inside else ids[place]),
                )
        detail.draw(reading, look.a, look.b, ids[place], look.metric)


# What a click on a chart or a list asks for. Callbacks: they come before the page is drawn.


def _look_at(reading: Reading, question: str) -> None:
    st.session_state[_key(reading, "question")] = question


def _picked_row(reading: Reading, key: str, ids: Sequence[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(ids):
        _look_at(reading, ids[rows[0]])


def _picked_variant(reading: Reading, key: str) -> None:
    for point in st.session_state[key].selection.points:
        _show(reading, clicked(point)[0], "")


def _picked_cell(reading: Reading, key: str) -> None:
    for point in st.session_state[key].selection.points:
        question, variant, *_ = clicked(point)
        _show(reading, variant, question)


def clicked(point: Any) -> list[str]:
    """What a chart's point stands for; Streamlit gives lists as objects with the places as keys."""
    found = point.get("customdata") or []
    values = found.values() if hasattr(found, "values") else found
    return [str(value) for value in values]


def _show(reading: Reading, variant: str, question: str) -> None:
    """Put a variant in A, with its counterpart in B, and every question in the list."""
    if variant not in reading.variants:
        return
    a, b = (st.session_state.get(_key(reading, name)) for name in "AB")
    if variant != b or not question:
        st.session_state[_key(reading, "A")] = variant
        if b == variant:
            st.session_state[_key(reading, "B")] = a
    st.session_state[_key(reading, "filter")] = ALL
    _look_at(reading, question)


def _key(reading: Reading, what: str) -> str:
    return f"ev-{what}-{reading.result.run_id}"
