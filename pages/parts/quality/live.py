"""An evaluation as far as it is: what its events tell, added up as they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import median
from threading import Lock
from time import monotonic

from core import evaluate


@dataclass
class Tally:
    """What one variant has come to so far; `sums` has the total and the count of each metric."""

    outcomes: int = 0
    errors: int = 0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line of the leaderboard so far; metrics from 0 to 1."""

    variant: evaluate.Variant
    outcomes: int
    errors: int
    metrics: dict[str, float]
    latency: float | None


class Live:
    """Takes events on the event-loop thread and is read by pages.

    Adding up as answers come costs 20 µs an answer; summing up all of them for every picture would
    take as long as many questions do.
    """

    def __init__(self) -> None:
        self.begun: evaluate.EvaluationResult | None = None
        self.ended: evaluate.EvaluationResult | None = None
        self.indexing: evaluate.Indexing | None = None
        self.progress: evaluate.Progress | None = None
        self.warnings: list[str] = []
        self._created = monotonic()
        self._lock = Lock()
        self._tallies: dict[str, Tally] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        return monotonic() - self._created

    def emit(self, event: object) -> None:
        """Take in an event; never blocks for long."""
        match event:
            case evaluate.Indexing():
                self.indexing = event
            case evaluate.Begun():
                self.begun = replace(event.result, outcomes=(), chunks={})
                self._add(event.result.outcomes)
            case evaluate.Answered():
                self._add(event.outcomes)
            case evaluate.Progress():
                self.progress = event
            case evaluate.Warned():
                self.warnings.append(event.text)
            case evaluate.Ended():
                self.ended = event.result

    def headlines(self) -> tuple[str, ...]:
        """The metrics to look at first, of those that were measured by now."""
        with self._lock:
            seen = {name for tally in self._tallies.values() for name in tally.sums}
        if self.begun is None:
            return ()
        example = evaluate.Outcome("", "", metrics=dict.fromkeys(seen, 0.0))
        return evaluate.headlines(replace(self.begun, outcomes=(example,)))

    def board(self) -> list[Line]:
        """The leaderboard so far, the best first."""
        if self.begun is None:
            return []
        names = self.headlines()
        with self._lock:
            lines = [
                _line(variant, self._tallies.get(variant.key, Tally()), names)
                for variant in self.begun.plan.variants
            ]
        return sorted(lines, key=lambda line: -line.metrics.get(names[0], 0.0) if names else 0.0)

    def _add(self, outcomes: Iterable[evaluate.Outcome]) -> None:
        with self._lock:
            for outcome in outcomes:
                tally = self._tallies.setdefault(outcome.variant, Tally())
                tally.outcomes += 1
                if outcome.error is not None:
                    tally.errors += 1
                else:
                    tally.seconds.append(outcome.timings.total)
                for name in dict.fromkeys(full.partition("/")[0] for full in outcome.metrics):
                    value = evaluate.metric_value(outcome.metrics, name)
                    total, count = tally.sums.get(name, (0.0, 0))
                    tally.sums[name] = (total + (value or 0.0), count + 1)


def _line(variant: evaluate.Variant, tally: Tally, names: Iterable[str]) -> Line:
    metrics = {
        name: total / count for name in names for total, count in [tally.sums.get(name, (0, 0))] if count
    }
    latency = median(tally.seconds) if tally.seconds else None
    return Line(variant, tally.outcomes, tally.errors, metrics, latency)
