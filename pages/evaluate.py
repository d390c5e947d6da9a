"""Evaluate: labelled questions, several settings, and which of them answers better."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, evaluate
from pages.parts import asking, frame, session, states, work
from pages.parts.lab import exporting, shown
from pages.parts.quality import heads, questions, results, running, runs, starting, variants
from pages.parts.quality.runs import Run
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
            "Which framework answers better, with which settings, and can that be told from chance? Bring "
            "questions with known answers: each is put to **every variant**, and every difference comes with "
            "its interval."
        )
    for run in runs.active():
        _under_way(run)
    busy = work.running()
    place = st.container()
    documents = session.documents(workspace)
    if documents:
        asked = questions.draw(workspace, documents)
        if asked:
            starting.draw(workspace, asked, variants.draw(workspace), busy=busy is not None)
    elif busy is None:
        _empty(workspace)
    heads.recent(workspace)
    if busy is not None:
        with place:
            work.watch(busy)


def _empty(workspace: Workspace) -> None:
    ended = work.finished()
    if ended is not None and ended.state != "done":
        work.report(ended)
    box = states.empty(
        "fact_check",
        "There is nothing to evaluate yet",
        "Load the sample corpus, which comes with forty labelled questions, or add documents of your own.",
    )
    with box.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Load the sample and its questions", type="primary", icon=":material/play_arrow:"):
            asking.load_sample(workspace)
            st.rerun()
        if st.button("Add documents", icon=":material/upload_file:"):
            st.switch_page("pages/documents.py")


def _under_way(run: Run) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":shimmer[**{plain(run.order.name)}**] is under way", width="stretch")
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
        _bar(workspace, None, "")
        running.draw(run)
        return
    bar = st.container()
    if run is not None and run.job.error:
        states.error(run.job.error)
    result, name, elsewhere = _result(workspace, run, run_id)
    with bar:
        _bar(workspace, None if elsewhere else result, name)
    if result is not None:
        heads.title(result, name, elsewhere=elsewhere)
        results.draw(workspace, result)


def _result(
    workspace: Workspace, run: Run | None, run_id: str
) -> tuple[evaluate.EvaluationResult | None, str, bool]:
    """What is known of a run that is over, its name, and whether another process still goes on with it."""
    if run is not None and run.result is not None:
        return run.result, run.order.name, False
    try:
        found = runs.summary(workspace, run_id)
        return runs.stored(workspace, found), found.name, found.state == "running"
    except TandemError as error:
        if run is None:
            states.error(error)
        elif run.job.state == "cancelled":
            states.empty("stop_circle", "Cancelled before anything was asked", "Plan another evaluation.")
    return None, "", False


def _bar(workspace: Workspace, result: evaluate.EvaluationResult | None, name: str) -> None:
    """What can be done besides looking."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Plan another", icon=":material/add:", on_click=shown.leave, args=(PAGE,))
        if result is None:
            return
        mine = result.workspace == workspace.name
        if mine:
            starting.offer_to_go_on(workspace, result, name)
        st.page_link(
            "pages/history.py",
            label="Open in History",
            icon=":material/history:",
            query_params={"run": result.run_id},
        )
        exporting.buttons("evaluation", result, name)


frame.page(main)
