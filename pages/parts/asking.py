"""Asking: the question under way, the earlier ones, suggestions, lists, and the native index."""

from __future__ import annotations

import streamlit as st

import core
from core import AskOptions, DocumentRecord, Mode, UsageError, Workspace, sample
from pages.parts import batch, exchange, options, session, states, work
from pages.parts.exchange import Exchange
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count


def begin(workspace: Workspace, question: str, chosen: AskOptions) -> None:
    """Ask, and show this question from now on; one that cannot be asked goes back into its box."""
    here = session.current()
    try:
        new = Exchange(core.check_question(question, workspace.settings), chosen)
    except UsageError as error:
        here.refused = (question, str(error))
        st.rerun()
    exchange.keep(here.exchanges, new)
    here.shown = new.id
    exchange.start(workspace, new, here.owner)


def shown() -> Exchange | None:
    """The question that is on the page: the newest, unless an earlier one was reopened."""
    here = session.current()
    found = next((kept for kept in here.exchanges if kept.id == here.shown), None)
    return found or (here.exchanges[0] if here.exchanges else None)


def put(question: str) -> None:
    """Ask this in the coming run of the Compare page."""
    session.current().question = question


def take_question() -> str | None:
    """What `put` left, once."""
    here = session.current()
    question, here.question = here.question, None
    return question


def earlier() -> None:
    """A popover with the session's last questions, newest first."""
    here = session.current()
    if len(here.exchanges) < 2:
        return
    now = shown()
    with st.popover(f"Earlier ({len(here.exchanges) - 1})", icon=":material/history:"):
        for kept in here.exchanges:
            if kept is not now:
                st.button(
                    plain(shorten(kept.question, 90)),
                    key=f"reopen-{kept.id}",
                    type="tertiary",
                    on_click=_reopen,
                    args=(kept.id,),
                )


def _reopen(number: int) -> None:
    session.current().shown = number


def suggest(documents: tuple[DocumentRecord, ...]) -> None:
    """What to ask first: the sample's own questions when the sample is there."""
    ours = {path.name for path in sample.documents()}
    if not any(record.name in ours for record in documents):
        st.caption(f"Ask anything that {count(len(documents), 'document')} may answer.")
        return
    st.caption("Not sure what to ask? Try one of these:")
    with st.container(gap="xsmall"):
        for place, question in enumerate((sample.FIRST_QUESTION, *sample.SUGGESTED_QUESTIONS)):
            st.button(
                plain(question),
                key=f"suggested-{place}",
                icon=":material/chat_bubble:",
                type="tertiary",
                on_click=put,
                args=(question,),
            )


def load_sample(workspace: Workspace) -> None:
    """Start adding the sample corpus."""
    uploads = [core.Upload(path.name, path) for path in sample.documents()]
    work.add(workspace, uploads, work.SAMPLE)


def ask_first(workspace: Workspace) -> None:
    """Add the sample, and ask its first question as soon as it is there."""
    session.current().first_question = sample.FIRST_QUESTION
    load_sample(workspace)


def when_loaded() -> None:
    """Ask the first question that waits for the sample, on the Compare page; nothing when none waits."""
    here = session.current()
    if here.first_question is None or work.running() is not None:
        return
    question, here.first_question = here.first_question, None
    job = work.finished()
    if job is not None and job.state == "done":
        work.put_away(job)
        put(question)
        st.switch_page("pages/compare.py")


def native_index(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> bool:
    """Whether native mode can answer; offers to build or complete its index where it can't, or not fully."""
    there = {record.name for record in session.documents(workspace, Mode.NATIVE)}
    missing = [record.name for record in documents if record.name not in there]
    if missing and work.running() is None:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                ":material/splitscreen: Native mode has its own index: each framework cuts the documents "
                f"its own way. {count(len(missing), 'document is', 'documents are')} not in it yet.",
                width="stretch",
            )
            if st.button("Build the native index", type="primary", icon=":material/build:"):
                work.rebuild(workspace, Mode.NATIVE)
                st.rerun()
    return bool(there)


def draw_list(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> None:
    """The form that takes many questions, and what has come of them."""
    here = session.current()
    with st.form("list", border=False):
        text = st.text_area(
            "Questions, one a line",
            key="questions",
            height=180,
            placeholder="When does the ferry leave?\nWho pays for the repair?",
        )
        asked = st.form_submit_button("Ask them all", type="primary", icon=":material/playlist_play:")
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = options.choose(workspace, documents)
        st.button("Use the sample's questions", icon=":material/quiz:", on_click=_fill, type="tertiary")
        st.caption(chosen.summary)
    ready = chosen.options.mode is Mode.CONTROLLED or native_index(workspace, documents)
    if asked and ready:
        try:
            new = batch.Batch(batch.read(text), chosen.options)
        except UsageError as error:
            states.error(error)
        else:
            if here.batch is not None and here.batch.job is not None:
                here.batch.job.cancel()
            here.batch = new
            batch.start(workspace, new)
    if here.batch is not None:
        batch.draw(here.batch)


def _fill() -> None:
    questions = [labelled.question for labelled in sample.questions()]
    st.session_state["questions"] = "\n".join(questions)
