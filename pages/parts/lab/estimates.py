"""How long plans would take on this Milvus: probed in the background, once for each plan."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import core
from core import Job, Progress, TandemError, Workspace, bench
from pages.parts.lab import runs

# What makes a call slower or faster; how many rounds there are follows from it.
_NO_MATTER = {"name", "preset", "rounds", "time_budget_s", "warmup_calls"}
_MOST = 200


@cache
def _known() -> dict[str, bench.Forecast | str]:
    """One a process: what a probe foretold, or why it could not."""
    return {}


def of(workspace: Workspace, plan: bench.Plan) -> bench.Estimate | None:
    """What the probe says of this plan, whatever its rounds and time budget; None without a probe."""
    found = _known().get(_key(workspace, plan))
    if found is None or isinstance(found, str):
        return None
    return bench.predict(plan, bench.unfold(plan, workspace.backend), found)


def trouble(workspace: Workspace, plan: bench.Plan) -> str:
    """Why the plan could not be probed; empty when it could, or was not."""
    found = _known().get(_key(workspace, plan))
    return found if isinstance(found, str) else ""


def _key(workspace: Workspace, plan: bench.Plan) -> str:
    backend = workspace.backend
    return f"{backend.address.uri} {backend.version} {plan.model_dump_json(exclude=_NO_MATTER)}"


def probe(workspace: Workspace, plans: Sequence[bench.Plan]) -> Job[Any] | None:
    """Estimate in the background those that are not known; returns the job while one goes on.

    Nothing is probed while a benchmark runs: it would disturb what that one measures.
    """
    going = under_way(workspace)
    missing = [plan for plan in plans if _key(workspace, plan) not in _known()]
    if going is not None or not missing or runs.any_active():
        return going

    async def work(progress: Progress) -> None:
        for plan in missing:
            _keep(_key(workspace, plan), await _foretell(workspace, plan))

    return core.get_jobs().start("The estimate", work, _owner(workspace), secrets=workspace.settings.secrets)


async def _foretell(workspace: Workspace, plan: bench.Plan) -> bench.Forecast | str:
    try:
        return (await bench.estimate_run(plan, workspace.backend)).forecast
    except TandemError as error:
        return str(error)


def _keep(key: str, found: bench.Forecast | str) -> None:
    known = _known()
    known[key] = found
    for oldest in list(known)[:-_MOST]:
        known.pop(oldest, None)


def under_way(workspace: Workspace) -> Job[Any] | None:
    """The probe that goes on, if any."""
    jobs = core.get_jobs().of(_owner(workspace))
    return next((job for job in jobs if job.state == "running"), None)


def stop(workspace: Workspace) -> None:
    """End a probe: a run begins, and has one of its own."""
    core.get_jobs().cancel_owner(_owner(workspace))


def _owner(workspace: Workspace) -> str:
    return f"estimate-{workspace.name}"
