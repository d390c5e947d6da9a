"""Compare: one question, both engines, two answers as they are written, and the evidence."""

from __future__ import annotations

import streamlit as st

from core import DocumentRecord, Mode, Workspace
from pages.parts import (
    answers,
    asking,
    citations,
    evidence,
    frame,
    options,
    session,
    source,
    states,
    who,
    work,
)
from pages.parts.exchange import Exchange
from pages.parts.safe_text import plain, shorten
from pages.parts.voting import room

ONE, LIST, VOTE = "One question", "A list of questions", "Blind vote"
_VIEW = "view before"


def main() -> None:
    """Draw the page."""
    with states.guarded():
        workspace = session.workspace()
        asking.when_loaded()
        documents = session.documents(workspace)
        busy = work.running()
        place = st.container()
        if documents:
            _page(workspace, documents)
        elif busy is None:
            _failed()
            if st.query_params.get("run"):
                room.draw(workspace, documents)  # its documents are gone; what was voted is not
            else:
                _empty(workspace)
        if busy is not None:
            with place:
                work.watch(busy)


def _failed() -> None:
    """The report of a job that was to make this page useful and did not."""
    ended = work.finished()
    if ended is not None and ended.state != "done":
        work.report(ended)


def _empty(workspace: Workspace) -> None:
    box = states.empty(
        "forum",
        "There is nothing to ask about yet",
        "Add your own documents, or load the sample corpus and watch both frameworks answer.",
    )
    with box.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Load the sample and ask", type="primary", icon=":material/play_arrow:"):
            asking.ask_first(workspace)
            st.rerun()
        if st.button("Add documents", icon=":material/upload_file:"):
            st.switch_page("pages/documents.py")


def _page(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> None:
    view = _view()
    if view == VOTE:
        room.draw(workspace, documents)
        return
    if view == LIST:
        asking.draw_list(workspace, documents)
        return
    typed = _question_box()
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = options.choose(workspace, documents)
        earlier = st.empty()
        st.caption(chosen.summary)
        citations.listen("citations", answers.point_at)
    ready = chosen.options.mode is Mode.CONTROLLED or asking.native_index(workspace, documents)
    question = typed or asking.take_question()
    if question and ready:
        asking.begin(workspace, question, chosen.options)
    with earlier:
        asking.earlier()
    exchange = asking.shown()
    if exchange is None:
        asking.suggest(documents)
        return
    _exchange(workspace, exchange)


def _view() -> str:
    """The view that is chosen; an address with a vote in it leads to that vote."""
    if frame.presenting():
        return VOTE
    named = st.query_params.get("run", "")
    if named and ("view" not in st.session_state or st.session_state.get("vote opened") != named):
        st.session_state["vote opened"], st.session_state["view"] = named, VOTE
    # A widget's own state is lost while another page is shown.
    st.session_state.setdefault("view", st.session_state.get(_VIEW, ONE))
    chosen = st.segmented_control(
        "What to ask",
        [ONE, LIST, VOTE],
        required=True,
        label_visibility="collapsed",
        key="view",
        on_change=_turn,
    )
    st.session_state[_VIEW] = chosen or ONE
    return chosen or ONE


def _turn() -> None:
    """Another view than the vote has no run in its address; the vote is found again when one comes back."""
    if st.session_state["view"] != VOTE and "run" in st.query_params:
        del st.query_params["run"]


def _question_box() -> str | None:
    # At the root of the page it is pinned to the bottom, and the page opens scrolled to its end.
    refused = session.current().refused
    with st.container():
        if refused is not None:
            st.session_state["question"] = refused[0]
        typed = st.chat_input("Ask your documents a question", key="question")
    if refused is not None:
        states.error(refused[1])
        session.current().refused = None
    return typed


def _exchange(workspace: Workspace, exchange: Exchange) -> None:
    wanted = answers.pointed_at()
    if wanted:
        source.show(workspace, exchange, *wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"### {plain(shorten(exchange.question, 300))}", width="stretch", anchors=False)
        stop = st.empty()
    if exchange.error:
        states.error(exchange.error)
        return
    icon, name, meaning = who.answers_with(workspace)
    st.caption(f":material/{icon}: **{name}.** {meaning.rstrip('.')}. {options.summary(exchange.options)}.")
    if exchange.open:
        stop.button("Stop", icon=":material/stop_circle:", key=f"stop-{exchange.id}", on_click=exchange.stop)
    answers.draw(exchange)
    stop.empty()
    if exchange.error:
        states.error(exchange.error)
    else:
        evidence.draw(workspace, exchange)


frame.page(main)
