"""Limits that an evaluation must keep, as people write them: `hit@5>=0.9`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UsageError
from core.evaluate.metrics import DEFINITIONS, definition
from core.evaluate.records import EvaluationResult, Plan, Variant
from core.evaluate.summary import OTHER_VALUES, summarize

GRAMMAR = f"""\
thresholds:
  [SETTING.]METRIC LIMIT, for example  'hit@5>=0.9'  'llamaindex.hybrid.contains>=75%'  'latency_ms<50'
  SETTING is any part of a variant's name (a framework, a retrieval, k5, c500-75, native), several joined
  by dots; every variant that is meant must keep the limit, all of them without SETTING.
  METRIC is one of {", ".join(DEFINITIONS)} (with a number for k; /source or /passage
  behind it measures by these alone), or {", ".join(OTHER_VALUES)}.
exit codes:
  0 all is well, 1 the run is not whole (bad rows, failed questions, stopped early), 2 wrong usage,
  3 a threshold is missed or --compare found something worse, 130 stopped by Ctrl-C (what is finished is kept)
"""

_FORM = re.compile(
    r"(?P<left>[^<>=\s]+)\s*(?P<operator><=|>=|<|>)\s*(?P<number>\d*\.?\d+)\s*(?P<unit>%|ms|s)?"
)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIMES = {"latency_ms", "p95_ms"}
_FACTORS = {None: 1.0, "%": 0.01, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Check:
    """What a threshold found in one variant; `value` None means that nothing was measured."""

    threshold: str
    variant: str
    value: float | None
    passed: bool


@dataclass(frozen=True)
class Threshold:
    """One limit on a metric of some variants."""

    text: str
    settings: tuple[str, ...]
    metric: str
    operator: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """What the text means; `UsageError` says what is wrong with it."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise UsageError(f"The threshold {text!r} is not clear: write for example hit@5>=0.9.")
        settings, _, metric = found["left"].rpartition(".")
        unit = found["unit"]
        if metric not in OTHER_VALUES and definition(metric) is None:
            names = ", ".join([*DEFINITIONS, *OTHER_VALUES])
            raise UsageError(f"The threshold {text!r} names no metric: choose one of {names}.")
        if (unit in {"ms", "s"} and metric not in _TIMES) or (unit == "%" and metric in _TIMES):
            raise UsageError(f"The threshold {text!r} has the wrong unit: {metric} is not given in {unit}.")
        limit = float(found["number"]) * _FACTORS[unit]
        return cls(text, tuple(filter(None, settings.split("."))), metric, found["operator"], limit)

    def means(self, variant: Variant) -> bool:
        """Whether a variant must keep the limit."""
        return set(self.settings) <= set(variant.key.split("."))

    def check_plan(self, plan: Plan) -> None:
        """Raise `UsageError` when no variant of the plan can ever tell whether the limit is kept."""
        if not any(self.means(variant) for variant in plan.variants):
            keys = ", ".join(variant.key for variant in plan.variants)
            raise UsageError(f"The threshold {self.text!r} means no variant of this run; it has {keys}.")
        cutoff = re.search(r"@(\d+)", self.metric)
        if cutoff and int(cutoff[1]) not in plan.cutoffs:
            shown = ", ".join(map(str, plan.cutoffs))
            raise UsageError(
                f"The threshold {self.text!r} cannot be judged: this run measures at k = {shown}."
            )
        found = definition(self.metric)
        if found and found.group != "retrieval" and plan.retrieval_only:
            raise UsageError(f"The threshold {self.text!r} needs answers: leave out --retrieval-only.")
        if found and found.group == "judge" and not plan.judgements:
            raise UsageError(f"The threshold {self.text!r} needs a judge: add --judge 1.")

    def check(self, result: EvaluationResult) -> tuple[Check, ...]:
        """Whether each variant that is meant keeps the limit; what was not measured does not."""
        meant = {variant.key for variant in result.plan.variants if self.means(variant)}
        return tuple(
            self._check(line.variant, line.value(self.metric))
            for line in summarize(result)
            if line.variant in meant
        )

    def _check(self, variant: str, value: float | None) -> Check:
        passed = value is not None and _OPERATORS[self.operator](value, self.limit)
        return Check(self.text, variant, value, passed)
