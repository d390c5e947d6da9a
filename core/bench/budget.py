"""How many rounds the time allows, and how much time is left."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from time import monotonic

from core.bench.cells import Cell, blocks
from core.bench.estimate import Forecast
from core.bench.plan import CellKey, Plan

_FOREVER = float("inf")


class Budget:
    """Deals out the plan's time among the blocks, by what they are expected to take.

    `begun` is the `monotonic` time from which the plan's time counts. Expectations are corrected by
    what rounds really took. Blocks hold live cells only.
    """

    def __init__(self, plan: Plan, cells: Sequence[Cell], forecast: Forecast, begun: float) -> None:
        self._plan = plan
        self._forecast = forecast
        self._seen: dict[CellKey, list[float]] = {}
        self._stagings: list[float] = []
        self._to_come = blocks([cell for cell in cells if not cell.note])
        self._running: tuple[Cell, ...] = ()
        self._end = _FOREVER if plan.time_budget_s is None else begun + plan.time_budget_s
        self._block_end = _FOREVER
        self.done = 0

    @property
    def left(self) -> float:
        """Seconds of the time budget that are left; infinite without one."""
        return self._end - monotonic()

    @property
    def total(self) -> int:
        """Measured rounds, done and still to come."""
        return self.done + sum(self._missing(cell) for block in self._open for cell in block)

    def begin(self, block: tuple[Cell, ...]) -> bool:
        """Start a block; False when not even one round of it fits into the time."""
        self._running = block
        self._to_come = [item for item in self._to_come if item[0].key != block[0].key]
        mine, rest = self._whole(block), sum(map(self._whole, self._to_come))
        share = mine / (mine + rest) if mine + rest > 0 else 1.0
        self._block_end = _FOREVER if self.left == _FOREVER else monotonic() + self.left * share
        return self._expect().one_pass(block) <= self.left

    def allows(self, cells: Sequence[Cell]) -> bool:
        """Whether another round of these cells fits into the block's share of the time."""
        return monotonic() + self._expect().one_pass(cells) <= self._block_end

    def end(self) -> None:
        """The block that began is over, whatever was left of it."""
        self._running = ()

    def saw(self, key: CellKey, seconds: float) -> None:
        """A measured round took so long."""
        self._seen.setdefault(key, []).append(seconds)
        self.done += 1

    def staged(self, seconds: float) -> None:
        """Making a set of fresh collections took so long."""
        self._stagings.append(seconds)

    def seconds_left(self) -> float:
        """Seconds that the rest of the run is expected to take."""
        forecast = self._expect()
        rest = sum(self._whole(block) for block in self._to_come)
        if self._running:
            most = max(self._missing(cell) for cell in self._running)
            share = sum(map(self._missing, self._running)) / (len(self._running) * max(most, 1))
            rest += forecast.one_pass(self._running) * most * share
        return max(min(rest, self.left), 0.0)

    @property
    def _open(self) -> list[tuple[Cell, ...]]:
        return [*self._to_come, *([self._running] if self._running else [])]

    def _missing(self, cell: Cell) -> int:
        return max(self._plan.rounds - len(self._seen.get(cell.key, ())), 0)

    def _whole(self, block: Sequence[Cell]) -> float:
        forecast = self._expect()
        warm = forecast.warm_up(block, self._plan.warmup_calls)
        return warm + forecast.one_pass(block) * self._plan.rounds

    def _expect(self) -> Forecast:
        known = {key: fmean(seconds) for key, seconds in self._seen.items()}
        staging = fmean(self._stagings) if self._stagings else self._forecast.staging
        return Forecast({**self._forecast.cells, **known}, staging)
