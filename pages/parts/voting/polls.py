"""Votes of the history, and the questions of this process that both engines are answering for them."""

from __future__ import annotations

from functools import cache

import core
from core import Job, Progress, Workspace, vote
from pages.parts.lab import runs

Key = tuple[str, int, str]


@cache
def _asked() -> dict[Key, Job[vote.Ballot]]:
    """Jobs by run, number and question; one registry a process, so that two voters do not ask twice."""
    return {}


def open_poll(workspace: Workspace, run_id: str) -> vote.Poll:
    """The vote of this id, which need not exist."""
    return vote.Poll(runs.open_history(workspace), run_id)


def begin(workspace: Workspace, plan: vote.Plan, name: str) -> str:
    """Begin a vote; returns its id. Raises `TandemError`."""
    return vote.Poll.begin(runs.open_history(workspace), workspace, plan, name=name).run_id


def ask(workspace: Workspace, poll: vote.Poll, plan: vote.Plan, question: str, number: int) -> None:
    """Ask both engines in the background, unless that is under way, and put the answers to the vote."""
    key = (poll.run_id, number, question)
    earlier = _asked().get(key)
    if earlier is not None and earlier.state == "running":
        return

    async def work(progress: Progress) -> vote.Ballot:
        ballot = await vote.ask_ballot(workspace, plan, question, number)
        await core.get_loop().blocking(poll.add, ballot)
        return ballot

    _asked()[key] = core.get_jobs().start(
        "The question", work, f"vote-{workspace.name}", secrets=workspace.settings.secrets
    )


def under_way(run_id: str) -> Job[vote.Ballot] | None:
    """A question of this vote that is being answered."""
    return next((job for key, job in _of(run_id) if job.state == "running"), None)


def stopped(run_id: str) -> tuple[Key, Job[vote.Ballot]] | None:
    """A question of this vote that was cancelled or failed, and has not been put away."""
    ended = ((key, job) for key, job in _of(run_id) if job.state in ("failed", "cancelled"))
    return next(ended, None)


def put_away(key: Key) -> None:
    """Forget that a question was asked; for callbacks."""
    _asked().pop(key, None)


def _of(run_id: str) -> list[tuple[Key, Job[vote.Ballot]]]:
    """The questions of a vote; those that are answered are in the history and are forgotten here."""
    mine = [(key, job) for key, job in list(_asked().items()) if key[0] == run_id]
    for key, job in mine:
        if job.state == "done":
            put_away(key)
    return [(key, job) for key, job in mine if job.state != "done"]
