"""History: every run that was made, to be opened, named, compared, sent and received."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, history, kinds
from pages.parts import frame, session, states
from pages.parts.lab import comparing, exporting, faces, listing, runs, shown
from pages.parts.safe_text import plain
from pages.parts.units import count

PAGE = listing.PAGE


def main() -> None:
    """Draw the page."""
    with states.guarded():
        workspace = session.workspace()
        run_id = shown.current(PAGE)
        if run_id:
            _open(workspace, run_id)
        else:
            _list(workspace)


# The list


def _list(workspace: Workspace) -> None:
    place = st.container()
    found = listing.page_of(workspace, listing.Filters())
    filters = listing.Filters()
    if found.total:
        with place:
            filters = listing.choose_filters()
        found = listing.page_of(workspace, filters) if filters.any else found
    actions = st.container(horizontal=True, vertical_alignment="center")
    if found.runs:
        ticked = listing.rows(found.runs, PAGE, tick=True)
        listing.turn(found)
    else:
        ticked = []
        _empty(filters.any)
    with actions:
        _actions(workspace, ticked, found.total)


def _empty(filtered: bool) -> None:
    if filtered:
        states.empty("filter_alt_off", "No run fits these filters", "Choose others, or clear the search.")
        return
    box = states.empty(
        "history",
        "There is no run yet",
        "Every benchmark, every evaluation and every blind vote is kept here as it goes, also one that is "
        "cancelled or whose process is killed.",
    )
    with box.container(horizontal=True, horizontal_alignment="center"):
        st.page_link("pages/benchmark.py", label="**Run a benchmark**", icon=":material/speed:")
        st.page_link("pages/evaluate.py", label="**Evaluate answers**", icon=":material/fact_check:")
        st.page_link("pages/compare.py", label="**Hold a blind vote**", icon=":material/how_to_vote:")


def _actions(workspace: Workspace, ticked: list[str], total: int) -> None:
    st.caption(count(total, "run"), width="stretch")
    if ticked:
        if len(ticked) == 2 and st.button(
            "Compare the two", type="primary", icon=":material/compare_arrows:"
        ):
            before, now = _in_order(workspace, ticked)
            shown.show(PAGE, now)
            comparing.against(before)
            st.rerun()
        elif len(ticked) == 1:
            st.caption("Select one more to compare.")
        if st.button(f"Delete {count(len(ticked), 'run')}…", icon=":material/delete:"):
            _confirm_delete(workspace, ticked)
    _import(workspace)


def _in_order(workspace: Workspace, ids: list[str]) -> tuple[str, str]:
    opened = runs.open_history(workspace)
    first, second = sorted(ids, key=lambda run_id: opened.summary(run_id).started_at)
    return first, second


def _import(workspace: Workspace) -> None:
    with st.popover("Import a run", icon=":material/upload_file:"):
        turn = st.session_state.setdefault("round of imports", 0)
        file = st.file_uploader("A JSON file that Tandem exported", type=["json"], key=f"import-{turn}")
        if file is not None:
            try:
                run_id = kinds.import_json(
                    runs.open_history(workspace), file.getvalue(), workspace=workspace.name
                )
            except TandemError as error:
                states.error(error)
                return
            st.session_state["round of imports"] = turn + 1
            shown.show(PAGE, run_id)
            st.rerun()


@st.dialog("Delete for good?")
def _confirm_delete(workspace: Workspace, ids: list[str]) -> None:
    opened = runs.open_history(workspace)
    names = [plain(opened.summary(run_id).name) for run_id in ids]
    st.markdown("\n".join(f"- **{name}**" for name in names))
    st.caption("All that was measured goes with it, and cannot be brought back.")
    with st.container(horizontal=True):
        if st.button(f"Delete {count(len(ids), 'run')}", type="primary", icon=":material/delete:"):
            try:
                opened.delete(ids)
            except TandemError as error:
                states.error(error)
                return
            shown.leave(PAGE)
            st.rerun()
        if st.button("Keep"):
            st.rerun()


# One run


def _open(workspace: Workspace, run_id: str) -> None:
    try:
        summary = runs.open_history(workspace).summary(run_id)
    except TandemError as error:
        st.button("All runs", icon=":material/arrow_back:", on_click=_leave)
        states.error(error)
        return
    run, problem = _read(workspace, summary)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All runs", icon=":material/arrow_back:", on_click=_leave)
        if summary.workspace == workspace.name:
            _change(workspace, summary)
        if run is not None:
            _compare(workspace, summary)
            exporting.buttons(summary.kind, run.result, summary.name, summary.note)
    if run is None:
        st.subheader(plain(summary.name), anchor=False)
        states.error(problem)
        return
    face = faces.FACES[summary.kind]
    listing.head(summary.name, run.result, face.done(run.result))
    if summary.imported:
        st.caption(":violet-badge[:material/upload_file: imported] This run was made elsewhere.")
    if summary.note:
        st.markdown(f":material/sticky_note_2: {plain(summary.note)}")
    if summary.state == "running":
        _still_running(run_id)
    if before := comparing.wanted():
        comparing.draw(workspace, run, before)
    face.draw(workspace, run.result)


def _read(workspace: Workspace, summary: history.RunSummary) -> tuple[kinds.Opened | None, TandemError | str]:
    """The run with what it found, or why it cannot be shown."""
    try:
        found = runs.opened(workspace, summary.run_id)
    except TandemError as error:
        return None, error
    return kinds.Opened(summary, found.result), ""


def _leave() -> None:
    shown.leave(PAGE)
    comparing.against("")


def _still_running(run_id: str) -> None:
    run = runs.find(run_id)
    if run is not None and run.active:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(":shimmer[This run is still under way.]", width="stretch")
            if st.button("Watch it", icon=":material/visibility:"):
                listing.watch(run_id)


def _change(workspace: Workspace, summary: history.RunSummary) -> None:
    opened = runs.open_history(workspace)
    with (
        # Saved once, it is another popover, and so a closed one.
        st.popover("Name and note", icon=":material/edit:", key=f"about {summary.updated_at}"),
        st.form(f"about-{summary.run_id}", border=False),
    ):
        name = st.text_input("Name", summary.name, max_chars=200)
        note = st.text_area("Note", summary.note, max_chars=10_000, height=120)
        if st.form_submit_button("Save", type="primary", icon=":material/check:"):
            try:
                opened.rename(summary.run_id, name)
                opened.annotate(summary.run_id, note)
            except TandemError as error:
                states.error(error)
            else:
                runs.forget_opened()
                st.rerun()
    if st.button("Delete…", icon=":material/delete:"):
        _confirm_delete(workspace, [summary.run_id])


def _compare(workspace: Workspace, summary: history.RunSummary) -> None:
    found = runs.open_history(workspace).runs(workspace=workspace.name, kinds=(summary.kind,), limit=100)
    others = {item.run_id: item for item in found.runs if item.run_id != summary.run_id}
    if not others:
        return
    with st.popover("Compare", icon=":material/compare_arrows:"):
        chosen = st.selectbox(
            "With which earlier run?",
            list(others),
            format_func=lambda run_id: f"{others[run_id].name}, {listing.ago(others[run_id].started_at)}",
            key=f"compare-{summary.run_id}",
        )
        st.button("Compare with it", type="primary", on_click=comparing.against, args=(chosen,))


frame.page(main)
