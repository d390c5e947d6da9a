"""The rounds of one block: staged, warmed up, interleaved, driven, verified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

from core.bench.checking import check_all
from core.bench.drivers import Asyncio, Batch, Drive, Driver, OpenLoop, Sequential, Stop, Threads, Work
from core.bench.drivers.blocking import on_thread
from core.bench.estimate import FRESH_AT_ONCE
from core.bench.events import CellStarted, Emit, RoundFinished
from core.bench.operations import Stage
from core.bench.plan import CellKey, Plan, parse_load
from core.bench.records import Round
from core.bench.recovery import recover
from core.bench.staging import Collections
from core.bench.summary import cell_result, round_of
from core.milvus import explain, is_lost

if TYPE_CHECKING:
    from core.bench.budget import Budget
    from core.bench.cells import Cell
    from core.bench.lab import Lab
    from core.bench.runner import Context

_SECONDS_A_CALL_UNDER_WAY = 0.05
_OUT_OF_TIME = "not measured: the time budget ended"


class Report(Protocol):
    """Where the rounds tell what happens."""

    emit: Emit
    stop: Stop

    def warn(self, text: str) -> None:
        """Keep a warning with the run."""
        ...

    def progress(self, done: int, total: int, seconds_left: float, doing: str) -> None:
        """Tell how far the run is."""
        ...

    def finish_cell(self, cell: Cell, rounds: Sequence[Round], **more: Any) -> None:
        """A cell is over."""
        ...


@dataclass
class _Outcome:
    """A cell on its way through one chunk of a pass."""

    cell: Cell
    stage: Stage
    store: Any
    position: int
    work: Work | None = None
    drive: Drive | None = None
    started_at: float = 0.0


class Rounds:
    """Runs one block after the other on a lab."""

    def __init__(
        self, plan: Plan, context: Context, lab: Lab, collections: Collections, budget: Budget, report: Report
    ) -> None:
        self._plan, self._context, self._lab = plan, context, lab
        self._collections, self._budget, self._report = collections, budget, report
        self._shared: dict[object, str] = {}
        self._fresh: list[str] = []
        self._stores: dict[tuple[object, float], Any] = {}
        self._rounds: dict[CellKey, list[Round]] = {}
        self._troubles: dict[CellKey, str] = {}
        self._rates: dict[CellKey, float] = {}

    async def block(self, block: Sequence[Cell]) -> None:
        """Measure a block; every cell is finished afterwards, whatever happens."""
        for cell in block:
            if cell.note:
                self._report.finish_cell(cell, (), note=cell.note)
        live = tuple(cell for cell in block if not cell.note)
        if not live:
            return
        if not self._budget.begin(live):
            for cell in live:
                self._report.finish_cell(cell, (), note=_OUT_OF_TIME, state="incomplete")
            self._report.warn("The time budget ended before every cell was measured.")
            return
        await self._measure(live)

    async def _measure(self, live: Sequence[Cell]) -> None:
        self._rounds = {cell.key: [] for cell in live}
        whole = False
        try:
            closed = [cell for cell in live if cell.key.mode != "open"]
            await self._passes(closed)
            await self._passes([cell for cell in live if cell.key.mode == "open"])
            whole = True
        finally:
            self._budget.end()
            for cell in live:
                self._finish(cell, whole=whole)

    def _finish(self, cell: Cell, *, whole: bool) -> None:
        rounds = self._rounds[cell.key]
        counted = sum(item.counted for item in rounds)
        complete = whole and not self._troubles.get(cell.key) and counted > 0
        if not rounds and not whole:
            return
        self._report.finish_cell(
            cell,
            rounds,
            alone=self._alone(cell.key),
            state="complete" if complete else "incomplete",
            note=self._troubles.get(cell.key, ""),
            achieved_rtt_ms=self._lab.targets[cell.key.rtt_ms].achieved_rtt_ms,
            offered_rate=self._rates.get(cell.key),
        )

    def _alone(self, key: CellKey) -> float | None:
        """Seconds of one call by itself, from the sequential cell of the same work."""
        twins = [k for k in self._rounds if k.mode == "sequential" and _same_work(k, key)]
        rounds = [item for twin in twins for item in self._rounds[twin] if item.counted]
        return fmean(item.seconds for item in rounds) / key.count if rounds else None

    async def _passes(self, cells: Sequence[Cell]) -> None:
        if not cells:
            return
        if self._plan.warmup_calls:
            await self._one_pass(cells, 0)
        for index in range(1, self._plan.rounds + 1):
            if index > 1 and not self._budget.allows(cells):
                break
            await self._one_pass(cells, index)

    async def _one_pass(self, cells: Sequence[Cell], index: int) -> None:
        """One round of each cell; the order is reversed on alternate passes."""
        order = [cell for cell in cells if cell.key not in self._troubles]
        position = 0
        for chunk in _chunks(order if index % 2 else order[::-1]):
            await self._chunk(chunk, index, position)
            position += len(chunk)

    async def _chunk(self, cells: Sequence[Cell], index: int, position: int) -> None:
        outcomes = await self._staged(cells, index, position)
        self._fresh = [item.stage.collection for item in outcomes if item.cell.operation.fresh]
        try:
            for outcome in outcomes:
                if isinstance(outcome.store, Exception):
                    self._unusable(outcome.cell, outcome.store)
                    continue
                await self._drive(outcome, index)
                if not outcome.cell.operation.fresh:
                    await self._settle([outcome], index)
            await self._settle([item for item in outcomes if item.cell.operation.fresh], index)
        finally:
            if self._fresh and not self._report.stop.is_set():
                fresh, self._fresh = self._fresh, []
                await asyncio.shield(on_thread(lambda: self._collections.drop(fresh)))

    # Staging

    async def _staged(self, cells: Sequence[Cell], index: int, position: int) -> list[_Outcome]:
        """The cells with their stores; fresh collections are all made at the same time."""
        outcomes = [
            _Outcome(cell, self._stage(cell, index), None, position + place)
            for place, cell in enumerate(cells)
        ]
        fresh = [item for item in outcomes if item.cell.operation.fresh]
        begun = time.monotonic()
        made = await on_thread(
            lambda: self._collections.prepare_all([(item.cell.operation, item.stage) for item in fresh])
        )
        if fresh:
            self._budget.staged(time.monotonic() - begun)
        for item, store in zip(fresh, made, strict=True):
            item.store = store
        await self._open_shared([item for item in outcomes if not item.cell.operation.fresh])
        return outcomes

    def _stage(self, cell: Cell, index: int) -> Stage:
        key, operation = cell.key, cell.operation
        if index == 0:
            key = replace(key, count=min(key.count, self._plan.warmup_calls))
        rows = max(self._plan.rows, key.count) if operation.fresh else self._plan.rows
        name = self._collections.name() if operation.fresh else self._shared_name(cell)
        return Stage(
            self._plan, key, self._lab.backend, self._lab.targets[key.rtt_ms], name, rows, self._lab.model
        )

    def _shared_name(self, cell: Cell) -> str:
        return self._shared.setdefault(_data_of(cell), "") or self._collections.name()

    async def _open_shared(self, outcomes: Sequence[_Outcome]) -> None:
        """Reading cells of one framework and consistency level share a collection for the whole run."""
        missing = {_data_of(item.cell): item for item in outcomes if not self._shared[_data_of(item.cell)]}
        direct = self._lab.targets[0.0]
        wanted = [(item.cell.operation, replace(item.stage, target=direct)) for item in missing.values()]
        made = await on_thread(lambda: self._collections.prepare_all(wanted))
        for (shape, item), store in zip(missing.items(), made, strict=True):
            if isinstance(store, Exception):
                self._stores[(shape, 0.0)] = store
            else:
                self._shared[shape] = item.stage.collection
                self._stores[(shape, 0.0)] = store
        for item in outcomes:
            item.store = await self._shared_store(item)

    async def _shared_store(self, item: _Outcome) -> Any:
        shape, rtt = _data_of(item.cell), item.cell.key.rtt_ms
        item.stage = replace(item.stage, collection=self._shared[shape])
        if isinstance(self._stores.get((shape, 0.0)), Exception):
            return self._stores[(shape, 0.0)]
        if (shape, rtt) not in self._stores:
            self._stores[(shape, rtt)] = await on_thread(lambda: item.cell.operation.kit.open(item.stage))
        return self._stores[(shape, rtt)]

    # Driving

    async def _drive(self, item: _Outcome, index: int) -> None:
        await self._follow(item)
        cell, stage = item.cell, item.stage
        if not self._rounds[cell.key]:
            self._report.emit(CellStarted(cell.key))
        self._report.progress(
            self._budget.done, self._budget.total, self._budget.seconds_left(), cell.key.label
        )
        stage.target.defaults.timeout = self._timeout(cell.key)
        item.work = await on_thread(
            lambda: self._context.disturb(cell.key, cell.operation.build(item.store, stage))
        )
        driver = await self._driver(item, index)
        item.started_at = time.time()
        item.drive = await self._lab.run(driver.drive(item.work, self._report.stop))
        if item.drive.lost and not self._report.stop.is_set():
            names = {*filter(None, self._shared.values()), *self._fresh}
            await recover(self._lab, cell.key, names, self._report.warn)
            if self._lab.targets[cell.key.rtt_ms] is not stage.target:
                self._stores = {at: store for at, store in self._stores.items() if at[1] != cell.key.rtt_ms}

    async def _follow(self, item: _Outcome) -> None:
        """Open the store anew when its target was replaced after it had been staged."""
        target = self._lab.targets[item.cell.key.rtt_ms]
        if item.stage.target is target:
            return
        item.stage = replace(item.stage, target=target)
        item.store = await on_thread(lambda: item.cell.operation.kit.open(item.stage))
        if not item.cell.operation.fresh:
            self._stores[_data_of(item.cell), item.cell.key.rtt_ms] = item.store

    async def _driver(self, item: _Outcome, index: int) -> Driver:
        key = item.cell.key
        match key.mode:
            case "sequential":
                return Sequential()
            case "threads":
                return Threads(key.concurrency)
            case "asyncio":
                return Asyncio(key.concurrency)
            case "batch":
                return Batch()
        if key not in self._rates:
            self._rates[key] = await self._rate(item)
        return OpenLoop(self._rates[key], key.concurrency, self._plan.seed + index)

    async def _rate(self, item: _Outcome) -> float:
        """Calls a second of an open-loop cell: as given, or a share of the greatest that was measured."""
        key = item.cell.key
        rate, share = parse_load(key.load)
        if rate is not None or share is None:
            return rate or 1.0
        measured = [
            cell_result(other, rounds).throughput or 0.0
            for other, rounds in self._rounds.items()
            if other.mode == "asyncio" and _same_work(other, key)
        ]
        if max(measured, default=0.0):
            return share * max(measured)
        assert item.work is not None
        alone = await self._lab.run(Asyncio().drive(item.work, self._report.stop))
        return max(share * alone.ok / alone.seconds, 0.1)

    def _timeout(self, key: CellKey) -> float:
        """Calls that are issued together wait for each other: their time-out grows with their number."""
        base = self._lab.backend.settings.milvus_timeout
        if key.mode == "batch":
            return self._lab.backend.admin_timeout
        return base + (key.limit if key.mode != "sequential" else 0) * _SECONDS_A_CALL_UNDER_WAY

    # Afterwards

    async def _settle(self, outcomes: Sequence[_Outcome], index: int) -> None:
        """Verify and record driven rounds; several at once, for a read at Strong consistency waits."""
        driven = [(item, item.work, item.drive) for item in outcomes if item.work and item.drive]
        warmup = index == 0
        unchecked = [(None, "")] * len(driven)
        checked = unchecked if warmup else await on_thread(lambda: check_all([pair[1:] for pair in driven]))
        for (item, _, drive), (verified, detail) in zip(driven, checked, strict=True):
            made = round_of(drive, index, item.position, warmup=warmup, started_at=item.started_at)
            self._record(item.cell, replace(made, verified=verified, detail=detail), drive)

    def _record(self, cell: Cell, done: Round, drive: Drive) -> None:
        self._rounds[cell.key].append(done)
        if not done.warmup:
            self._budget.saw(cell.key, done.seconds)
        if done.verified is False:
            self._report.warn(f"{cell.key.label}: round {done.index} had a wrong effect: {done.detail}.")
        if drive.first_error is not None and not drive.lost:
            sentence = explain(drive.first_error, self._lab.backend.address, self._lab.backend.settings)
            self._report.warn(f"{cell.key.label}: calls failed, the first one so: {sentence}")
        self._report.emit(RoundFinished(cell.key, done))
        self._report.progress(
            self._budget.done, self._budget.total, self._budget.seconds_left(), cell.key.label
        )

    def _unusable(self, cell: Cell, error: Exception) -> None:
        sentence = explain(error, self._lab.backend.address, self._lab.backend.settings)
        if is_lost(error):
            raise sentence from error
        self._troubles[cell.key] = f"its collection could not be prepared: {sentence}"


def _chunks(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Cells in their order, cut so that few fresh collections exist at a time."""
    chunk: list[Cell] = []
    for cell in cells:
        if cell.operation.fresh and sum(item.operation.fresh for item in chunk) == FRESH_AT_ONCE:
            yield chunk
            chunk = []
        chunk.append(cell)
    if chunk:
        yield chunk


def _data_of(cell: Cell) -> tuple[object, ...]:
    """What a reading cell reads: cells that are alike in this share a collection."""
    return cell.key.framework, cell.operation.shape, cell.key.consistency


def _same_work(one: CellKey, other: CellKey) -> bool:
    same = ("framework", "operation", "count", "consistency", "rtt_ms")
    return all(getattr(one, name) == getattr(other, name) for name in same)
