"""Beginning a vote: where its questions come from, how they are asked, and votes to join."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import DocumentRecord, Mode, TandemError, Workspace, evaluate, sample, vote
from pages.parts import asking, options, states
from pages.parts.lab import listing, runs, shown
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count
from pages.parts.voting import polls, voters

PAGE = "blind vote"
TYPED, SAMPLE = "Typed as we go", "The sample's questions"
_USUAL = 10


def draw(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> None:
    """The form, and the votes of this workspace that are there already."""
    with st.container(width=780):
        st.markdown(
            "Read two answers without knowing whose they are, and say which is better. Which framework is "
            "**A** is drawn by lot for each question; names, times and colours come after your vote."
        )
    chosen = options.choose(workspace, documents)
    st.caption(chosen.summary)
    ready = chosen.options.mode is Mode.CONTROLLED or asking.native_index(workspace, documents)
    with st.container(border=True, width=780):
        questions = _questions(workspace, documents)
        name = st.text_input("What the vote is called", "Blind vote", max_chars=200, key="vote-name")
        voters.ask_name()
        hide = st.toggle("Keep the score hidden until the vote is closed", key="vote-hide")
        begin = st.button("Begin the vote", type="primary", icon=":material/how_to_vote:", disabled=not ready)
    if begin:
        asked = chosen.options
        plan = vote.Plan(
            questions=tuple(questions),
            mode=asked.mode,
            retrieval=asked.retrieval,
            top_k=asked.top_k,
            documents=asked.documents,
            hide_score=hide,
            host=voters.current(),
        )
        _begin(workspace, plan, name)
    _earlier(workspace)


def _begin(workspace: Workspace, plan: vote.Plan, name: str) -> None:
    try:
        run_id = polls.begin(workspace, plan, name)
    except TandemError as error:
        states.error(error)
        return
    shown.show(PAGE, run_id)
    st.rerun()


def _questions(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> Sequence[str]:
    """The questions that are asked in order; none when they are typed."""
    ours = {path.name for path in sample.documents()}
    saved = {f"Set: {item.name}": item.name for item in evaluate.list_sets(workspace)}
    places = [TYPED, *([SAMPLE] if any(record.name in ours for record in documents) else []), *saved]
    source = st.selectbox("Where the questions come from", places, key="vote-source")
    if source == TYPED or source not in places:
        st.caption("You type each question in turn, in front of everybody.")
        return ()
    found = evaluate.sample_questions() if source == SAMPLE else evaluate.load_set(workspace, saved[source])
    most = min(len(found), vote.MOST_QUESTIONS)
    number = st.number_input(
        "How many of them", 1, most, min(_USUAL, most), key=f"vote-number-{source}", help="The first ones."
    )
    questions = [item.question for item in found[: int(number)]]
    with st.expander(f"{count(len(questions), 'question')}, each asked when the first voter gets to it"):
        st.markdown("\n".join(f"1. {plain(shorten(text, 200))}" for text in questions))
    return questions


def _earlier(workspace: Workspace) -> None:
    found = runs.open_history(workspace).runs(workspace=workspace.name, kinds=("vote",), limit=6)
    if found.runs:
        st.subheader("Votes of this workspace", anchor=False)
        listing.rows(found.runs, PAGE, tick=False)
