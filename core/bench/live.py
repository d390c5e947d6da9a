"""What is known of a run that goes on: folded from its events, read by whoever shows it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Literal

from core.bench.events import (
    CellFinished,
    CellStarted,
    Event,
    Progress,
    Queued,
    RoundFinished,
    RunFinished,
    RunStarted,
    Warned,
)
from core.bench.plan import CellKey, Plan
from core.bench.records import CellResult, RunResult

Phase = Literal["queued", "probing", "running", "over"]
CellState = Literal["waiting", "running", "done", "skipped"]


@dataclass(frozen=True)
class LiveCell:
    """One cell so far. `throughputs` are the calls a second of its measured rounds, in their order.

    `note` says why a cell was skipped, or did not come to its end.
    """

    key: CellKey
    state: CellState = "waiting"
    throughputs: tuple[float, ...] = ()
    errors: int = 0
    note: str = ""

    @property
    def throughput(self) -> float | None:
        """Mean calls a second so far."""
        return sum(self.throughputs) / len(self.throughputs) if self.throughputs else None


@dataclass(frozen=True)
class LiveRun:
    """A run at one moment.

    `place` is that in the queue (1 is next) while the phase is "queued". `done` of `total` counts
    rounds; `seconds_left` is None until the probe has told; `rounds`, `expected` seconds and
    `operations` are what the probe foretold. `result` is there when the phase is "over".
    """

    plan: Plan
    phase: Phase = "probing"
    place: int = 0
    cells: tuple[LiveCell, ...] = ()
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    elapsed: float = 0.0
    rounds: int = 0
    expected: float | None = None
    operations: int = 0
    doing: CellKey | None = None
    warnings: tuple[str, ...] = ()
    result: RunResult | None = field(default=None, repr=False)

    @property
    def share(self) -> float:
        """Part done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


class Live:
    """Hand `emit` to a run and read `now`; both may be called from any thread."""

    def __init__(self, plan: Plan) -> None:
        self._lock = threading.Lock()
        self._run = LiveRun(plan)
        self._cells: dict[CellKey, LiveCell] = {}
        self._begun = monotonic()
        self._told = self._begun

    def now(self) -> LiveRun:
        """The run at this moment; the time left counts down between two reports of it."""
        with self._lock:
            run, cells, told, begun = self._run, tuple(self._cells.values()), self._told, self._begun
        if run.result is not None:
            return replace(run, cells=cells, elapsed=run.result.seconds)
        left = run.seconds_left
        return replace(
            run,
            cells=cells,
            elapsed=monotonic() - begun,
            seconds_left=None if left is None else max(left - (monotonic() - told), 0.0),
        )

    def emit(self, event: Event) -> None:
        """Take in what happened; never blocks for long."""
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Queued():
                self._change(phase="queued", place=event.place)
            case RunStarted():
                self._start(event)
            case CellStarted():
                self._run = replace(self._run, doing=event.key)
                self._cell(event.key, state="running")
            case RoundFinished():
                self._round(event)
            case CellFinished():
                self._finish(event.cell)
            case Progress():
                self._told = monotonic()
                self._change(done=event.done, total=event.total, seconds_left=event.seconds_left)
            case Warned():
                self._change(warnings=(*self._run.warnings, event.text))
            case RunFinished():
                self._change(phase="over", result=event.result, seconds_left=0.0, doing=None)

    def _start(self, event: RunStarted) -> None:
        # The wait in the queue is no part of the run.
        self._begun = self._told = monotonic()
        self._cells = {key: LiveCell(key) for key in event.cells}
        self._change(
            phase="running",
            place=0,
            rounds=event.rounds,
            expected=event.seconds,
            seconds_left=event.seconds,
            operations=event.operations,
        )

    def _round(self, event: RoundFinished) -> None:
        done = event.round
        seen = self._cells.get(event.key, LiveCell(event.key))
        more = (done.throughput,) if done.counted else ()
        self._run = replace(self._run, doing=event.key)
        self._cell(
            event.key,
            state="running",
            throughputs=(*seen.throughputs, *more),
            errors=seen.errors + done.errors,
        )

    def _finish(self, cell: CellResult) -> None:
        state: CellState = "done" if cell.counted else "skipped"
        throughputs = tuple(item.throughput for item in cell.counted)
        self._cell(cell.key, state=state, throughputs=throughputs, note=cell.note)

    def _cell(self, key: CellKey, **changes: object) -> None:
        self._cells[key] = replace(self._cells.get(key, LiveCell(key)), **changes)  # type: ignore[arg-type]

    def _change(self, **changes: object) -> None:
        self._run = replace(self._run, **changes)  # type: ignore[arg-type]  # names of its fields
