"""Questions drafted from the corpus: written in the background, then read by a person one by one."""

from __future__ import annotations

from typing import Any

import streamlit as st

import core
from core import Job, Progress, Workspace, evaluate
from pages.parts import states, who
from pages.parts.lab import words
from pages.parts.quality import working
from pages.parts.quality.working import Row, Working
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

USUAL = 20
_MOST = 200
_MINE = "drafting"
_PLACE = "draft to read"
_NEW, _ADD = "A new set", "Add to the open set"


def meaning(workspace: Workspace) -> str:
    """Who writes the drafts, and what they are worth (markdown)."""
    if workspace.model.endpoint.kind == "offline":
        return (
            "The built-in answerer is no language model, so the drafts are **sentences of your documents "
            "with a gap**. They are easier to find than what people ask: good enough to compare settings, no "
            "measure of how good they are."
        )
    _, name, _ = who.answers_with(workspace)
    return f"**{name}** writes a question and its answer for passages all over your documents."


def choose(workspace: Workspace) -> None:
    """The popover's content: how many, where to, and the way to begin."""
    st.markdown(meaning(workspace))
    number = st.number_input("How many", 1, _MOST, USUAL, key="drafts wanted")
    where = _NEW
    if working.current(workspace) is not None:
        where = st.segmented_control("Where to", [_NEW, _ADD], default=_NEW, required=True, key="drafts go")
    st.caption("Each is marked as drafted until you have read and accepted it.")
    if st.button("Draft them", type="primary", icon=":material/edit_note:", key="draft"):
        start(workspace, number, add=where == _ADD)
        st.rerun()


def start(workspace: Workspace, number: int = USUAL, *, add: bool = False) -> None:
    """Begin to draft in the background; for callbacks, too."""

    async def work(progress: Progress) -> tuple[evaluate.Question, ...]:
        return await evaluate.draft_questions(workspace, number)

    job: Job[Any] = core.get_jobs().start(
        "Drafting questions", work, _owner(workspace), secrets=workspace.settings.secrets
    )
    st.session_state[_MINE] = (job.id, add)


def under_way(workspace: Workspace) -> Job[Any] | None:
    """The drafting that goes on in this workspace; after a reload it is this session's as well."""
    jobs = core.get_jobs().of(_owner(workspace))
    job = next((job for job in jobs if job.state == "running"), None)
    if job is not None and st.session_state.get(_MINE, ("",))[0] != job.id:
        st.session_state[_MINE] = (job.id, False)
    return job


def watch(workspace: Workspace, job: Job[Any]) -> None:
    """How long it has been going on, with a way to end it; runs the page again when it has ended."""

    @st.fragment(run_every=0.5)
    def panel() -> None:
        if job.state != "running":
            st.rerun()
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="drafting"):
            told = f":shimmer[**Drafting questions from your documents**] · {words.clock(job.seconds)}"
            st.markdown(told, width="stretch")
            st.button("Cancel", icon=":material/close:", key=f"cancel-{job.id}", on_click=job.cancel)

    panel()


def collect(workspace: Workspace) -> None:
    """Take over what this session's drafting has brought, once; says so when that is nothing."""
    asked: tuple[str, bool] | None = st.session_state.get(_MINE)
    job = core.get_jobs().get(asked[0], _owner(workspace)) if asked else None
    if asked is None or job is None or job.state == "running":
        return
    st.session_state.pop(_MINE)
    if job.error:
        states.error(job.error)
    elif job.state == "done" and not job.result:
        states.error("No question could be made of these documents: they hold no sentence that would do.")
    elif job.state == "done":
        _put(workspace, job.result or (), add=asked[1])


def _put(workspace: Workspace, found: tuple[evaluate.Question, ...], *, add: bool) -> None:
    now = working.current(workspace)
    if now is None or not add:
        working.take(workspace, working.DRAFT, "Drafted questions", found)
        return
    there = {row["question"] for row in now.rows}
    new = [working.row_of(question) for question in found if question.question not in there]
    now.replaced([*(row for row in now.rows if row != working.blank()), *new])


def _owner(workspace: Workspace) -> str:
    return f"drafting-{workspace.name}"


# Reading them


def waiting(now: Working) -> list[int]:
    """The places of the rows that are drafted and not accepted yet."""
    return [place for place, row in enumerate(now.rows) if row["drafted"]]


def review(now: Working) -> None:
    """The next draft to be read, with what can be done with it; nothing when none waits."""
    left = waiting(now)
    if not left:
        return
    turn = min(st.session_state.get(_PLACE, 0), len(left) - 1)
    row = now.rows[left[turn]]
    with st.container(border=True, key="review"):
        with st.container(horizontal=True, vertical_alignment="center"):
            told = f":violet-badge[:material/edit_note: drafted] **Read draft {turn + 1} of {len(left)}**"
            st.markdown(told, width="stretch")
            if st.button(f"Accept all {len(left)}", icon=":material/done_all:", type="tertiary"):
                _accept_all(now)
        _draw(row)
        _decide(now, left, turn)


def _draw(row: Row) -> None:
    st.markdown(f"#### {plain(shorten(row['question'], 600))}", anchors=False)
    told = (("Answer", row["answers"]), ("From", row["source"]), ("Passage", row["passage"]))
    lines = [f":small[:gray[{name}:] {plain(shorten(text, 500))}]" for name, text in told if text]
    st.markdown("  \n".join(lines))


def _decide(now: Working, left: list[int], turn: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Accept", type="primary", icon=":material/check:", key="accept"):
            _change(now, left[turn], drafted=False)
        if st.button("Delete", icon=":material/delete:", key="delete draft"):
            now.replaced([row for place, row in enumerate(now.rows) if place != left[turn]])
            st.rerun()
        for label, icon, step in (("Back", "arrow_back", -1), ("Later", "arrow_forward", 1)):
            there = 0 <= turn + step < len(left)
            if st.button(label, icon=f":material/{icon}:", type="tertiary", disabled=not there):
                st.session_state[_PLACE] = turn + step
                st.rerun()
        st.caption(f"{len(now.rows) - len(left)} of {count(len(now.rows), 'question')} accepted")


def _change(now: Working, place: int, **values: Any) -> None:
    now.replaced([row | values if number == place else row for number, row in enumerate(now.rows)])
    st.rerun()


def _accept_all(now: Working) -> None:
    now.replaced([row | {"drafted": False} for row in now.rows])
    st.rerun()
