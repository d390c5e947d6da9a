"""A vote's results: the verdict, the score, each voter, and every question with who was who."""

from __future__ import annotations

import streamlit as st

from core import Workspace, vote
from pages.parts import citations, palette
from pages.parts.safe_text import markdown, plain, shorten
from pages.parts.units import count, seconds
from pages.parts.voting import score

_CHOICES = {"a": "A", "b": "B", "tie": "tie", "bad": "both bad", "skip": "skipped"}


def draw(workspace: Workspace, result: vote.VoteResult) -> None:
    """Draw everything; `result.run_id` keeps the widgets of different runs apart.

    While the vote is open it asks first: whoever has yet to vote would see who was who.
    """
    del workspace  # every page's results are drawn with the same two arguments
    if not result.closed and not _wanted(result):
        return
    with st.container(border=True, key="score"):
        score.draw(vote.tally(result), f"result-{result.run_id}")
    for text in vote.sentences(result)[1:]:
        st.markdown(f":material/info: {plain(text)}")
    _figures(result)
    _voters(result)
    _questions(result)


def _wanted(result: vote.VoteResult) -> bool:
    st.info(
        "This vote is still open, and its results say who was who: look when you have voted yourself.",
        icon=":material/visibility_off:",
    )
    st.page_link(
        "pages/compare.py",
        label="Go to the vote",
        icon=":material/how_to_vote:",
        query_params={"run": result.run_id},
    )
    return st.toggle("Show the results as they stand", key=f"open-results-{result.run_id}")


def _figures(result: vote.VoteResult) -> None:
    found = vote.tally(result)
    figures = {
        "Votes": found.votes,
        "Decided": found.decided,
        "Ties": found.ties,
        "Both bad": found.bad,
        "Skipped": found.skipped,
        "Voters": len(result.voters),
        "Questions": len(result.ballots),
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures.items():
            st.metric(label, f"{value:,}", width="content")


def _voters(result: vote.VoteResult) -> None:
    if len(result.voters) < 2:
        return
    first, second = (palette.engine(name) for name in result.plan.engines)
    names = result.voters
    st.subheader("By voter", anchor=False)
    st.table(
        [
            {
                "Voter": plain(names[voter]),
                f"{first.dot} {first.label}": str(found.for_first),
                f"{second.dot} {second.label}": str(found.for_second),
                "Tie": str(found.ties),
                "Both bad": str(found.bad),
                f"Share of {first.label}": vote.interval(found.share(found.first)) if found.decided else "–",
            }
            for voter, found in vote.by_voter(result).items()
        ],
        border="horizontal",
        hide_index=True,
    )


def _questions(result: vote.VoteResult) -> None:
    st.subheader("Every question", anchor=False)
    counted = vote.by_ballot(result)
    if not counted:
        st.caption("No question was asked.")
        return
    st.table([_record(item) for item in counted], border="horizontal", hide_index=True)
    chosen = st.selectbox(
        "Look at a question",
        [item.ballot.id for item in counted],
        format_func={item.ballot.id: _label(item.ballot) for item in counted}.__getitem__,
        key=f"question-{result.run_id}",
    )
    ballot = result.ballot(chosen) if chosen else None
    if ballot is not None:
        _side_by_side(result, ballot)


def _label(ballot: vote.Ballot) -> str:
    return f"{ballot.number + 1}. {shorten(ballot.question, 120)}"


def _record(item: vote.BallotTally) -> dict[str, str]:
    ballot, found = item.ballot, item.tally
    counts = [f"{palette.engine(name).dot}\u00a0{found.count(name)}" for name in (found.first, found.second)]
    counts += [f"tie {found.ties}"] if found.ties else []
    counts += [f"both bad {found.bad}"] if found.bad else []
    return {
        "Question": f"{ballot.number + 1}\\. {plain(shorten(ballot.question, 140))}",
        "Votes": " · ".join(counts) if found.votes else ":gray[none]",
        "Outcome": _outcome(item),
    }


def _outcome(item: vote.BallotTally) -> str:
    if item.ballot.error is not None:
        return ":gray[an answer failed]"
    if not item.tally.votes:
        return ":gray[the same answer]" if item.ballot.identical else ":gray[not voted on]"
    leader = item.tally.leader
    if leader is not None:
        return palette.engine(leader).tag
    return "level" if item.tally.decided else "undecided"


def _side_by_side(result: vote.VoteResult, ballot: vote.Ballot) -> None:
    for letter, column in zip(vote.LETTERS, st.columns(2), strict=True):
        side = ballot.side(letter)
        look = palette.engine(side.engine)
        with column.container(border=True):
            st.markdown(f"#### {letter.upper()} was {look.dot} {look.label}", anchors=False)
            if side.error:
                st.error(plain(side.error), icon=":material/error:")
            else:
                st.markdown(markdown(side.text) or ":gray[The model returned an empty answer.]")
                st.caption(f"Answered in {seconds(side.seconds)}. {_rests_on(side)}")
    names = result.voters
    votes = [f"{plain(names[item.voter])}: {_CHOICES[item.choice]}" for item in result.of(ballot.id)]
    if votes:
        st.caption(" · ".join(votes))


def _rests_on(side: vote.Side) -> str:
    cited = {side.chunks[number - 1].source for number in citations.numbers(side.text, len(side.chunks))}
    found = f"{count(len(side.chunks), 'chunk')} retrieved"
    return f"{found}, cites {plain(', '.join(sorted(cited)))}." if cited else f"{found}, cites none."
