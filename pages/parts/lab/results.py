"""A run's results: the verdict first, then the pictures, then everything behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import bench
from pages.parts.lab import (
    drawing,
    facts,
    heroes,
    latency,
    scope,
    sentences,
    speedup,
    sweeps,
    table,
    tutorial,
    words,
)
from pages.parts.lab.scope import Scope
from pages.parts.lab.speedup import Bar

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


_CARD = 420
_NARROW = 300


def draw(result: bench.RunResult) -> None:
    """Draw everything; `result.run_id` keeps the widgets of different runs apart."""
    heroes.draw(result)
    sentences.draw(result, otherwise=_found_by_sweep(result))
    _tutorial(result)
    chosen = scope.choose(result)
    if chosen is not None:
        if "concurrency" in sweeps.axes(chosen):
            _sweeps(result, chosen)
            _speedups(result, chosen)
        else:
            _speedups(result, chosen)
            _sweeps(result, chosen)
        _latency(result, chosen)
    facts.draw_native(result)
    st.subheader("Every cell", anchor=False)
    table.draw(result)
    facts.draw_oddities(result)
    facts.draw_parity(result)


def _found_by_sweep(result: bench.RunResult) -> str:
    """What a run found that has no verdict; empty when that is nothing."""
    for family in scope.families(result.cells):
        chosen = scope.of(result, family)
        for axis in sweeps.axes(chosen):
            return sweeps.finding(axis, sweeps.lines(chosen, axis))
    return ""


def _wall(panels: int) -> DeltaGenerator:
    """A grid for so many panels; one alone takes half the width."""
    return st.grid(min(3, max(2, panels)), min_column_width=_NARROW)


def _tutorial(result: bench.RunResult) -> None:
    found = tutorial.lines(result)
    if not found:
        return
    st.subheader("Beside the tutorial", anchor=False)
    with st.container(border=True):
        title = tutorial.finding(found)
        st.markdown(f"**{title}**")
        st.plotly_chart(
            tutorial.figure(found), config=drawing.CONFIG, key=f"tutorial-{result.run_id}", alt=title
        )
        with st.expander("The figures in seconds"):
            st.table(tutorial.records(found), border="horizontal", hide_index=True, alt=title)


def _speedups(result: bench.RunResult, chosen: Scope) -> None:
    found = speedup.bars(result, chosen)
    if not found:
        return
    st.subheader("How many times as fast", anchor=False)
    if len(chosen.conditions) == 1:
        with st.grid(2, min_column_width=_CARD):
            for kind, items in found.items():
                _speedup(result, kind, items, speedup.limits(items), "")
    else:
        kind = _kind(result, chosen, list(found))
        st.markdown(f"**{speedup.finding(kind, found[kind])}**")
        span, panels = speedup.limits(found[kind]), speedup.panels(found[kind])
        with st.grid(2, min_column_width=_CARD):
            for condition in chosen.conditions:
                if condition in panels:
                    name = words.brief(condition, chosen.conditions)
                    _speedup(result, kind, panels[condition], span, name)
    st.caption("Bars show the ratio of throughputs with its 95% interval; a hollow bar's interval holds 1×.")


def _kind(result: bench.RunResult, chosen: Scope, offered: list[str]) -> str:
    if len(offered) == 1:
        return offered[0]
    kind: str = st.pills(
        "Compare",
        offered,
        format_func=lambda name: speedup.KINDS[name][0],
        default=offered[0],
        required=True,
        label_visibility="collapsed",
        key=f"kind-{result.run_id}-{chosen.family}",
    )
    return kind


def _speedup(
    result: bench.RunResult, kind: str, items: list[Bar], span: tuple[float, float], title: str
) -> None:
    said = speedup.finding(kind, items)
    with st.container(border=True, gap="xsmall"):
        if not title:
            st.caption(f"{speedup.KINDS[kind][0]}")
        st.markdown(f"**{title or said}**")
        key = f"speedup-{result.run_id}-{kind}-{title}"
        st.plotly_chart(speedup.figure(items, span), config=drawing.CONFIG, key=key, alt=said)


def _sweeps(result: bench.RunResult, chosen: Scope) -> None:
    offered = sweeps.axes(chosen)
    if not offered:
        return
    st.subheader("Throughput", anchor=False)
    axis = offered[0]
    if len(offered) > 1:
        axis = st.pills(
            "Against",
            offered,
            format_func=lambda name: f"Against {sweeps.AXES[name][0].lower()}",
            default=axis,
            required=True,
            label_visibility="collapsed",
            key=f"axis-{result.run_id}-{chosen.family}",
        )
    found = sweeps.lines(chosen, axis)
    if not found:
        st.caption("Under this condition there is nothing to compare along this axis: choose another one.")
        return
    if result.verdict:  # without one, this sentence stands large at the top
        st.markdown(f"**{sweeps.finding(axis, found)}**")
    span = sweeps.limits(found)
    with _wall(len(found)):
        for name, group in found.items():
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{name}**")
                key = f"sweep-{result.run_id}-{axis}-{name}"
                alt = f"Throughput of {name} against {sweeps.AXES[axis][0].lower()}"
                st.plotly_chart(sweeps.figure(axis, group, span), config=drawing.CONFIG, key=key, alt=alt)
    if axis == "concurrency":
        with st.expander("The scalability law", icon=":material/ssid_chart:"):
            st.markdown("\n".join(f"- {text}" for text in sweeps.laws(found)))


def _latency(result: bench.RunResult, chosen: Scope) -> None:
    rows = latency.rows(chosen.close)
    if not rows:
        return
    st.subheader("How long single calls take", anchor=False)
    view = st.segmented_control(
        "View",
        [latency.BOXES, latency.CURVES],
        default=latency.BOXES,
        required=True,
        label_visibility="collapsed",
        key=f"latency-{result.run_id}",
    )
    st.markdown(f"**{latency.finding(rows)}{chosen.suffix}**")
    span, groups = latency.limits(rows), latency.by_work(rows)
    with _wall(len(groups)):
        for name, group in groups.items():
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{name}**")
                if view == latency.BOXES:
                    drawn = latency.boxes(group, span)
                else:
                    cells = [cell for cell in chosen.close if words.work(cell.key) == name]
                    drawn = latency.curves(cells, span)
                key = f"latency-{result.run_id}-{view}-{name}"
                st.plotly_chart(drawn, config=drawing.CONFIG, key=key, alt=f"Latency of {name}")
    st.caption(latency.MEANING[view])
