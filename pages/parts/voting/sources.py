"""What an answer under A or B rests on, shown without a word of whose it is."""

from __future__ import annotations

import streamlit as st

from core import Chunk, Workspace, vote
from pages.parts import answers, citations, marked_text
from pages.parts.palette import NEUTRAL
from pages.parts.safe_text import plain, shorten


def buttons(ballot: vote.Ballot, letter: vote.Letter) -> None:
    """A button a chunk that the answer rests on: those that it cites by name, the others by number."""
    side = ballot.side(letter)
    cited = citations.numbers(side.text, len(side.chunks))
    with st.container(gap="xsmall"):
        for number in cited:
            _button(ballot, letter, number, f"\\[{number}\\] {plain(_place(side.chunks[number - 1]))}")
    others = [number for number in range(1, len(side.chunks) + 1) if number not in cited]
    if others:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.caption("Also retrieved" if cited else "Retrieved, not cited", width="content")
            for number in others:
                _button(ballot, letter, number, f"\\[{number}\\]")


def _button(ballot: vote.Ballot, letter: vote.Letter, number: int, label: str) -> None:
    chunk = ballot.side(letter).chunks[number - 1]
    st.button(
        label,
        key=f"source-{ballot.id}-{letter}-{number}",
        type="tertiary",
        icon=":material/format_quote:" if len(label) > 8 else None,
        help=f"{plain(_place(chunk))}: {plain(shorten(chunk.text, 140))}",
        on_click=answers.point_at,
        args=(letter, number),
    )


def _place(chunk: Chunk) -> str:
    name = shorten(chunk.source, 48)
    return name if chunk.page is None else f"{name}, p. {chunk.page}"


def show_wanted(workspace: Workspace, result: vote.VoteResult, ballot: vote.Ballot) -> None:
    """Open the dialog for the source that was asked for, if one was."""
    wanted = answers.pointed_at()
    if wanted is None:
        return
    letter, number = wanted
    if letter in vote.LETTERS and 0 < number <= len(ballot.side(letter).chunks):
        _dialog(workspace, result, ballot.side(letter).chunks[number - 1], letter, number)


@st.dialog("Source", width="large", icon=":material/format_quote:")
def _dialog(
    workspace: Workspace, result: vote.VoteResult, chunk: Chunk, letter: vote.Letter, number: int
) -> None:
    st.markdown(f"**\\[{number}\\] {plain(chunk.source)}**")
    facts = [f"passage {number} of {letter.upper()}", f"chunk {chunk.position + 1}"]
    st.caption(" · ".join([*facts, *([] if chunk.page is None else [f"page {chunk.page}"])]))
    space = workspace.space(result.plan.mode)
    page = workspace.catalogue.page(space, chunk.document_id, chunk.page_index)
    if page is None:
        st.caption("The document is no longer in the corpus; this is the chunk as it was retrieved.")
    segments = marked_text.quote(page.text if page else chunk.text, chunk.start, chunk.end, chunk.text)
    label = f"Passage {number} in {chunk.source}"
    marked_text.show(segments, label=label, color=NEUTRAL, key=f"passage-{letter}-{number}")
