"""Benchmark: choose or build a plan, watch it being measured, read what it means."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, bench
from pages.parts import frame, session, states
from pages.parts.lab import (
    builder,
    exporting,
    leftovers,
    listing,
    presets,
    results,
    running,
    runs,
    shown,
    starting,
)
from pages.parts.lab.runs import Run
from pages.parts.safe_text import plain

PAGE = starting.PAGE


def main() -> None:
    """Draw the page."""
    with states.guarded():
        workspace = session.workspace()
        run_id = shown.current(PAGE)
        if run_id:
            _run(workspace, run_id)
        else:
            _plan(workspace)


def _plan(workspace: Workspace) -> None:
    with st.container(width=780):
        st.markdown(
            "Does async make your retrieval faster, by how much, and why? Measured on **your** Milvus: one "
            "call after the other, threads, asyncio and batches, in both frameworks and beside bare pymilvus."
        )
    for run in runs.active():
        _under_way(run)
    leftovers.offer(workspace)
    view = st.segmented_control(
        "Plan",
        [builder.PRESETS, builder.BUILD],
        default=builder.PRESETS,
        required=True,
        label_visibility="collapsed",
        key=builder.VIEW,
    )
    if view == builder.BUILD:
        builder.draw(workspace)
    else:
        presets.draw(workspace)
    listing.recent(workspace)


def _under_way(run: Run) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":shimmer[**{plain(run.plan.name)}**] is under way", width="stretch")
        st.button(
            "Show it",
            icon=":material/visibility:",
            key=f"show-{run.run_id}",
            on_click=shown.show,
            args=(PAGE, run.run_id),
        )


def _run(workspace: Workspace, run_id: str) -> None:
    run = runs.find(run_id)
    if run is not None and run.active:
        _bar(workspace, None)
        running.draw(run)
        return
    bar = st.container()
    if run is not None and run.job.error:
        states.error(run.job.error)
    result = _result(workspace, run, run_id)
    with bar:
        _bar(workspace, result)
    if result is not None:
        listing.title(result)
        results.draw(result)


def _result(workspace: Workspace, run: Run | None, run_id: str) -> bench.RunResult | None:
    """What is known of a run that is over, from memory or from the history; says so when that is nothing."""
    if run is not None and run.result is not None:
        return run.result
    try:
        return runs.stored(workspace, run_id)
    except TandemError as error:
        if run is None:
            states.error(error)
        elif run.job.state == "cancelled":
            states.empty("stop_circle", "Cancelled before anything was measured", "Plan another run.")
    return None


def _bar(workspace: Workspace, result: bench.RunResult | None) -> None:
    """What can be done besides looking."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Plan another", icon=":material/add:", on_click=shown.leave, args=(PAGE,))
        if result is None:
            return
        if st.button("Run it again", icon=":material/replay:"):
            starting.start(workspace, result.plan)
        st.page_link(
            "pages/history.py",
            label="Open in History",
            icon=":material/history:",
            query_params={"run": result.run_id},
        )
        exporting.buttons("benchmark", result, result.plan.name)


frame.page(main)
