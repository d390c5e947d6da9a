"""Benchmarks under way in this process: started by a page, found again by their id.

A run belongs to its workspace: whoever may open the workspace may see and cancel its runs. Unlike an
ingest, it goes on when everybody has left: it ends by itself, and the history keeps what it found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

import core
from core import Job, Progress, UsageError, Workspace, bench, history, kinds
from pages.parts import session

# Runs whose results stay in memory, the newest; all others are in the history.
_KEPT = 8
_OPENED = "opened run"


@dataclass(frozen=True)
class Run:
    """A benchmark of this process, under way or ended."""

    run_id: str
    plan: bench.Plan
    live: bench.Live
    job: Job[bench.RunResult]

    @property
    def now(self) -> bench.LiveRun:
        """How far it is."""
        return self.live.now()

    @property
    def active(self) -> bool:
        """Whether it still queues, probes or measures; cleaning up afterwards does not count."""
        return self.job.state == "running" and self.now.phase != "over"

    @property
    def result(self) -> bench.RunResult | None:
        """What it found, also when it was cancelled or failed half way; None when it found nothing."""
        return self.job.result or self.now.result


@cache
def _runs() -> dict[str, Run]:
    """One a process."""
    return {}


def owner(workspace_name: str) -> str:
    """Owner of a workspace's benchmarks; not that of its other work, which ends when everybody leaves."""
    return f"benchmark-{workspace_name}"


def start(workspace: Workspace, plan: bench.Plan) -> str:
    """Begin a run in the background; returns its id."""
    run_id, live = history.new_run_id(), bench.Live(plan)
    context = bench.Context(workspace.backend, run_id)

    async def work(progress: Progress) -> bench.RunResult:
        return await history.run_recorded(
            plan, context, live.emit, workspace.settings, workspace=workspace.name
        )

    job: Job[Any] = core.get_jobs().start(
        "The benchmark", work, owner(workspace.name), secrets=workspace.settings.secrets
    )
    _forget()
    _runs()[run_id] = Run(run_id, plan, live, job)
    return run_id


def find(run_id: str) -> Run | None:
    """A run of this session's workspace in this process."""
    run = _runs().get(run_id)
    return run if run is not None and run.job.owner == owner(session.current().workspace_name) else None


def active() -> list[Run]:
    """The workspace's runs that go on, the oldest first."""
    mine = owner(session.current().workspace_name)
    return [run for run in list(_runs().values()) if run.job.owner == mine and run.active]


def any_active() -> bool:
    """Whether any benchmark goes on in this process, of whatever workspace."""
    return any(run.active for run in list(_runs().values()))


def _forget() -> None:
    ended = [run_id for run_id, run in _runs().items() if run.job.state != "running"]
    for run_id in ended[: max(len(ended) - _KEPT, 0)]:
        _runs().pop(run_id, None)


def stored(workspace: Workspace, run_id: str) -> bench.RunResult:
    """A benchmark of the history; raises `UsageError` when there is none of that id."""
    found = opened(workspace, run_id)
    if not isinstance(found.result, bench.RunResult):
        raise UsageError(f"This run is no benchmark but an {found.summary.kind}: open it in History.")
    return found.result


def opened(workspace: Workspace, run_id: str) -> kinds.Opened:
    """A run of the history, of whatever kind; raises `UsageError` when there is none of that id."""
    kept: kinds.Opened | None = st.session_state.get(_OPENED)
    opened = open_history(workspace)
    # One that was complete may have gone on: a vote is opened again, what failed is asked again.
    if kept is not None and kept.summary == opened.summary(run_id):
        return kept
    found = core.run(
        core.get_loop().blocking(kinds.open_run, opened, run_id),
        checkpoint=session.checkpoint(),
    )
    if found.summary.state == "complete":
        # Unpacking 100,000 samples anew for every click would be felt.
        st.session_state[_OPENED] = found
    return found


def forget_opened() -> None:
    """Read the opened run anew: its name has changed."""
    st.session_state.pop(_OPENED, None)


def open_history(workspace: Workspace) -> history.History:
    """The history of the workspace's settings."""
    return core.run(history.open_history(workspace.settings), checkpoint=session.checkpoint())
