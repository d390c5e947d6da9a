"""An evaluation as a table: one line for each question under each variant."""

from __future__ import annotations

import csv
import io

from core.evaluate.records import EvaluationResult, Outcome
from core.evaluate.scoring import metric_value
from core.evaluate.summary import metric_names


def export_csv(result: EvaluationResult) -> str:
    """Comma-separated, with a header; times in milliseconds, chunks by document, empty where nothing is."""
    names = metric_names(result)
    labels = {variant.key: variant.label for variant in result.plan.variants}
    asked = {question.id: question.question for question in result.questions}
    head = ["question_id", "question", "variant", "label", "repeat", "answer", "sources", "error", "total_ms"]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*head, *names])
    for outcome in result.outcomes:
        writer.writerow(
            [
                outcome.question_id,
                asked[outcome.question_id],
                outcome.variant,
                labels[outcome.variant],
                outcome.repeat,
                outcome.text,
                " | ".join(_sources(result, outcome)),
                outcome.error or "",
                round(outcome.timings.total * 1e3, 3),
                *(_cell(metric_value(outcome.metrics, name)) for name in names),
            ]
        )
    return stream.getvalue()


def _sources(result: EvaluationResult, outcome: Outcome) -> list[str]:
    return [result.chunks[item.chunk_id].source for item in outcome.found if item.chunk_id in result.chunks]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
