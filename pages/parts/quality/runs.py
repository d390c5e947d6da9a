"""Evaluations under way in this process: started by the page, found again by their id.

Like benchmarks they belong to their workspace and go on when everybody has left; the history keeps
every answer as it comes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import streamlit as st

import core
from core import Job, Progress, TandemError, Workspace, evaluate, history
from pages.parts import session
from pages.parts.lab import runs as lab
from pages.parts.quality.live import Live

# Runs whose results stay in memory, the newest; all others are in the history.
_KEPT = 4
_OPENED = "opened evaluation"

_starting = threading.Lock()


@dataclass(frozen=True)
class Order:
    """What is to be evaluated, and what it is called."""

    name: str
    questions: Sequence[evaluate.Question]
    variants: Sequence[evaluate.Variant]
    retrieval_only: bool = False
    repeats: int = 1
    judgements: int = 0

    @classmethod
    def of(cls, result: evaluate.EvaluationResult, name: str) -> Order:
        """What an earlier evaluation was."""
        plan = result.plan
        return cls(name, result.questions, plan.variants, plan.retrieval_only, plan.repeats, plan.judgements)


@dataclass(frozen=True)
class Run:
    """An evaluation of this process, under way or ended."""

    run_id: str
    order: Order
    live: Live
    job: Job[evaluate.EvaluationResult]

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return self.job.state == "running"

    @property
    def result(self) -> evaluate.EvaluationResult | None:
        """What it found, also when it was cancelled; None when it found nothing."""
        return self.job.result or self.live.ended


@cache
def _runs() -> dict[str, Run]:
    """One a process."""
    return {}


def owner(workspace_name: str) -> str:
    """Owner of a workspace's evaluations; not that of work that ends when everybody leaves."""
    return f"evaluation-{workspace_name}"


def start(workspace: Workspace, order: Order, *, go_on: str = "", retry_failed: bool = False) -> str:
    """Begin in the background, or go on with the run of that id unless somebody does; returns the id."""
    with _starting:
        earlier = _runs().get(go_on)
        if earlier is None or not earlier.active:
            return _start(workspace, order, go_on, retry_failed=retry_failed)
    return go_on


def _start(workspace: Workspace, order: Order, go_on: str, *, retry_failed: bool) -> str:
    run_id, live = go_on or history.new_run_id(), Live()

    async def work(progress: Progress) -> evaluate.EvaluationResult:
        return await evaluate.evaluate(
            workspace,
            order.questions,
            order.variants,
            retrieval_only=order.retrieval_only,
            repeats=order.repeats,
            judgements=order.judgements,
            retry_failed=retry_failed,
            emit=live.emit,
            journal=await _journal(workspace, order, live, resume=bool(go_on)),
            run_id=run_id,
        )

    job: Job[Any] = core.get_jobs().start(
        "The evaluation", work, owner(workspace.name), secrets=workspace.settings.secrets
    )
    _forget()
    _runs()[run_id] = Run(run_id, order, live, job)
    return run_id


async def _journal(
    workspace: Workspace, order: Order, live: Live, *, resume: bool
) -> evaluate.HistoryJournal | None:
    """Where it is kept; an evaluation that cannot be kept goes on with a warning, but is not resumed."""
    try:
        opened = await history.open_history(workspace.settings)
    except TandemError as error:
        if resume:
            raise
        live.emit(evaluate.Warned(f"This evaluation is not being stored: {error}"))
        return None
    return evaluate.HistoryJournal(opened, name=order.name, resume=resume)


def find(run_id: str) -> Run | None:
    """A run of this session's workspace in this process."""
    run = _runs().get(run_id)
    return run if run is not None and run.job.owner == owner(session.current().workspace_name) else None


def active() -> list[Run]:
    """The workspace's runs that go on, the oldest first."""
    mine = owner(session.current().workspace_name)
    return [run for run in list(_runs().values()) if run.job.owner == mine and run.active]


def disturbed() -> bool:
    """Whether anything is measured in this process, of whatever workspace."""
    return lab.any_active() or any(run.active for run in list(_runs().values()))


def _forget() -> None:
    ended = [run_id for run_id, run in _runs().items() if not run.active]
    for run_id in ended[: max(len(ended) - _KEPT, 0)]:
        _runs().pop(run_id, None)


def summary(workspace: Workspace, run_id: str) -> history.RunSummary:
    """The run's line in the history; raises `UsageError` when there is none of that id."""
    return lab.open_history(workspace).summary(run_id)


def stored(workspace: Workspace, found: history.RunSummary) -> evaluate.EvaluationResult:
    """An evaluation of the history, read anew only when it has changed."""
    mark = (found.run_id, found.state, found.updated_at)
    kept = st.session_state.get(_OPENED)
    if kept is None or kept[0] != mark:
        opened = lab.open_history(workspace)
        read = core.get_loop().blocking(lambda: evaluate.load_evaluation(opened.stored(found.run_id)))
        kept = (mark, replace(core.run(read, checkpoint=session.checkpoint()), run_id=found.run_id))
        st.session_state[_OPENED] = kept
    result: evaluate.EvaluationResult = kept[1]
    return result
