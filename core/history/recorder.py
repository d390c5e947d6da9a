"""Stores a benchmark while it goes on, without ever holding it up or failing it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING

from core.bench.events import (
    CellFinished,
    Emit,
    Event,
    RoundFinished,
    RunFinished,
    RunStarted,
    VerdictReached,
    Warned,
)
from core.bench.plan import CellKey, Plan
from core.bench.records import RunResult
from core.errors import StorageError
from core.history import benchmarks
from core.history.records import new_run_id
from core.history.store import ENDED_EARLY, History
from core.history.writer import Writer
from core.loop import get_loop
from core.processes import this_process
from core.settings import Settings

if TYPE_CHECKING:
    from core.bench.runner import Context

HEARTBEAT = 10.0
"""Seconds between two signs of life of a run in which nothing happens."""
RETRY = 5.0
"""Seconds before storing is tried again after it failed."""
LAST_TRY = 10.0
"""Seconds that the end of a run waits for what is not stored yet."""

_log = logging.getLogger("tandem.history")
_STORED = (RunStarted, RoundFinished, CellFinished, VerdictReached, Warned, RunFinished)


class Recorder:
    """Listens to a benchmark's events and writes them to the history, after each round and each cell.

    `async with Recorder(history, forward) as recorder`: hand `recorder.run_id` and `recorder.emit` to
    the run. Events go on to `forward` at once. Where storing fails, `forward` gets one `Warned`, the
    run goes on, what is not stored yet is kept in memory and tried again.
    """

    def __init__(
        self, history: History, forward: Emit, *, workspace: str = "", note: str = "", run_id: str = ""
    ) -> None:
        self.run_id = run_id or new_run_id()
        self.trouble = ""
        """Why the run is not wholly stored, as one sentence; empty while all is well."""
        self._history, self._forward = history, forward
        self._workspace, self._note = workspace, note
        self._owner = this_process() + self.run_id[:12]
        self._pending: list[Event] = []
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._warned = False
        self._positions: dict[CellKey, int] = {}
        self._warnings: list[str] = []
        self._begun = self._finished = False

    def emit(self, event: Event) -> None:
        """Take an event; never blocks."""
        self._forward(event)
        if isinstance(event, _STORED):
            self._pending.append(event)
            self._news.set()

    async def __aenter__(self) -> Recorder:
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._news.set()
        # Also when the run is cancelled: what is finished is kept.
        await asyncio.shield(self._end())

    async def _serve(self) -> None:
        while not self._closing.is_set():
            signal, patience = (self._closing, RETRY) if self.trouble else (self._news, HEARTBEAT)
            with suppress(TimeoutError):
                await asyncio.wait_for(signal.wait(), patience)
            self._news.clear()
            await self._store()

    async def _end(self) -> None:
        try:
            await asyncio.wait_for(self._wind_up(), LAST_TRY)
        except TimeoutError:
            self._failed("Its database did not answer in time.")

    async def _wind_up(self) -> None:
        await self._task
        if self._pending or (self._begun and not self._finished):
            await self._store()

    async def _store(self) -> None:
        """Write what is pending in one transaction; on failure keep it, and say so once."""
        batch = tuple(self._pending)
        if not batch and not self._begun:
            return
        try:
            await get_loop().blocking(self._write, batch)
        except StorageError as error:
            self._failed(str(error))
        except Exception:  # noqa: BLE001 - a fault in storing must not cost the measurement
            _log.exception("Storing a benchmark failed")
            self._failed("Storing it failed in an unexpected way; the log says more.")
        else:
            del self._pending[: len(batch)]
            self.trouble = ""

    def _failed(self, reason: str) -> None:
        self.trouble = f"This run is not in the history as a whole. {reason}"
        if not self._warned:
            self._warned = True
            consequence = "The benchmark goes on, and storing is tried again."
            self._forward(Warned(f"This run is not being stored: {reason} {consequence}"))

    # On a thread of the blocking pool, one call at a time. A batch that failed comes again as a whole.

    def _write(self, batch: tuple[Event, ...]) -> None:
        with self._history.write() as writer:
            for event in batch:
                self._apply(writer, event)
            if self._begun and not self._finished:
                if self._closing.is_set():
                    warnings = [*self._warnings, ENDED_EARLY]
                    writer.finish(self.run_id, "incomplete", warnings=warnings)
                else:
                    writer.alive(self.run_id)

    def _apply(self, writer: Writer, event: Event) -> None:
        match event:
            case RunStarted():
                self._begin(writer, event)
            case RoundFinished():
                benchmarks.store_round(writer, self.run_id, event.key, event.round)
            case CellFinished():
                benchmarks.store_cell(writer, self.run_id, event.cell, self._position(event.cell.key))
            case VerdictReached():
                writer.update(self.run_id, **benchmarks.conclusions(event.verdict, event.ratios))
            case Warned():
                self._warn(writer, event.text)
            case RunFinished():
                self._finish(writer, event.result)

    def _begin(self, writer: Writer, event: RunStarted) -> None:
        self._positions = {key: place for place, key in enumerate(event.cells)}
        new = benchmarks.new_run(
            self.run_id,
            event.plan,
            event.cells,
            event.environment,
            workspace=self._workspace,
            note=self._note,
        )
        writer.begin(new, self._owner)
        writer.update(self.run_id, warnings=self._warnings)
        self._begun = True

    def _warn(self, writer: Writer, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)
        writer.update(self.run_id, warnings=self._warnings)

    def _finish(self, writer: Writer, result: RunResult) -> None:
        if not self._begun and not result.cells and result.state == "cancelled":
            return  # cancelled in its probe: there is nothing to keep
        if not self._begun:
            keys = tuple(cell.key for cell in result.cells)
            self._begin(writer, RunStarted(self.run_id, result.plan, keys, 0, 0.0, 0, result.environment))
        benchmarks.finish(writer, self.run_id, result)
        self._finished = True

    def _position(self, key: CellKey) -> int:
        return self._positions.setdefault(key, len(self._positions))


async def run_recorded(
    plan: Plan, context: Context, emit: Emit, settings: Settings, *, workspace: str = "", note: str = ""
) -> RunResult:
    """`core.bench.run`, stored in the history of the settings as it goes; the result has its `run_id`.

    A history that cannot be used costs one `Warned` and one warning in the result, never the run.
    """
    from core.bench.runner import run

    # Its first import takes a second, which the summing up of the first cell would spend on the loop.
    await get_loop().blocking(import_module, "scipy.stats")
    context = replace(context, run_id=context.run_id or new_run_id())
    try:
        history = await open_history(settings)
    except StorageError as error:
        warning = f"This run is not being stored: {error}"
        emit(Warned(warning))
        return _with_warning(await run(plan, context, emit), warning)
    async with Recorder(history, emit, workspace=workspace, note=note, run_id=context.run_id) as recorder:
        result = await run(plan, context, recorder.emit)
    return _with_warning(result, recorder.trouble)


async def open_history(settings: Settings) -> History:
    """The shared history of the settings; await it on the loop."""
    loop = get_loop()

    async def make() -> History:
        return await loop.blocking(History.open, settings)

    key = ("history", settings.database_url, str(settings.home))
    return await loop.resource(key, make, lambda history: history.close())


def _with_warning(result: RunResult, warning: str) -> RunResult:
    return replace(result, warnings=(*result.warnings, warning)) if warning else result
