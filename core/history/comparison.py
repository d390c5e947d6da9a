"""Two benchmarks cell by cell: what became faster or slower, and whether that can be told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from core.bench.plan import CellKey, Plan
from core.bench.records import CellResult, Ratio, Round, RunResult
from core.errors import UsageError

Change = Literal["regression", "improvement", "chance", "same", "unknown", "invalid"]
CHANGES: dict[Change, str] = {
    "regression": "slower",
    "improvement": "faster",
    "chance": "perhaps by chance: of so many cells some differ",
    "same": "no measurable difference",
    "unknown": "one round gives no interval",
    "invalid": "its effect was wrong, or nothing was measured",
}
SIGNIFICANCE = 0.05
TOLERANCE = 0.05
"""What two runs of the same thing may differ by: an interval knows only what varies inside a run."""


@dataclass(frozen=True)
class CellChange:
    """One cell in both runs. `ratio` is the throughput now over the throughput before, with its interval.

    It is a regression when the whole interval lies below 1 by more than the tolerance, an improvement
    when it lies as far above. Where that would be no surprise among so many cells (Benjamini and
    Hochberg's correction) it is "chance"; "invalid" cells cannot be compared.
    """

    label: str
    change: Change
    before: float | None
    now: float | None
    ratio: Ratio | None

    @property
    def text(self) -> str:
        """The change in words."""
        return CHANGES[self.change]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields; throughputs in calls a second."""
        figures = None if self.ratio is None else (self.ratio.ratio, self.ratio.low, self.ratio.high)
        ratio, low, high = figures or (None, None, None)
        return {
            "label": self.label,
            "change": self.change,
            "throughput_before": self.before,
            "throughput_now": self.now,
            "ratio": ratio,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True)
class Comparison:
    """What changed from the run `before` to the run `now`, given by id.

    `differences` are what differs in their environments and could be the cause, as sentences.
    `only_before` and `only_now` are labels of cells that the other run does not have.
    """

    before: str
    now: str
    cells: tuple[CellChange, ...]
    differences: tuple[str, ...] = ()
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()
    tolerance: float = TOLERANCE

    @property
    def regressions(self) -> tuple[CellChange, ...]:
        """The cells that became slower beyond doubt."""
        return tuple(cell for cell in self.cells if cell.change == "regression")

    @property
    def summary(self) -> str:
        """One sentence for the whole."""
        counts = {name: sum(cell.change == name for cell in self.cells) for name in CHANGES}
        parts = [f"{count} {CHANGES[name]}" for name, count in counts.items() if count]
        return f"Of {len(self.cells)} cells in both runs: {', '.join(parts)}."

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {
            **asdict(self),
            "schema_version": 1,
            "cells": [cell.to_json() for cell in self.cells],
            "regressions": [cell.label for cell in self.regressions],
            "summary": self.summary,
        }


def compare(before: RunResult, now: RunResult, *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare two benchmarks; `UsageError` with the reason when their figures must not be set side by side.

    `tolerance` is the share by which runs of the same thing may differ.
    """
    old = _measured(before)
    new = _measured(now)
    check_comparable(before, now.plan, new)
    shared = [key for key in new if key in old]
    found = [_change(old[key], new[key], tolerance) for key in shared]
    values = [_p_value(old[key], new[key]) for key in shared]
    return Comparison(
        before=before.run_id,
        now=now.run_id,
        cells=tuple(_corrected(found, values)),
        differences=environment_differences(before.environment, now.environment),
        only_before=tuple(key.label for key in old if key not in new),
        only_now=tuple(key.label for key in new if key not in old),
        tolerance=tolerance,
    )


def check_comparable(before: RunResult, plan: Plan, keys: Iterable[CellKey]) -> None:
    """Raise `UsageError` with the reason unless a run of that plan, with those cells, may be compared."""
    if before.workload_hash != plan.workload_hash:
        old, new = before.plan.workload, plan.workload
        changed = [f"{name} {old[name]} against {new[name]}" for name in new if old[name] != new[name]]
        raise UsageError(
            "These two runs are not compared, for they did different work: " + ", ".join(changed) + "."
        )
    if not _measured(before).keys() & set(keys):
        raise UsageError(
            "These two runs have no cell in common: compare runs with the same operations, modes, counts, "
            "consistency levels and round trips."
        )


def _measured(run: RunResult) -> dict[CellKey, CellResult]:
    return {cell.key: cell for cell in run.cells if not cell.note}


def _change(old: CellResult, new: CellResult, tolerance: float) -> CellChange:
    from core.bench import statistics

    label = new.key.label
    if not (old.valid and new.valid):
        return CellChange(label, "invalid", old.throughput, new.throughput, None)
    ratio = statistics.ratio(label, label, new.rounds, _unpaired(old.rounds))
    return CellChange(label, _judge(ratio, tolerance), old.throughput, new.throughput, ratio)


def _corrected(found: Sequence[CellChange], values: Sequence[float]) -> Iterator[CellChange]:
    """The changes, less those that chance explains: one of twenty intervals misses the truth."""
    from scipy import stats

    judged = [place for place, cell in enumerate(found) if cell.change not in {"unknown", "invalid"}]
    adjusted = stats.false_discovery_control([values[place] for place in judged]) if judged else []
    surprises = {place for place, value in zip(judged, adjusted, strict=True) if value < SIGNIFICANCE}
    for place, cell in enumerate(found):
        differs = cell.change in {"regression", "improvement"}
        yield replace(cell, change="chance") if differs and place not in surprises else cell


def _p_value(old: CellResult, new: CellResult) -> float:
    """How likely rounds differ so much when nothing changed (Welch's test of the log throughputs)."""
    from scipy import stats

    groups = [[math.log(item.throughput) for item in cell.counted] for cell in (old, new)]
    if min(map(len, groups)) < 2:
        return 1.0
    if all(len(set(group)) == 1 for group in groups):
        return 1.0 if groups[0][0] == groups[1][0] else 0.0
    return float(stats.ttest_ind(*groups, equal_var=False).pvalue)


def _unpaired(rounds: Sequence[Round]) -> list[Round]:
    """Rounds whose numbers meet no round of another run: only rounds of one pass are pairs."""
    return [replace(item, index=-1 - item.index) for item in rounds]


def _judge(ratio: Ratio | None, tolerance: float) -> Change:
    if ratio is None or ratio.low is None or ratio.high is None:
        return "unknown"
    if ratio.high < 1 / (1 + tolerance):
        return "regression"
    return "improvement" if ratio.low > 1 + tolerance else "same"


def environment_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between where two runs were made, as sentences."""
    return changed(_flat(before), _flat(now))


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What has another value in `new` than in `old`, by name."""
    return tuple(
        f"{name}: {old.get(name, 'none')} before, {new.get(name, 'none')} now"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _flat(environment: Mapping[str, Any]) -> dict[str, Any]:
    """What may matter of an environment, by name; measured round trips always differ and are left out."""
    backend, packages = environment.get("backend", {}), environment.get("packages", {})
    shown = {name: environment.get(name) for name in ("cpu", "cores", "memory_gib", "platform", "python")}
    return {
        "Milvus": backend.get("label"),
        "address": backend.get("address"),
        **{name: value for name, value in shown.items() if value is not None},
        **packages,
    }
