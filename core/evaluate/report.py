"""An evaluation as one HTML file that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.evaluate.charts import leaderboard_chart, quality_plot
from core.evaluate.compare import Difference, differences, question_values
from core.evaluate.finding import findings
from core.evaluate.metrics import DEFINITIONS, metric_title
from core.evaluate.records import EvaluationResult, Question
from core.evaluate.summary import (
    Estimate,
    VariantSummary,
    headlines,
    metric_names,
    summarize,
    telling,
)
from core.history.layout import backend_label, date_and_time, template, where
from core.history.texts import duration

MOST_QUESTIONS = 60
"""Rows of the heat map, and questions of a list: more is for the page, which can filter."""
_STATES = {
    "complete": "complete",
    "incomplete": "incomplete: not every question was asked to its end",
    "cancelled": "cancelled: what was asked by then is here",
}


def export_html(result: EvaluationResult, *, note: str = "", name: str = "") -> str:
    """The evaluation as a self-contained page: what it found first, then charts, tables and definitions."""
    names, lines = headlines(result), summarize(result)
    told = telling(names)
    compared = {metric: differences(result, metric) for metric in names}
    labels = {variant.key: variant.label for variant in result.plan.variants}
    return template(Path(__file__).with_name("evaluation.html.j2")).render(
        run=result,
        title=name or "Evaluation",
        warnings=result.warnings,
        note=note,
        state=_STATES[result.state],
        started=date_and_time(result.started_at),
        took=duration(result.seconds),
        backend=backend_label(result.environment),
        verdict=_verdict(result),
        titles=[metric_title(metric) for metric in names],
        lines=[_line(place, line, names) for place, line in enumerate(lines, 1)],
        long=any(line.p95_ms is not None for line in lines),
        priced=any(line.cost is not None for line in lines),
        judged=any(found.spread is not None for line in lines for found in line.metrics.values()),
        chart=leaderboard_chart(result, told),
        plots=[plot for metric in told if (plot := quality_plot(result, metric))],
        comparisons=_comparisons(compared, told, labels),
        map=_heat_map(result, lines, told[0]) if told else None,
        definitions=_definitions(result),
        plan=_plan(result),
        environment=[*_models(result.environment), *where(result.environment)],
    )


def _verdict(result: EvaluationResult) -> list[tuple[str, tuple[str, ...]]]:
    found = findings(result)
    return [("Which one answers better?", found)] if found else []


def _line(number: int, line: VariantSummary, names: Sequence[str]) -> dict[str, Any]:
    """One line of the leaderboard, as text."""
    failed = f"{line.errors.errors} of {line.errors.n}" if line.errors.errors else "0"
    return {
        "number": number,
        "label": line.label,
        "engine": line.variant.partition(".")[0],
        "values": [_estimate(line.metrics.get(name)) for name in names],
        "latency": _milliseconds(line.latency_ms),
        "p95": _milliseconds(line.p95_ms),
        "failed": failed,
        "asked": f"{line.outcomes:,}",
        "tokens": f"{line.input_tokens + line.output_tokens:,}" if line.input_tokens else "–",
        "cost": "–" if line.cost is None else f"{line.cost:.4g}",
    }


def _estimate(found: Estimate | None) -> tuple[str, str]:
    """A metric's mean, and its interval with the spread of a judge's scores."""
    if found is None:
        return "–", ""
    parts = []
    if found.low is not None and found.high is not None:
        parts.append(f"{found.low * 100:.1f} to {found.high * 100:.1f}")
    if found.spread is not None:
        parts.append(f"judge ±{found.spread * 100:.1f}")
    return f"{found.mean * 100:.1f}", ", ".join(parts)


def _comparisons(
    compared: Mapping[str, Sequence[Difference]], told: Sequence[str], labels: Mapping[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Rows for the metrics that the verdict is about, and those for the others, the better variant first."""
    parts = {"": told, "Other metrics": [metric for metric in compared if metric not in told]}
    found = [
        (title, [_forward(item) for metric in metrics for item in compared[metric] if item.n])
        for title, metrics in parts.items()
    ]
    return [(title, [_comparison(item, labels) for item in items]) for title, items in found if items]


def _forward(item: Difference) -> Difference:
    return item.reversed() if item.difference < 0 else item


def _comparison(item: Difference, labels: Mapping[str, str]) -> dict[str, Any]:
    interval = ""
    if item.low is not None and item.high is not None:
        interval = f"{_points(item.low)} to {_points(item.high)}"
    return {
        "metric": metric_title(item.metric),
        "first": labels[item.first],
        "second": labels[item.second],
        "difference": _points(item.difference),
        "interval": interval,
        "counts": f"{item.wins:,} / {item.ties:,} / {item.losses:,}",
        "test": item.test,
        "p": _p(item.p),
        "adjusted": _p(item.p_adjusted),
        "different": item.different,
        "needed": "–" if item.needed is None else f"{item.needed:,}",
    }


def _heat_map(result: EvaluationResult, lines: Sequence[VariantSummary], metric: str) -> dict[str, Any]:
    """The questions on which variants differ in a metric, and those that all get wrong, with counts."""
    values = {line.variant: question_values(result, line.variant, metric) for line in lines}
    failed = {(item.question_id, item.variant) for item in result.outcomes if item.error is not None}
    rows, wrong, asked = [], [], 0
    for question in result.questions:
        mine = [values[line.variant].get(question.id) for line in lines]
        there = {value for value in mine if value is not None}
        asked += bool(there)
        if len(there) > 1:
            cells = [
                _cell(value, failed=(question.id, line.variant) in failed)
                for value, line in zip(mine, lines, strict=True)
            ]
            rows.append((question.question, cells))
        elif there == {0.0}:
            wrong.append(question)
    return {
        "title": metric_title(metric),
        "rows": rows[:MOST_QUESTIONS],
        "total": len(rows),
        "wrong": [(item.question, _expected(item)) for item in wrong[:MOST_QUESTIONS]],
        "all_wrong": len(wrong),
        "asked": asked,
    }


def _cell(value: float | None, *, failed: bool) -> tuple[str, str]:
    """Class and text of one cell."""
    if value is None:
        return ("failed", "failed") if failed else ("nothing", "–")
    step = "right" if value == 1 else "wrong-answer" if value == 0 else "most" if value >= 0.5 else "some"
    return step, f"{value:.2g}"


def _expected(question: Question) -> str:
    if not question.answerable:
        return "the corpus does not answer it"
    return " | ".join(question.answers or question.passages or question.sources)[:200]


def _definitions(result: EvaluationResult) -> list[tuple[str, str, str, str]]:
    measured = {name.partition("@")[0].partition("/")[0] for name in metric_names(result)}
    found = [item for name, item in DEFINITIONS.items() if name.partition("@")[0] in measured]
    return [(item.title, item.sentence, item.formula, item.source) for item in found]


def _plan(result: EvaluationResult) -> list[tuple[str, str]]:
    plan, asked = result.plan, result.questions
    rows = [
        ("Questions", f"{len(asked):,}, the same for every variant: {_labels(asked)}"),
        ("Variants", f"{len(plan.variants)}: " + "; ".join(variant.label for variant in plan.variants)),
        ("Asked for", "retrieval only" if plan.retrieval_only else "whole answers"),
        ("Each question", "once" if plan.repeats == 1 else f"{plan.repeats} times"),
        ("Order", "one question after the other under all variants; which goes first changes each time"),
        ("Intervals", "95%; differences by a bootstrap over questions, shares by Wilson's"),
        ("Tests", "paired, two-sided: McNemar's exact one for shares, else permutation; Holm's correction"),
    ]
    if plan.judgements:
        rows.insert(4, ("Judge", f"{plan.judge}, asked {plan.judgements} times about each answer"))
    return rows


def _labels(asked: Iterable[Question]) -> str:
    every = list(asked)
    counts = {
        "with accepted answers": sum(bool(item.answers) for item in every),
        "labelled by document": sum(bool(item.sources) for item in every),
        "labelled by passage": sum(bool(item.passages) for item in every),
        "without an answer in the corpus": sum(not item.answerable for item in every),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "none is labelled"


def _models(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    model, embedding = environment.get("model") or {}, environment.get("embedding") or {}
    index = environment.get("index") or {}
    corpora = [
        f"{item.get('label')}: {item.get('documents')} documents, {item.get('chunks')} chunks"
        for item in environment.get("corpora") or ()
    ]
    dimension = embedding.get("dimension", "?")
    return [
        ("Answers by", f"{model.get('label') or model.get('name', '')}"),
        (
            "Embeddings by",
            f"{embedding.get('name', '')}, {dimension} numbers; {embedding.get('questions', '')}",
        ),
        ("Corpus", "; ".join(corpora)),
        ("Index", ", ".join(str(value) for value in index.values())),
        ("Questions at once", str(environment.get("concurrency", "?"))),
    ]


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _points(value: float) -> str:
    return f"{round(value * 100, 1) + 0.0:+.1f}".replace("-", "−")  # + 0.0: no minus before 0.0


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
