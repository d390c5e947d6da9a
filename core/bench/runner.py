"""A run: stage, warm up, interleave the rounds, verify, sum up, and clean up whatever happens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from core.bench import turns
from core.bench.budget import Budget
from core.bench.cells import Cell, blocks, unfold
from core.bench.comparisons import ratios
from core.bench.drivers import Stop, Work
from core.bench.drivers.blocking import on_thread
from core.bench.environment import environment
from core.bench.estimate import Estimate, predict, probe
from core.bench.events import (
    CellFinished,
    Emit,
    Progress,
    Queued,
    RunFinished,
    RunStarted,
    VerdictReached,
    Warned,
)
from core.bench.lab import Lab
from core.bench.plan import CellKey, Plan
from core.bench.records import CellResult, Round, RunResult, State
from core.bench.rounds import Rounds
from core.bench.staging import Collections
from core.bench.summary import cell_result
from core.bench.verdict import verdict
from core.errors import BackendError, TandemError
from core.milvus import Backend, backend_key, explain, is_milvus_error


def _as_it_is(key: CellKey, work: Work) -> Work:
    return work


@dataclass(frozen=True)
class Context:
    """What a run works on. `disturb` may replace the calls of a cell: faults for tests and demos."""

    backend: Backend
    run_id: str = ""
    disturb: Callable[[CellKey, Work], Work] = _as_it_is


async def run(plan: Plan, context: Context, emit: Emit) -> RunResult:
    """Measure the plan, telling `emit` what happens; one run per backend at a time, others queue.

    Blocking work is on threads and the measured coroutines on a loop of the run's own, so the
    caller's loop stays free. Cancelling the task ends it within a second: `RunFinished` then holds
    what was finished. A Milvus that goes away for good gives a result whose state is "incomplete",
    with the reason among its warnings. Raises `UsageError` for a plan that this backend can't do.
    """
    key = backend_key(context.backend.settings)
    async with turns.turn(key, lambda place: emit(Queued(place))):
        return await _Run(plan, context, emit).execute()


class _Run:
    def __init__(self, plan: Plan, context: Context, emit: Emit) -> None:
        self.plan, self.context, self.emit = plan, context, emit
        self.backend = context.backend
        self.cells = unfold(plan, context.backend)
        self.stop = Stop()
        self.results: dict[CellKey, CellResult] = {}
        self.warnings: list[str] = []
        self.environment: dict[str, Any] = {}
        self.run_id = context.run_id or secrets.token_hex(6)
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self.begun = monotonic()

    async def execute(self) -> RunResult:
        """The whole run; cleans up whatever happens."""
        collections = Collections(self.backend)
        lab: Lab | None = None
        self.progress(0, 0, 0.0, "opening the clients and probing")
        try:
            lab = await Lab.open(self.backend, self.plan.rtts_ms)
            await self._measure(lab, collections)
            return self._finish("complete" if not self._cut_short() else "incomplete")
        except asyncio.CancelledError:
            self._finish("cancelled")
            raise
        except BackendError as error:
            self.warn(str(error))
            return self._finish("incomplete")
        finally:
            self.stop.set()
            await asyncio.shield(_clean_up(collections, lab))

    async def _measure(self, lab: Lab, collections: Collections) -> None:
        try:
            await lab.open_model(self.plan, self.cells)
            self.environment = await on_thread(lambda: environment(self.backend, lab.targets))
            forecast = await probe(lab, collections, self.plan, self.cells)
            expected = predict(self.plan, self.cells, forecast)
            self._announce(expected)
            budget = Budget(self.plan, self.cells, forecast, self.begun)
            rounds = Rounds(self.plan, self.context, lab, collections, budget, self)
            for block in blocks(self.cells):
                await rounds.block(block)
        except TandemError:
            raise
        except Exception as error:
            if is_milvus_error(error):
                raise explain(error, self.backend.address, self.backend.settings) from error
            raise

    def _announce(self, expected: Estimate) -> None:
        keys = tuple(cell.key for cell in self.cells)
        self.emit(
            RunStarted(
                self.run_id,
                self.plan,
                keys,
                expected.rounds,
                expected.seconds,
                expected.operations,
                self.environment,
            )
        )
        if turns.running() > 1:
            self.warn("Another benchmark ran in this process at the same time, on another Milvus.")
        if expected.rounds < self.plan.rounds:
            self.warn(
                f"The time budget of {self.plan.time_budget_s:g} s allows about {expected.rounds} of "
                f"{self.plan.rounds} rounds."
            )

    def warn(self, text: str) -> None:
        """Keep a warning with the run, once, and tell it."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.emit(Warned(text))

    def progress(self, done: int, total: int, seconds_left: float, doing: str) -> None:
        """Tell how far the run is."""
        self.emit(Progress(done, total, seconds_left, doing))

    def finish_cell(self, cell: Cell, rounds: Sequence[Round], **more: Any) -> None:
        """A cell is over."""
        result = cell_result(cell.key, rounds, **more)
        self.results[cell.key] = result
        self.emit(CellFinished(result))

    def _cut_short(self) -> bool:
        return any(cell.state != "complete" for cell in self.results.values())

    def _finish(self, state: State) -> RunResult:
        found = tuple(self.results[cell.key] for cell in self.cells if cell.key in self.results)
        compared = ratios(found)
        sentences = verdict(found, self.backend.kind)
        if compared or sentences:
            self.emit(VerdictReached(sentences, compared))
        result = RunResult(
            plan=self.plan,
            cells=found,
            ratios=compared,
            verdict=sentences,
            environment=self.environment,
            warnings=tuple(self.warnings),
            state=state,
            run_id=self.run_id,
            started_at=self.started_at,
            seconds=monotonic() - self.begun,
        )
        self.emit(RunFinished(result))
        return result


async def _clean_up(collections: Collections, lab: Lab | None) -> None:
    await on_thread(collections.close)
    if lab is not None:
        await lab.close()
