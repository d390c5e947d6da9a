"""What an evaluation found, in the fewest sentences: one for each thing that was varied, frameworks first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.engines.base import ENGINE_LABELS
from core.evaluate.compare import Difference, corrected, differences
from core.evaluate.metrics import metric_title
from core.evaluate.records import RETRIEVAL_LABELS, EvaluationResult, Variant
from core.evaluate.summary import headlines, summarize, telling

Pair = tuple[str, str]


def findings(result: EvaluationResult) -> tuple[str, ...]:
    """Sentences, the one about the frameworks first; empty where nothing can be said."""
    names = headlines(result)
    metrics = telling(names)
    compared = _all_compared(result, names, metrics)
    said = [
        item for metric in names for item in _told(result, metric, compared[metric], every=metric in metrics)
    ]
    frameworks = [text for is_framework, text in said if is_framework]
    others = [text for is_framework, text in said if not is_framework]
    return (*frameworks, *others, *_best(result, metrics[:1]))


def _all_compared(
    result: EvaluationResult, names: Sequence[str], metrics: Sequence[str]
) -> dict[str, Sequence[Difference]]:
    """The comparisons in each metric; those in which differences are sought are corrected together.

    They are told only where something differs: each for itself, up to three in ten evaluations of equals
    told of a difference.
    """
    found: dict[str, Sequence[Difference]] = {name: differences(result, name) for name in names}
    sought = [name for name in names if name not in metrics]
    together = iter(corrected([item for name in sought for item in found[name]]))
    return found | {name: [next(together) for _ in found[name]] for name in sought}


def _told(
    result: EvaluationResult, metric: str, compared: Iterable[Difference], *, every: bool
) -> Iterator[tuple[bool, str]]:
    """(whether it is about the frameworks, sentence) by pair of values: every one, or what differs."""
    variants = {variant.key: variant for variant in result.plan.variants}
    groups: dict[Pair, list[Difference]] = {}
    for item in compared:
        names = _varied(variants[item.first], variants[item.second])
        if item.n > 1:
            turned = (names[1], names[0]) in groups
            groups.setdefault(names[::-1] if turned else names, []).append(
                item.reversed() if turned else item
            )
    for names, items in groups.items():
        if every or any(item.different for item in items):
            yield names[0] in ENGINE_LABELS.values(), _sentence(metric, names, items)


def _varied(first: Variant, second: Variant) -> Pair:
    """The two values of the one thing in which two variants differ, in words."""
    if first.engine != second.engine:
        return ENGINE_LABELS[first.engine], ENGINE_LABELS[second.engine]
    if first.retrieval != second.retrieval:
        return RETRIEVAL_LABELS[first.retrieval], RETRIEVAL_LABELS[second.retrieval]
    if first.mode != second.mode:
        return f"{first.mode.value} mode", f"{second.mode.value} mode"
    if first.top_k != second.top_k:
        return f"top {first.top_k}", f"top {second.top_k}"
    return _cut(first), _cut(second)


def _cut(variant: Variant) -> str:
    return f"chunks of {variant.chunk.size}" if variant.chunk else "the corpus as it is cut"


def _sentence(metric: str, names: Pair, items: Sequence[Difference]) -> str:
    if sum(item.difference for item in items) < 0:
        names, items = names[::-1], [item.reversed() for item in items]
    title, one, other = metric_title(metric), *names
    better = [item for item in items if item.different and item.difference > 0]
    worse = [item for item in items if item.different and item.difference < 0]
    if not better and not worse:
        return f"{title}: no measurable difference between {one} and {other} ({_reach(items)})."
    if better and not worse:
        settings = "" if len(items) == 1 else f" in {len(better)} of {len(items)} settings"
        return f"{title}: {one} is better than {other}{settings}, by {_size(better)} ({_reach(better)})."
    return (
        f"{title}: {one} is better than {other} in {len(better)} of {len(items)} settings and worse in "
        f"{len(worse)}: look at each."
    )


def _size(items: Iterable[Difference]) -> str:
    values = sorted(item.difference * 100 for item in items)
    low, high = f"{values[0]:.1f}", f"{values[-1]:.1f}"
    return f"{low} points" if low == high else f"{low} to {high} points"


def _reach(items: Sequence[Difference]) -> str:
    """The widest bounds of some intervals, and over how many questions."""
    if all(item.wins == item.losses == 0 for item in items):
        return f"the same on every one of {max(item.n for item in items):,} questions"
    low = min(item.low for item in items if item.low is not None)
    high = max(item.high for item in items if item.high is not None)
    bounds = f"{round(low * 100, 1) + 0.0:+.1f} to {round(high * 100, 1) + 0.0:+.1f}".replace("-", "−")
    return f"95% interval {bounds} points, {max(item.n for item in items):,} questions"


def _best(result: EvaluationResult, metrics: Sequence[str]) -> Iterator[str]:
    """The leader, which may lead by chance, with what it costs in time."""
    lines = [line for line in summarize(result) if line.latency_ms is not None]
    for metric in metrics:
        if lines and (found := lines[0].metrics.get(metric)):
            fastest = min(lines, key=lambda line: line.latency_ms or 0.0)
            quick = (
                "" if fastest is lines[0] else f"; the fastest is {fastest.label}, {_ms(fastest.latency_ms)}"
            )
            yield (
                f"First in the table: {lines[0].label} with {found.mean * 100:.1f}% in "
                f"“{metric_title(metric)}”, median {_ms(lines[0].latency_ms)}{quick}."
            )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
