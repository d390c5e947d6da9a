"""Votes of the history, and the questions of this process that both engines are answering for them."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from importlib import import_module

import core
from core import Job, Progress, Workspace, vote
from pages.parts.lab import runs

Key = tuple[str, int, str]

_asking = threading.Lock()


@cache
def _asked() -> dict[Key, Job[None]]:
    """Jobs by run, number and question; one registry a process, so that two voters do not ask twice."""
    return {}


def open_poll(workspace: Workspace, run_id: str) -> vote.Poll:
    """The vote of this id, which need not exist."""
    return vote.Poll(runs.open_history(workspace), run_id)


def begin(workspace: Workspace, plan: vote.Plan, name: str) -> str:
    """Begin a vote; returns its id. Raises `TandemError`."""
    return vote.Poll.begin(runs.open_history(workspace), workspace, plan, name=name).run_id


def ask(workspace: Workspace, poll: vote.Poll, plan: vote.Plan, question: str, number: int) -> None:
    """Ask both engines in the background, unless somebody did, and put the answers to the vote."""
    key, blocking = (poll.run_id, number, question), core.get_loop().blocking

    async def work(progress: Progress) -> None:
        # Another voter's question may have been answered since this page was drawn.
        now = await blocking(poll.result)
        if any((item.number, item.question) == (number, question) for item in now.ballots):
            return
        # Its first import takes a second, for which the first vote would wait.
        counting = blocking(import_module, "scipy.stats")
        ballot, _ = await asyncio.gather(vote.ask_ballot(workspace, plan, question, number), counting)
        await blocking(poll.add, ballot)

    with _asking:
        earlier = _asked().get(key)
        if earlier is None or earlier.state != "running":
            _asked()[key] = core.get_jobs().start(
                "The question", work, f"vote-{workspace.name}", secrets=workspace.settings.secrets
            )


def under_way(run_id: str) -> tuple[Key, Job[None]] | None:
    """A question of this vote that is being answered."""
    return next(((key, job) for key, job in _of(run_id) if job.state == "running"), None)


def stopped(run_id: str) -> tuple[Key, Job[None]] | None:
    """A question of this vote that was cancelled or failed, and has not been put away."""
    ended = ((key, job) for key, job in _of(run_id) if job.state in ("failed", "cancelled"))
    return next(ended, None)


def put_away(key: Key) -> None:
    """Forget that a question was asked; for callbacks."""
    _asked().pop(key, None)


def _of(run_id: str) -> list[tuple[Key, Job[None]]]:
    """The questions of a vote; those that are answered are in the history and are forgotten here."""
    mine = [(key, job) for key, job in list(_asked().items()) if key[0] == run_id]
    for key, job in mine:
        if job.state == "done":
            put_away(key)
    return [(key, job) for key, job in mine if job.state != "done"]
