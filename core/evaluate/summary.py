"""What an evaluation says: a leaderboard, comparisons, and quality against speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.bench.records import ErrorRate
from core.bench.statistics import ENOUGH, error_rate, mean_interval
from core.evaluate.compare import Difference, Point, differences, pareto, question_values
from core.evaluate.metrics import DEFINITIONS, JUDGED, definition, metric_title
from core.evaluate.records import EvaluationResult, Outcome
from core.evaluate.scoring import FAMILIES


@dataclass(frozen=True)
class Estimate:
    """Mean of a metric over `n` questions with its 95% interval; None with too few for one.

    `spread` is, for a judged metric, the mean standard deviation of a question's judgements; None
    where each was judged once.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    spread: float | None = None


@dataclass(frozen=True)
class VariantSummary:
    """One line of the leaderboard. Latency in milliseconds, of answers that did not fail.

    `p95_ms` is None where too few calls support it, `cost` (of all answers, judging apart) where no
    price is set.
    """

    variant: str
    label: str
    outcomes: int
    errors: ErrorRate
    metrics: Mapping[str, Estimate]
    latency_ms: float | None = None
    p95_ms: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def value(self, name: str) -> float | None:
        """A metric's mean, or `latency_ms`, `p95_ms`, `cost` or `error_rate`; None where there is none."""
        if name in self.metrics:
            return self.metrics[name].mean
        named = {
            "latency_ms": self.latency_ms,
            "p95_ms": self.p95_ms,
            "cost": self.cost,
            "error_rate": self.errors.rate,
        }
        return named.get(name)


OTHER_VALUES = ("latency_ms", "p95_ms", "cost", "error_rate")


def metric_names(result: EvaluationResult) -> tuple[str, ...]:
    """The metrics that were measured, retrieval first, each bare name before those by one label only."""
    measured = {name for outcome in result.outcomes for name in outcome.metrics}
    wanted = [
        name
        for base in DEFINITIONS
        for name in (
            [base.replace("@k", f"@{k}") for k in result.plan.cutoffs] if base.endswith("@k") else [base]
        )
    ]
    found = []
    for name in wanted:
        by = [f"{name}/{family}" for family in FAMILIES if f"{name}/{family}" in measured]
        if by or name in measured:
            found += [name, *(by if len(by) > 1 else [])]
    return tuple(found)


def headlines(result: EvaluationResult) -> tuple[str, ...]:
    """The few metrics to look at first; the first of them orders the leaderboard."""
    cutoffs = result.plan.cutoffs
    k = 5 if 5 in cutoffs else max(cutoffs)
    wanted = ("contains", "f1", "citation_recall", *JUDGED, f"hit@{k}", "mrr", f"ndcg@{k}", "refusal")
    measured = set(metric_names(result))
    return tuple(name for name in wanted if name in measured)


def summarize(result: EvaluationResult) -> tuple[VariantSummary, ...]:
    """The leaderboard: the best variant in the first headline comes first."""
    names = metric_names(result)
    lines = [_line(result, variant.key, variant.label, names) for variant in result.plan.variants]
    order = headlines(result)[:1]

    def rank(line: VariantSummary) -> tuple[float, float]:
        quality = max((line.value(name) or 0.0 for name in order), default=0.0)
        return -quality, line.latency_ms or 0.0

    return tuple(sorted(lines, key=rank))


def points(result: EvaluationResult, metric: str) -> tuple[Point, ...]:
    """Quality against speed: a point a variant that has both, those on the Pareto front marked."""
    found = []
    for line in summarize(result):
        estimate = line.metrics.get(metric)
        if estimate is not None and line.latency_ms is not None:
            found.append(
                Point(line.variant, estimate.mean, estimate.low, estimate.high, line.latency_ms, line.cost)
            )
    return pareto(found)


def sentences(result: EvaluationResult, compared: Sequence[Difference]) -> tuple[str, ...]:
    """What each comparison says, in words."""
    labels = {variant.key: variant.label for variant in result.plan.variants}
    told = [item for item in compared if item.n > 1]
    ordered = [item.reversed() if item.difference < 0 else item for item in told]
    return tuple(
        f"{metric_title(item.metric)}: {labels[item.first]} against {labels[item.second]}: {item.sentence}"
        for item in ordered
    )


def conclusions(result: EvaluationResult) -> dict[str, Any]:
    """JSON-ready: leaderboard, comparisons in the headline metrics, definitions of what was measured."""
    compared = {name: differences(result, name) for name in headlines(result)}
    defined = [found for name in metric_names(result) if (found := definition(name))]
    return {
        "leaderboard": [asdict(line) for line in summarize(result)],
        "comparisons": [
            asdict(item) | {"different": item.different} for items in compared.values() for item in items
        ],
        "verdict": [text for name in telling(compared) for text in sentences(result, compared[name])],
        "definitions": {item.name: asdict(item) for item in defined},
    }


def telling(names: Iterable[str]) -> list[str]:
    """Of these metrics those that a verdict is about: the first of the answers, of retrieval, of a judge."""
    groups: dict[str, str] = {}
    for name in names:
        if found := definition(name):
            groups.setdefault(found.group, name)
    return list(groups.values())


def _line(result: EvaluationResult, key: str, label: str, names: Sequence[str]) -> VariantSummary:
    outcomes = result.of(key)
    good = [outcome for outcome in outcomes if outcome.error is None]
    times = [outcome.timings.total * 1e3 for outcome in good]
    used = [outcome.usage for outcome in outcomes if outcome.usage]
    costs = [usage.cost for usage in used if usage.cost is not None]
    estimates = {name: _estimate(result, key, name) for name in names}
    return VariantSummary(
        variant=key,
        label=label,
        outcomes=len(outcomes),
        errors=error_rate(len(outcomes) - len(good), len(outcomes)),
        metrics={name: estimate for name, estimate in estimates.items() if estimate},
        latency_ms=float(np.median(times)) if times else None,
        p95_ms=float(np.percentile(times, 95)) if len(times) >= ENOUGH["p95"] else None,
        input_tokens=sum(usage.input_tokens for usage in used),
        output_tokens=sum(usage.output_tokens for usage in used),
        cost=sum(costs) if costs else None,
    )


def _estimate(result: EvaluationResult, key: str, name: str) -> Estimate | None:
    values = list(question_values(result, key, name).values())
    if not values:
        return None
    spread = _spread(result.of(key), name) if name in JUDGED else None
    if set(values) <= {0.0, 1.0}:
        share = error_rate(int(sum(values)), len(values))  # a proportion, whatever it counts
        return Estimate(share.rate, share.low, share.high, share.n, spread)
    mean, low, high = mean_interval(values)
    if low is None or high is None:
        return Estimate(mean, None, None, len(values), spread)
    return Estimate(mean, max(0.0, low), min(1.0, high), len(values), spread)


def _spread(outcomes: Sequence[Outcome], name: str) -> float | None:
    given = [outcome.judgements.get(name, ()) for outcome in outcomes]
    several = [np.std(scores, ddof=1) for scores in given if len(scores) > 1]
    return float(np.mean(several)) if several else None
