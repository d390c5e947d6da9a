"""One question of a vote on the page: A and B, four buttons, and after the vote who was who."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, vote
from pages.parts import citations, frame, palette, states
from pages.parts.safe_text import markdown, plain, shorten
from pages.parts.units import seconds
from pages.parts.voting import sources, voters

_REFUSED, _SHOWN = "vote refused", "ballot on show"
_CHOICES: tuple[tuple[vote.Choice, str, str, str], ...] = (
    ("a", "A is better", "1", "arrow_back"),
    ("b", "B is better", "2", "arrow_forward"),
    ("tie", "Equally good", "3", "equal"),
    ("bad", "Both bad", "0", "thumb_down"),
)
_WORDS = {choice: label for choice, label, *_ in _CHOICES}


def on_show(result: vote.VoteResult) -> vote.Ballot | None:
    """The ballot of which this visitor sees who was who; None when that is past."""
    wanted = st.session_state.get(_SHOWN)
    ballot = result.ballot(wanted) if wanted else None
    mine = result.vote(ballot.id, voters.current()) if ballot else None
    return ballot if mine is not None and mine.revealed else None


def go_on() -> None:
    """Leave the ballot on show; for callbacks."""
    st.session_state.pop(_SHOWN, None)


def refuse(error: TandemError) -> None:
    """Say in the coming run why something could not be done; for callbacks."""
    st.session_state[_REFUSED] = str(error)


def say_refused() -> None:
    """What `refuse` left, once."""
    if refused := st.session_state.pop(_REFUSED, None):
        states.error(refused)


def draw(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult, ballot: vote.Ballot) -> None:
    """The ballot to be voted on; one that failed says so, and can only be passed over."""
    sources.show_wanted(workspace, result, ballot)
    _question(result, ballot)
    if ballot.error is not None:
        st.warning(
            f"There is no vote on this question, for it was not answered by both. {plain(ballot.error)}",
            icon=":material/error:",
        )
        _skip(poll, ballot, "Next question", primary=True)
        return
    if ballot.identical:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(":material/equal: **Both answers are the same, word for word.**", width="content")
            _skip(poll, ballot, "Skip this question")
    for letter, column in zip(vote.LETTERS, st.columns(2), strict=True):
        with column.container(border=True, height="stretch", key=f"answer-{letter}"):
            st.markdown(f"#### {letter.upper()}", anchors=False)
            _answer(ballot, letter)
    with st.container(key="ballot-buttons", gap="small"):
        _buttons(poll, result, ballot)


def draw_revealed(workspace: Workspace, result: vote.VoteResult, ballot: vote.Ballot) -> None:
    """The ballot after the vote: names, colours and times, and what others chose."""
    sources.show_wanted(workspace, result, ballot)
    _question(result, ballot)
    mine = result.vote(ballot.id, voters.current())
    with st.container(key="revealed"):
        for letter, column in zip(vote.LETTERS, st.columns(2), strict=True):
            with column.container(border=True, height="stretch", key=f"answer-{letter}"):
                _head(ballot, letter, mine.choice if mine else "skip")
                _answer(ballot, letter)
    st.markdown(f"{_own(ballot, mine)}{_others(result, ballot)}")


def offer_next() -> None:
    """The way on from a ballot on show."""
    with st.container(key="ballot-buttons"):
        st.button(
            "Next question",
            type="primary",
            icon=":material/arrow_forward:",
            shortcut="N",
            key="next-ballot",
            on_click=go_on,
            width="stretch",
        )


def place(result: vote.VoteResult, ballot: vote.Ballot) -> str:
    """Where in the vote a question stands."""
    known = len(result.plan.questions)
    return f"Question {ballot.number + 1}{f' of {known}' if ballot.number < known else ''}"


def _question(result: vote.VoteResult, ballot: vote.Ballot) -> None:
    if not frame.presenting():
        st.caption(place(result, ballot))
    st.markdown(f"### {plain(shorten(ballot.question, 300))}", anchors=False)


def _answer(ballot: vote.Ballot, letter: vote.Letter) -> None:
    side = ballot.side(letter)
    shown = citations.link(markdown(side.text), letter, len(side.chunks))
    st.markdown(shown if shown.strip() else ":gray[The model returned an empty answer.]")
    sources.buttons(ballot, letter)


def _head(ballot: vote.Ballot, letter: vote.Letter, chosen: str) -> None:
    side = ballot.side(letter)
    look = palette.engine(side.engine)
    took = f" :small[:gray[answered in {seconds(side.seconds)}]]"
    badge = " :green-badge[:material/check: your choice]" if chosen == letter else ""
    st.markdown(f"#### {letter.upper()} was {look.dot} {look.label}{badge}{took}", anchors=False)


def _own(ballot: vote.Ballot, mine: vote.Vote | None) -> str:
    if mine is None:
        return ""
    engine = ballot.preferred(mine.choice)
    if engine is None:
        return f"You said **{_WORDS[mine.choice].lower()}**."
    return f"You chose {palette.engine(engine).tag}."


def _others(result: vote.VoteResult, ballot: vote.Ballot) -> str:
    found = next(item.tally for item in vote.by_ballot(result) if item.ballot.id == ballot.id)
    if found.votes < 2:
        return ""
    parts = [f"{found.count(name)} for {palette.engine(name).label}" for name in result.plan.engines]
    parts += [
        f"{number} for {word}" for number, word in ((found.ties, "a tie"), (found.bad, "both bad")) if number
    ]
    return f" Of {found.votes} voters on this question: {', '.join(parts)}."


def _buttons(poll: vote.Poll, result: vote.VoteResult, ballot: vote.Ballot) -> None:
    mine = result.vote(ballot.id, voters.current())
    chosen = mine.choice if mine else None
    with st.container(key="ballot-choices"):
        for (choice, label, key, icon), column in zip(_CHOICES, st.columns(4, gap="small"), strict=True):
            column.button(
                label,
                key=f"vote-{choice}",
                type="primary" if choice == chosen else "secondary",
                icon=":material/check:" if choice == chosen else f":material/{icon}:",
                shortcut=key,
                width="stretch",
                on_click=_cast,
                args=(poll, ballot.id, choice),
            )
    if chosen:
        with st.container(horizontal=True, vertical_alignment="center", key="ballot-after"):
            _offer_reveal(poll, ballot)
    else:
        with st.container(key="ballot-hint"):
            st.caption("Names, colours and times come after your vote. Keys: 1, 2, 3 and 0.")


def _offer_reveal(poll: vote.Poll, ballot: vote.Ballot) -> None:
    st.button(
        "See who was who",
        type="primary",
        icon=":material/visibility:",
        shortcut="S",
        key="reveal",
        on_click=_reveal,
        args=(poll, ballot.id),
    )
    st.caption("Your vote is kept. You may change it until you see who was who.", width="content")


def _skip(poll: vote.Poll, ballot: vote.Ballot, label: str, *, primary: bool = False) -> None:
    st.button(
        label,
        icon=":material/skip_next:",
        type="primary" if primary else "secondary",
        key="skip-ballot",
        on_click=_cast,
        args=(poll, ballot.id, "skip"),
    )


def _cast(poll: vote.Poll, ballot_id: str, choice: vote.Choice) -> None:
    try:
        poll.cast(ballot_id, voters.current(), choice, name=voters.name())
    except TandemError as error:
        refuse(error)


def _reveal(poll: vote.Poll, ballot_id: str) -> None:
    try:
        poll.reveal(ballot_id, voters.current())
    except TandemError as error:
        refuse(error)
    else:
        st.session_state[_SHOWN] = ballot_id
