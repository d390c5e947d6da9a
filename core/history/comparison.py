"""Two benchmarks cell by cell: what became faster or slower, and whether that can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from core.bench.records import CellResult, Ratio, Round, RunResult
from core.errors import UsageError

Change = Literal["regression", "improvement", "same", "unknown", "invalid"]
CHANGES: dict[Change, str] = {
    "regression": "slower",
    "improvement": "faster",
    "same": "no measurable difference",
    "unknown": "one round gives no interval",
    "invalid": "its effect was wrong, or nothing was measured",
}
TOLERANCE = 0.05
"""What two runs of the same thing may differ by: an interval knows only what varies inside a run."""


@dataclass(frozen=True)
class CellChange:
    """One cell in both runs. `ratio` is the throughput now over the throughput before, with its interval.

    It is a regression when the whole interval lies below 1 by more than the tolerance, an improvement
    when it lies as far above; "invalid" cells cannot be compared.
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
    _check(before, now)
    old = {cell.key: cell for cell in before.cells if not cell.note}
    new = {cell.key: cell for cell in now.cells if not cell.note}
    shared = [key for key in new if key in old]
    if not shared:
        raise UsageError(
            "These two runs have no cell in common: compare runs with the same operations, modes, counts, "
            "consistency levels and round trips."
        )
    return Comparison(
        before=before.run_id,
        now=now.run_id,
        cells=tuple(_change(old[key], new[key], tolerance) for key in shared),
        differences=tuple(_differences(before.environment, now.environment)),
        only_before=tuple(key.label for key in old if key not in new),
        only_now=tuple(key.label for key in new if key not in old),
        tolerance=tolerance,
    )


def _check(before: RunResult, now: RunResult) -> None:
    if before.workload_hash == now.workload_hash:
        return
    old, new = before.plan.workload, now.plan.workload
    changed = [f"{name} {old[name]} against {new[name]}" for name in new if old[name] != new[name]]
    raise UsageError(
        "These two runs are not compared, for they did different work: " + ", ".join(changed) + "."
    )


def _change(old: CellResult, new: CellResult, tolerance: float) -> CellChange:
    from core.bench import statistics

    label = new.key.label
    if not (old.valid and new.valid):
        return CellChange(label, "invalid", old.throughput, new.throughput, None)
    ratio = statistics.ratio(label, label, new.rounds, _unpaired(old.rounds))
    return CellChange(label, _judge(ratio, tolerance), old.throughput, new.throughput, ratio)


def _unpaired(rounds: Sequence[Round]) -> list[Round]:
    """Rounds whose numbers meet no round of another run: only rounds of one pass are pairs."""
    return [replace(item, index=-1 - item.index) for item in rounds]


def _judge(ratio: Ratio | None, tolerance: float) -> Change:
    if ratio is None or ratio.low is None or ratio.high is None:
        return "unknown"
    if ratio.high < 1 / (1 + tolerance):
        return "regression"
    return "improvement" if ratio.low > 1 + tolerance else "same"


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    old, new = _flat(before), _flat(now)
    return [
        f"{name}: {old.get(name, 'none')} before, {new.get(name, 'none')} now"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


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
