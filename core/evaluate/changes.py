"""Two evaluations of the same questions: what became better or worse, and whether that can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from core.errors import UsageError
from core.evaluate.compare import Difference, corrected, paired, question_values
from core.evaluate.metrics import JUDGED
from core.evaluate.records import EvaluationResult, Plan, Question
from core.evaluate.summary import VariantSummary, headlines, metric_names, summarize
from core.history.comparison import changed, environment_differences

Change = Literal["regression", "improvement", "same", "unknown"]
CHANGES: dict[Change, str] = {
    "regression": "worse",
    "improvement": "better",
    "same": "no measurable difference",
    "unknown": "too few questions to compare",
}


@dataclass(frozen=True)
class VariantChange:
    """One metric of one variant in both evaluations.

    `difference` is now minus before, paired by question, over those that both answered; its p-value is
    corrected for everything that the two evaluations are compared in.
    """

    variant: str
    label: str
    metric: str
    change: Change
    difference: Difference

    @property
    def text(self) -> str:
        """The change in words, with its interval."""
        return self.difference.sentence

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields; shares from 0 to 1."""
        return {**asdict(self.difference), **asdict(self), "difference": self.difference.difference}


@dataclass(frozen=True)
class Speed:
    """Median latency (ms) and failures of one variant, before and now: to be looked at, not tested."""

    variant: str
    label: str
    latency_before: float | None
    latency_now: float | None
    failed_before: int
    failed_now: int


@dataclass(frozen=True)
class EvaluationComparison:
    """What changed from the evaluation `before` to the one `now`, given by id.

    `differences` are what differs between them and could be the cause, as sentences. `only_before` and
    `only_now` are labels of variants that the other one does not have.
    """

    before: str
    now: str
    changes: tuple[VariantChange, ...]
    speeds: tuple[Speed, ...]
    differences: tuple[str, ...] = ()
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()
    tolerance: float = 0.0

    @property
    def regressions(self) -> tuple[VariantChange, ...]:
        """What became worse beyond doubt."""
        return tuple(item for item in self.changes if item.change == "regression")

    @property
    def summary(self) -> str:
        """One sentence for the whole."""
        variants = len({item.variant for item in self.changes})
        metrics = len({item.metric for item in self.changes})
        counts = {name: sum(item.change == name for item in self.changes) for name in CHANGES}
        parts = [f"{count} {CHANGES[name]}" for name, count in counts.items() if count]
        return (
            f"{_count(variants, 'variant')} in both evaluations, {_count(metrics, 'metric')}: "
            f"{', '.join(parts)}."
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return {
            **asdict(self),
            "schema_version": 1,
            "kind": "evaluation",
            "changes": [item.to_json() for item in self.changes],
            "regressions": [f"{item.variant}.{item.metric}" for item in self.regressions],
            "summary": self.summary,
        }


def compare_evaluations(
    before: EvaluationResult, now: EvaluationResult, *, tolerance: float = 0.0
) -> EvaluationComparison:
    """Compare two evaluations; `UsageError` with the reason when they must not be set side by side.

    Nothing whose interval reaches into the `tolerance` (a share, 0.02 is two points) counts as a change.
    """
    check_comparable(before, now.questions, now.plan)
    metrics = _metrics(before, now)
    if not metrics:
        raise UsageError("These two evaluations have no metric in common: one of them measured nothing.")
    return EvaluationComparison(
        before=before.run_id,
        now=now.run_id,
        changes=tuple(_changes(before, now, metrics, tolerance)),
        speeds=tuple(_speeds(before, now)),
        differences=changed(_settings(before), _settings(now))
        + environment_differences(before.environment, now.environment),
        only_before=_only(before.plan, now.plan),
        only_now=_only(now.plan, before.plan),
        tolerance=tolerance,
    )


def check_comparable(before: EvaluationResult, questions: Sequence[Question], plan: Plan) -> None:
    """Raise `UsageError` with the reason unless these may be compared with an earlier evaluation."""
    old = {item.id: replace(item, drafted=False) for item in before.questions}
    new = {item.id: replace(item, drafted=False) for item in questions}
    gone, come = len(old.keys() - new.keys()), len(new.keys() - old.keys())
    relabelled = [old[key] for key in old.keys() & new.keys() if old[key] != new[key]]
    reasons = [f"{_count(gone, 'question')} of the earlier one {_are(gone)} missing"] if gone else []
    reasons += [f"{_count(come, 'question')} of the later one {_are(come)} new"] if come else []
    if relabelled:
        example = min(relabelled, key=lambda item: item.id).question[:80]
        reasons.append(f"{_count(len(relabelled), 'question')} changed words or labels, such as “{example}”")
    if reasons:
        raise UsageError(
            "These two evaluations are not compared, for they did not ask the same: "
            + "; ".join(reasons)
            + "."
        )
    if not set(before.plan.variants) & set(plan.variants):
        raise UsageError(
            "These two evaluations have no variant in common: compare evaluations of the same framework, "
            "retrieval, top-k and chunk size."
        )


def _metrics(before: EvaluationResult, now: EvaluationResult) -> tuple[str, ...]:
    """What both measured in the same way: other judges judge otherwise."""
    known = metric_names(before)
    same_judge = before.plan.judge == now.plan.judge
    return tuple(name for name in headlines(now) if name in known and (same_judge or name not in JUDGED))


def _changes(
    before: EvaluationResult, now: EvaluationResult, metrics: Sequence[str], tolerance: float
) -> Iterator[VariantChange]:
    shared = [variant for variant in now.plan.variants if variant in before.plan.variants]
    cases = [(variant, metric) for variant in shared for metric in metrics]
    found = [
        paired(
            metric,
            variant.key,
            variant.key,
            question_values(now, variant.key, metric),
            question_values(before, variant.key, metric),
            compared=len(cases),
        )
        for variant, metric in cases
    ]
    for (variant, metric), difference in zip(cases, corrected(found), strict=True):
        yield VariantChange(variant.key, variant.label, metric, _judge(difference, tolerance), difference)


def _judge(item: Difference, tolerance: float) -> Change:
    if item.low is None or item.high is None:
        return "unknown"
    beyond = not tolerance or item.high < -tolerance or item.low > tolerance
    if not item.different or not beyond:
        return "same"
    return "improvement" if item.difference > 0 else "regression"


def _speeds(before: EvaluationResult, now: EvaluationResult) -> Iterator[Speed]:
    old: dict[str, VariantSummary] = {line.variant: line for line in summarize(before)}
    for line in summarize(now):
        if earlier := old.get(line.variant):
            yield Speed(
                line.variant,
                line.label,
                earlier.latency_ms,
                line.latency_ms,
                earlier.errors.errors,
                line.errors.errors,
            )


def _settings(result: EvaluationResult) -> Mapping[str, Any]:
    """What may have changed besides the machine: documents, models, how the corpus is cut and indexed."""
    where, plan = result.environment, result.plan
    chunks = [f"{item.get('chunks', '?')} chunks" for item in where.get("corpora", ())]
    models = dict(zip(("embedding model", "chat model"), plan.models, strict=False))
    shown = {
        "documents": plan.corpus,
        "corpora": ", ".join(chunks),
        **models,
        "judge": plan.judge,
        "index": ", ".join(str(value) for value in (where.get("index") or {}).values()),
        "asked": "retrieval only" if plan.retrieval_only else "whole answers",
        "repeats": plan.repeats,
        "questions at once": where.get("concurrency"),
    }
    return {name: value for name, value in shown.items() if value}


def _only(one: Plan, other: Plan) -> tuple[str, ...]:
    return tuple(variant.label for variant in one.variants if variant not in other.variants)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
