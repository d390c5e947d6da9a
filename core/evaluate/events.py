"""What an evaluation tells while it goes on; pages, the command line and the history listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.evaluate.records import EvaluationResult, Outcome


@dataclass(frozen=True)
class Indexing:
    """A corpus is being indexed first: `done` of `total` of what the stage counts (files or chunks)."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Begun:
    """The questions begin. `result` has no outcomes but those of an earlier run that is resumed."""

    result: EvaluationResult


@dataclass(frozen=True)
class Answered:
    """One question is through all variants; its new outcomes."""

    question_id: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Progress:
    """Outcomes done of all, failures among them, and the seconds that the rest is expected to take."""

    done: int
    total: int
    errors: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Warned:
    """One sentence that the reader of the result should know."""

    text: str


@dataclass(frozen=True)
class Ended:
    """It is over: complete, incomplete (something failed for good) or cancelled."""

    result: EvaluationResult


Event = Indexing | Begun | Answered | Progress | Warned | Ended
Emit = Callable[[Event], None]
"""Called on the event loop, so it must not block."""
