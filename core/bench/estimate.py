"""How long a run will take and how many calls it will send, from a probe of a few seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from core.bench.cells import Cell, blocks, unfold
from core.bench.drivers import Asyncio, Sequential, Stop
from core.bench.drivers.blocking import on_thread
from core.bench.lab import Lab
from core.bench.operations import Operation, Stage
from core.bench.plan import CellKey, Plan
from core.bench.staging import Collections
from core.milvus import Backend

_PROBE_ROWS = 200
_PROBE_SECONDS = 8.0
_ONE_BY_ONE, _AT_ONCE = 3, 16
# Fresh collections that are made at the same time before they are used.
FRESH_AT_ONCE = 16
# What a batch saves of the work that each call costs.
_BATCH_SHARE = 0.2


@dataclass(frozen=True)
class Pace:
    """Seconds of one call alone, and seconds a call when many are under way; no round trip added."""

    alone: float
    crowded: float


@dataclass(frozen=True)
class Forecast:
    """Expected seconds of one round of each cell, and of making a set of fresh collections."""

    cells: dict[CellKey, float]
    staging: float = 0.0

    def one_pass(self, cells: Sequence[Cell]) -> float:
        """Seconds of one round of each of these cells."""
        live = [cell for cell in cells if not cell.note]
        sets = math.ceil(sum(cell.operation.fresh for cell in live) / FRESH_AT_ONCE)
        return sum(self.cells[cell.key] for cell in live) + sets * self.staging

    def warm_up(self, cells: Sequence[Cell], calls: int) -> float:
        """Seconds of the warm-up round of each of these cells."""
        live = [cell for cell in cells if not cell.note] if calls else []
        shares = (self.cells[cell.key] * min(calls / cell.key.count, 1) for cell in live)
        sets = math.ceil(sum(cell.operation.fresh for cell in live) / FRESH_AT_ONCE)
        return sum(shares) + (sets + 1) * self.staging


@dataclass(frozen=True)
class Estimate:
    """What a run will cost. `rounds` is what fits into the time budget, `seconds` is for them.

    `operations` is the number of calls that Milvus will be sent; `skipped` tells cells that will not
    be measured and why.
    """

    seconds: float
    rounds: int
    operations: int
    cells: int
    skipped: tuple[tuple[str, str], ...] = ()
    forecast: Forecast = field(default_factory=lambda: Forecast({}), repr=False)


async def estimate_run(plan: Plan, backend: Backend) -> Estimate:
    """Probe the backend and predict the run; takes some seconds, and leaves nothing behind."""
    cells = unfold(plan, backend)
    lab = await Lab.open(backend, (0.0,))
    collections = Collections(backend)
    try:
        await lab.open_model(plan, cells)
        return predict(plan, cells, await probe(lab, collections, plan, cells))
    finally:
        await on_thread(collections.close)
        await lab.close()


def outline(plan: Plan, backend: Backend | None = None) -> Estimate:
    """What a plan comes to without a probe: cells and calls in all rounds; no seconds are foretold.

    Raises `UsageError` for a plan with no cell.
    """
    cells = unfold(plan, backend)
    return predict(plan, cells, Forecast({cell.key: 0.0 for cell in cells}))


def predict(plan: Plan, cells: Sequence[Cell], forecast: Forecast) -> Estimate:
    """The estimate that follows from a forecast."""
    live = [cell for cell in cells if not cell.note]
    groups = blocks(live)
    fixed = sum(forecast.warm_up(group, plan.warmup_calls) for group in groups)
    each = sum(forecast.one_pass(group) for group in groups)
    rounds = plan.rounds
    if plan.time_budget_s is not None and each > 0:
        rounds = max(1, min(rounds, int((plan.time_budget_s - fixed) / each)))
    calls = sum(cell.key.count * rounds + min(cell.key.count, plan.warmup_calls) for cell in live)
    return Estimate(
        seconds=min(fixed + rounds * each, plan.time_budget_s or math.inf),
        rounds=rounds,
        operations=calls,
        cells=len(live),
        skipped=tuple((cell.key.label, cell.note) for cell in cells if cell.note),
        forecast=forecast,
    )


async def probe(lab: Lab, collections: Collections, plan: Plan, cells: Sequence[Cell]) -> Forecast:
    """Measure a few calls of each kind, for at most some seconds, and foretell the rest from them."""
    kinds = dict.fromkeys(_kind(cell) for cell in cells if not cell.note)
    examples = {kind: next(cell for cell in cells if _kind(cell) == kind) for kind in kinds}
    shapes = {_shape(cell): cell for cell in examples.values()}
    begun = monotonic()
    wanted = {shape: (cell.operation, _stage(lab, collections, plan, cell)) for shape, cell in shapes.items()}
    made = await on_thread(lambda: collections.prepare_all([_filled(pair) for pair in wanted.values()]))
    staging = monotonic() - begun
    stores = dict(zip(wanted, made, strict=True))
    paces: dict[object, Pace] = {}
    for kind, cell in examples.items():
        store = stores[_shape(cell)]
        if monotonic() - begun - staging > _PROBE_SECONDS or isinstance(store, Exception):
            break
        stage = wanted[_shape(cell)][1]
        paces[kind] = await _pace(lab, cell, store, stage)
    await on_thread(lambda: collections.drop([stage.collection for _, stage in wanted.values()]))
    known = list(paces.values()) or [Pace(0.01, 0.002)]
    slowest = max(known, key=lambda pace: pace.alone)
    expected = {cell.key: _seconds(cell, paces.get(_kind(cell), slowest)) for cell in cells}
    return Forecast(expected, staging)


async def _pace(lab: Lab, cell: Cell, store: Any, stage: Stage) -> Pace:
    def work(count: int) -> Any:
        return cell.operation.build(store, replace(stage, key=replace(stage.key, count=count)))

    if cell.operation.family == "clear":
        return Pace(0.01, 0.005)
    one_by_one = await on_thread(lambda: work(_ONE_BY_ONE))
    alone = await lab.run(Sequential().drive(one_by_one, Stop()))
    at_once = await on_thread(lambda: work(_AT_ONCE))
    crowd = await lab.run(Asyncio().drive(at_once, Stop()))
    return Pace(alone.seconds / _ONE_BY_ONE, crowd.seconds / _AT_ONCE)


def _seconds(cell: Cell, pace: Pace) -> float:
    """Seconds of one round of a cell."""
    key, trips = cell.key, cell.operation.round_trips
    call = pace.alone + key.rtt_ms / 1e3 * trips
    crowded = min(pace.crowded, pace.alone)
    if key.mode == "sequential":
        return key.count * call
    if key.mode == "batch":
        return call + key.count * crowded * _BATCH_SHARE
    return max(key.count * min(crowded, pace.alone / 2), math.ceil(key.count / max(key.limit, 1)) * call)


def _kind(cell: Cell) -> tuple[object, ...]:
    """Cells of one kind are taken to cost the same a call."""
    operation = cell.operation
    return (*_shape(cell), operation.family, operation.round_trips)


def _shape(cell: Cell) -> tuple[object, ...]:
    """Cells of one shape can be probed in one collection."""
    operation = cell.operation
    shape = operation.shape if operation.family != "clear" else "clear"
    return cell.key.framework, shape, cell.key.consistency


def _stage(lab: Lab, collections: Collections, plan: Plan, cell: Cell) -> Stage:
    small = replace(cell.key, count=_AT_ONCE)
    rows = min(max(plan.rows, _AT_ONCE), _PROBE_ROWS)
    return Stage(plan, small, lab.backend, lab.targets[0.0], collections.name(), rows, lab.model)


def _filled(pair: tuple[Operation, Stage]) -> tuple[Operation, Stage]:
    """The probe's collections hold rows even for inserts: reads of the same shape share them."""
    operation, stage = pair
    return replace(operation, filled=operation.family != "clear"), stage
