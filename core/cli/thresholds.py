"""Limits that a benchmark must keep, as people write them: `llamaindex.query.asyncio.p95<200ms`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from core.bench.plan import CellKey, Plan
from core.bench.records import CellResult, RunResult
from core.errors import UsageError

GRAMMAR = """\
thresholds:
  FRAMEWORK.OPERATION.MODE[@CONDITION,...].METRIC LIMIT, for example
    llamaindex.query.asyncio.p95<200ms
    '*.*.asyncio@n=100,Strong,rtt=50.ratio>=2x'
  `*` stands for any name. Conditions narrow it down to some cells: n=100 (calls), c=64 (concurrency),
  rtt=50 (ms added), a consistency level, an open loop's load as 70% or 200/s. Every cell that is
  meant must keep the limit.
  LIMIT is <, <=, > or >=, a number and a unit:
    p50 p90 p95 p99   latency of a call (open loop: response time), in ms or s
    seconds           mean time of a round, in ms or s
    throughput        calls a second, in /s
    errors            failed calls, as a number or in %
    ratio             throughput over that of the sequential cell of the same work, in x
exit codes:
  0 all is well, 1 the run is invalid (a wrong effect, a cell not measured), 2 wrong usage,
  3 a threshold is missed or --compare found a regression, 130 stopped by Ctrl-C (what is finished is kept)
"""

_FORM = re.compile(
    r"(?P<cells>[^<>]+)\.(?P<metric>[a-z0-9]+)\s*(?P<operator><=|>=|<|>)\s*"
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|/s|x|%)?"
)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PERCENTILES = ("p50", "p90", "p95", "p99")
# Factors into the metric's own unit: milliseconds, seconds, calls a second, calls or a share, a multiple.
_UNITS: dict[str, dict[str, float]] = {
    **{name: {"ms": 1.0, "s": 1e3} for name in _PERCENTILES},
    "seconds": {"s": 1.0, "ms": 1e-3},
    "throughput": {"/s": 1.0, "": 1.0},
    "errors": {"": 1.0, "%": 0.01},
    "ratio": {"x": 1.0, "": 1.0},
}
_SHOWN = {**dict.fromkeys(_PERCENTILES, "{:.4g} ms"), "seconds": "{:.4g} s", "throughput": "{:.4g}/s"}
_CONDITIONS = {"n": "count", "c": "concurrency", "rtt": "rtt_ms"}
_LEVELS = ("Strong", "Session", "Bounded", "Eventually")


@dataclass(frozen=True)
class Outcome:
    """What a threshold found in one cell; `measured` is in words."""

    threshold: str
    label: str
    passed: bool
    measured: str

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Threshold:
    """One limit on the metric of some cells; `limit` is in the metric's own unit."""

    text: str
    names: tuple[str, ...]
    conditions: tuple[tuple[str, Any], ...]
    metric: str
    operator: str
    limit: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """What the text means; `UsageError` says what is wrong with it."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise _unclear(text, "write for example llamaindex.query.asyncio.p95<200ms")
        cells, _, conditions = found["cells"].partition("@")
        names, unit, metric = tuple(cells.strip().split(".")), found["unit"] or "", found["metric"]
        if len(names) != 3 or not all(names):
            raise _unclear(text, "name framework, operation and mode, each may be *")
        if metric not in _UNITS:
            raise _unclear(text, f"the metric {metric} is none of {', '.join(_UNITS)}")
        if unit not in _UNITS[metric]:
            raise _unclear(text, f"{metric} is given in {' or '.join(filter(None, _UNITS[metric]))}")
        limit = float(found["number"]) * _UNITS[metric][unit]
        named = tuple(_condition(text, item) for item in conditions.split(",") if conditions)
        return cls(text, names, named, metric, found["operator"], limit, unit)

    def means(self, key: CellKey) -> bool:
        """Whether a cell is one of those that must keep the limit."""
        own = (key.framework, key.operation, key.mode)
        named = all(fnmatchcase(mine, wanted) for mine, wanted in zip(own, self.names, strict=True))
        return named and all(getattr(key, name) == value for name, value in self.conditions)

    def check_plan(self, plan: Plan, keys: Sequence[CellKey]) -> None:
        """Raise `UsageError` when no cell of the plan can ever tell whether the limit is kept."""
        from core.bench.statistics import ENOUGH

        meant = [key for key in keys if self.means(key)]
        if not meant:
            raise UsageError(f"The threshold {self.text} means no cell of this run: check its names.")
        for key in meant:
            calls = plan.rounds * (1 if key.mode == "batch" else key.count)
            if self.metric in ENOUGH and calls < ENOUGH[self.metric]:
                raise UsageError(
                    f"The threshold {self.text} cannot be judged: {self.metric} needs {ENOUGH[self.metric]} "
                    f"calls, and {key.label} makes {calls} in all rounds."
                )
            if self.metric == "ratio" and _sequential(key) not in keys:
                raise UsageError(
                    f"The threshold {self.text} cannot be judged: the run has no sequential cell beside "
                    f"{key.label}: add --mode sequential."
                )

    def check(self, result: RunResult) -> list[Outcome]:
        """Whether each cell that is meant keeps the limit; one that was not measured does not."""
        return [self._check(cell, result) for cell in result.cells if self.means(cell.key)] or [
            Outcome(self.text, "", passed=False, measured="no cell was measured")
        ]

    def _check(self, cell: CellResult, result: RunResult) -> Outcome:
        value = self._value(cell, result) if cell.valid else None
        if value is None:
            reason = cell.note or ("it had a wrong effect" if cell.verified is False else "n too small")
            return Outcome(self.text, cell.key.label, passed=False, measured=reason)
        passed = _OPERATORS[self.operator](value, self.limit)
        return Outcome(self.text, cell.key.label, passed, self._shown(value))

    def _value(self, cell: CellResult, result: RunResult) -> float | None:
        if self.metric in _PERCENTILES:
            times = cell.response if cell.key.mode == "open" else cell.latency
            found: float | None = getattr(times, self.metric)
            return found
        if self.metric == "seconds":
            return sum(cell.seconds) / len(cell.seconds)
        if self.metric == "throughput":
            return cell.throughput
        if self.metric == "errors":
            return cell.errors.rate if self.unit == "%" else cell.errors.errors
        over = _sequential(cell.key).label
        ratios = (item.ratio for item in result.ratios if (item.of, item.over) == (cell.key.label, over))
        return next(ratios, 1.0 if over == cell.key.label else None)

    def _shown(self, value: float) -> str:
        if self.metric == "errors":
            return f"{value:.2%} failed" if self.unit == "%" else f"{value:.0f} failed"
        return _SHOWN.get(self.metric, "{:.4g}x").format(value)


def _sequential(key: CellKey) -> CellKey:
    return replace(key, mode="sequential", concurrency=1, load="")


def _condition(text: str, item: str) -> tuple[str, Any]:
    name, equals, value = item.strip().partition("=")
    if name in _LEVELS and not equals:
        return "consistency", name
    if name.endswith(("%", "/s")) and not equals:
        return "load", name
    try:
        if name in _CONDITIONS:
            return _CONDITIONS[name], float(value)
    except ValueError:
        pass
    raise _unclear(text, f"{item.strip() or 'nothing'} is no condition: use n=, c=, rtt=, a level or a load")


def _unclear(text: str, remedy: str) -> UsageError:
    return UsageError(f"The threshold {text!r} is not clear: {remedy}.")
