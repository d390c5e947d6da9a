"""A vote that goes on: which question this visitor is at, what is being answered, and when it is over."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import streamlit as st

import core
from core import DocumentRecord, Job, TandemError, UsageError, Workspace, sample, vote
from pages.parts import answers, citations, frame, session, states
from pages.parts.lab import exporting, listing, shown
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count, seconds
from pages.parts.voting import ballots, beginning, look, polls, results, score, voters

PAGE = beginning.PAGE
TICK = 0.15
_LOOK_AGAIN = 2.0
_MOST_PARTS = 10


def draw(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> None:
    """The vote that the address names, or the form to begin one."""
    run_id, presenting = shown.current(PAGE), frame.presenting()
    look.dress(presenting=presenting)
    with st.container(key="vote-unseen"):
        voters.remember()
        citations.listen("vote-citations", answers.point_at)
    if not run_id:
        beginning.draw(workspace, documents)
        return
    poll = polls.open_poll(workspace, run_id)
    try:
        result = poll.result()
    except TandemError as error:
        st.button("All votes", icon=":material/arrow_back:", on_click=_leave)
        states.error(error)
        return
    with st.container(key="stage"):
        ballots.say_refused()
        if result.closed or result.workspace != workspace.name:
            _results(workspace, poll, result)
        else:
            _bar(poll, result, presenting=presenting)
            _stage(workspace, poll, result)


def _leave() -> None:
    shown.leave(PAGE)
    ballots.go_on()
    _present(wanted=False)


# What stands over the question


def _bar(poll: vote.Poll, result: vote.VoteResult, *, presenting: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="vote-bar"):
        if presenting:
            at = ballots.on_show(result) or result.waiting(voters.current())
            place = f"{ballots.place(result, at)} · " if at else ""
            st.caption(f"{place}{plain(result.name)} · {_taking_part(result)}", width="stretch")
            _presentation(presenting=True)
            return
        st.button("All votes", icon=":material/arrow_back:", on_click=_leave)
        _you(result)
        _invite(result)
        _presentation(presenting=False)
        if st.button("Close the vote…", icon=":material/lock:"):
            _confirm_close(poll, result)
        st.caption(f"{plain(result.name)} · {_taking_part(result)}")


def _taking_part(result: vote.VoteResult) -> str:
    return count(len(result.voters), "voter") if result.voters else "nobody has voted yet"


def _you(result: vote.VoteResult) -> None:
    with st.popover(plain(voters.name(result)) or "You", icon=":material/person:"):
        voters.ask_name(result)
        st.button(
            "Somebody else votes here",
            icon=":material/group_add:",
            help="The next vote on this device counts as another person's, who begins at the first question.",
            on_click=_next_voter,
        )


def _next_voter() -> None:
    voters.somebody_else()
    ballots.go_on()


def _invite(result: vote.VoteResult) -> None:
    with st.popover("Invite", icon=":material/link:"):
        st.markdown("Whoever opens this address votes along: the same questions, the same A and B.")
        query = urlencode({"workspace": session.current().workspace_name, "run": result.run_id})
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)
        if session.current().private:
            st.caption("It opens your private workspace: send it only to people who may see its documents.")


def _presentation(*, presenting: bool) -> None:
    st.button(
        "Leave the presentation" if presenting else "Present",
        icon=":material/fullscreen_exit:" if presenting else ":material/slideshow:",
        type="tertiary" if presenting else "secondary",
        help=None if presenting else "Large type and nothing but the question; F11 fills the screen.",
        on_click=_present,
        kwargs={"wanted": not presenting},
    )


def _present(*, wanted: bool) -> None:
    if wanted:
        st.query_params["present"] = "1"
    elif "present" in st.query_params:
        del st.query_params["present"]


@st.dialog("Close the vote?")
def _confirm_close(poll: vote.Poll, result: vote.VoteResult) -> None:
    st.markdown(f"Nobody can vote any more, and everybody sees the result of {_taking_part(result)}.")
    with st.container(horizontal=True):
        if st.button("Close it", type="primary", icon=":material/lock:", key="close-vote"):
            try:
                poll.close()
            except TandemError as error:
                states.error(error)
                return
            st.rerun()
        if st.button("Go on voting", key="keep-voting"):
            st.rerun()


# The question


def _stage(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult) -> None:
    if (seen := ballots.on_show(result)) is not None:
        _ask_ahead(workspace, poll, result)
        ballots.draw_revealed(workspace, result, seen)
        _score(poll, result)
        ballots.offer_next()
    elif (ballot := result.waiting(voters.current())) is not None:
        _ask_ahead(workspace, poll, result)
        ballots.draw(workspace, poll, result, ballot)
    elif (asked := polls.under_way(poll.run_id)) is not None:
        _follow(*asked)
    elif (stopped := polls.stopped(poll.run_id)) is not None:
        _stopped(*stopped)
    elif (planned := result.to_ask()) is not None:
        number, question = planned
        polls.ask(workspace, poll, result.plan, question, number)
        st.rerun()
    else:
        _ask_or_wait(workspace, poll, result)


def _ask_ahead(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult) -> None:
    """Have the next planned question answered while this one is read, but no more than one ahead."""
    me, planned = voters.current(), result.to_ask()
    done = {item.ballot for item in result.votes if item.voter == me and item.passed}
    open_to_me = [item for item in result.ballots if item.id not in done]
    if planned and len(open_to_me) < 2 and not polls.stopped(poll.run_id):
        polls.ask(workspace, poll, result.plan, planned[1], planned[0])


def _follow(key: polls.Key, job: Job[None]) -> None:
    """Wait for both engines. Nothing shows which of them is ready first."""
    st.markdown(f"### {plain(shorten(key[2], 300))}", anchors=False)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="asking"):
        place = st.empty()
        st.button("Stop", icon=":material/stop_circle:", key=f"stop-{job.id}", on_click=job.cancel)
    for _ in range(_MOST_PARTS):
        st.empty()  # takes the place of the question before, which would stay until this run ends
    while job.state == "running":
        place.markdown(f":shimmer[Both are answering] · {seconds(job.seconds)}", width="stretch")
        time.sleep(TICK)
    st.rerun()


def _stopped(key: polls.Key, job: Job[None]) -> None:
    if job.error:
        states.error(job.error)
    box = states.empty("stop_circle", "The question was not answered", plain(key[2]))
    with box.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Go on",
            icon=":material/replay:",
            type="primary",
            on_click=polls.put_away,
            args=(key,),
            key="go-on",
        )


def _ask_or_wait(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult) -> None:
    """Every question is voted on: the host asks another, the others wait for it."""
    planned, host = bool(result.plan.questions), result.plan.host in ("", voters.current())
    if planned:
        st.markdown(f"### You have voted on {_all(result)}", anchors=False)
        st.caption("The result shows when the vote is closed. Another question may be asked until then.")
    elif host:
        which = "next" if result.ballots else "first"
        st.markdown(f"### What is the {which} question?", anchors=False)
    else:
        st.markdown("### :shimmer[Waiting for the next question]", anchors=False)
    if host or planned:
        _ask(workspace, poll, result)
    else:
        with st.expander("Ask one yourself"):
            _ask(workspace, poll, result)
    _news(poll, len(result.ballots))
    if result.votes:
        _score(poll, result)


def _all(result: vote.VoteResult) -> str:
    return f"all {count(len(result.ballots), 'question')}" if len(result.ballots) > 1 else "the only question"


def _ask(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult) -> None:
    with st.form("ask-vote", border=False, clear_on_submit=True):
        typed = st.text_input(
            "The question", placeholder="Ask your documents a question", label_visibility="collapsed"
        )
        asked = st.form_submit_button("Ask both", type="primary", icon=":material/send:")
    with st.container():  # one part of the page, which gives way as a whole when a question is asked
        suggested = None if result.ballots else _suggestion(workspace)
    question = typed if asked else suggested
    if question is None:
        return
    try:
        text = core.check_question(question, workspace.settings)
    except UsageError as error:
        states.error(error)
        return
    polls.ask(workspace, poll, result.plan, text, result.next_number)
    st.rerun()


def _suggestion(workspace: Workspace) -> str | None:
    """One of the sample's questions when the sample is there, and one of them was clicked."""
    ours = {path.name for path in sample.documents()}
    if not any(record.name in ours for record in session.documents(workspace)):
        return None
    st.caption("Or one of the sample's:")
    clicked = None
    for place, question in enumerate((sample.FIRST_QUESTION, *sample.SUGGESTED_QUESTIONS)):
        key = f"vote-suggested-{place}"
        if st.button(plain(question), key=key, icon=":material/chat_bubble:", type="tertiary"):
            clicked = question
    return clicked


def _news(poll: vote.Poll, known: int) -> None:
    """Look now and then whether somebody asked, or closed the vote; a form keeps what is typed in it."""

    def look_again() -> None:
        with states.guarded():
            now = poll.result()
            if len(now.ballots) > known or now.closed or polls.under_way(poll.run_id):
                st.rerun(scope="app")

    st.fragment(look_again, run_every=_LOOK_AGAIN)()


def _score(poll: vote.Poll, result: vote.VoteResult) -> None:
    """The running score, which goes on while others vote."""
    if result.plan.hide_score:
        st.caption(":material/visibility_off: The score is hidden until the vote is closed.")
        return

    def panel() -> None:
        with st.container(border=True, key="score"), states.guarded():
            now = poll.result()
            if now.closed:
                st.rerun(scope="app")
            score.draw(vote.tally(now), "running", size=16 if frame.presenting() else 13)
            mine = vote.tally(now, voters.current())
            if len(now.voters) > 1 and mine.votes:
                st.caption(f"You alone: {plain(_short(mine))}")
            if vote.tally(now).measurable:
                st.caption(
                    "A score that is watched crosses the line by chance now and then: go on for as many "
                    "questions as you meant to."
                )

    st.fragment(panel, run_every=_LOOK_AGAIN)()


def _short(found: vote.Tally) -> str:
    return found.sentence.partition(": no measurable")[0].rstrip(".") + "."


# The result


def _results(workspace: Workspace, poll: vote.Poll, result: vote.VoteResult) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if frame.presenting():
            _presentation(presenting=True)
        else:
            st.button("All votes", icon=":material/arrow_back:", on_click=_leave)
            if result.closed and result.workspace == workspace.name:
                st.button("Open it again", icon=":material/lock_open:", on_click=_reopen, args=(poll,))
            exporting.buttons("vote", result, result.name)
            _presentation(presenting=False)
    listing.head(result.name, result, "")
    results.draw(workspace, result)


def _reopen(poll: vote.Poll) -> None:
    try:
        poll.reopen()
    except TandemError as error:
        ballots.refuse(error)
