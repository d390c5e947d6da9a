"""What a run tells while it goes on, in this order; pages, the command line and history listen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.bench.plan import CellKey, Plan
from core.bench.records import CellResult, Ratio, Round, RunResult, Verdict


@dataclass(frozen=True)
class Queued:
    """Another benchmark uses this backend; `place` 1 is next."""

    place: int


@dataclass(frozen=True)
class RunStarted:
    """The run begins: its cells in order, and what the probe predicts."""

    run_id: str
    plan: Plan
    cells: tuple[CellKey, ...]
    rounds: int
    seconds: float
    operations: int
    environment: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CellStarted:
    """The first round of a cell begins."""

    key: CellKey


@dataclass(frozen=True)
class RoundFinished:
    """One round of a cell is done; `round.samples` holds its calls."""

    key: CellKey
    round: Round


@dataclass(frozen=True)
class CellFinished:
    """All rounds of a cell are done (or it was not measured, and its `note` says why)."""

    cell: CellResult


@dataclass(frozen=True)
class Progress:
    """Rounds done of all rounds, and the seconds that the rest is expected to take."""

    done: int
    total: int
    seconds_left: float
    doing: str = ""

    @property
    def share(self) -> float:
        """Part done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class Warned:
    """One sentence that the reader of the run should know."""

    text: str


@dataclass(frozen=True)
class VerdictReached:
    """The sentences and ratios of the whole run."""

    verdict: tuple[Verdict, ...]
    ratios: tuple[Ratio, ...]


@dataclass(frozen=True)
class RunFinished:
    """The run is over: complete, incomplete (something failed) or cancelled."""

    result: RunResult


Event = (
    Queued
    | RunStarted
    | CellStarted
    | RoundFinished
    | CellFinished
    | Progress
    | Warned
    | VerdictReached
    | RunFinished
)
Emit = Callable[[Event], None]
"""Called on the event loop, so it must not block: put the event on a queue."""
