"""An evaluation as JSON and as tables, for colleagues and spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from core.evaluate.records import EvaluationResult, Outcome
from core.evaluate.scoring import metric_value
from core.evaluate.summary import VariantSummary, metric_names, summarize
from core.history.exports import table
from core.history.writer import storable

VARIANT_COLUMNS = (
    *("variant", "label", "outcomes", "errors", "latency_p50_ms", "latency_p95_ms"),
    *("input_tokens", "output_tokens", "cost"),
)
OUTCOME_COLUMNS = (
    *("question_id", "question", "variant", "label", "repeat", "answer", "sources", "error", "total_ms"),
)


def export_json(result: EvaluationResult, *, name: str = "", note: str = "", **more: Any) -> str:
    """The evaluation as one JSON document, which another Tandem imports.

    `more` are fields beside those of the evaluation, which an import passes over. It is on one line:
    indented it would be half as large again, and files of many answers are large. The workspace's name
    stays here: whoever knows it may open the workspace.
    """
    data = {**more, "name": name, "note": note, **replace(result, workspace="").to_json()}
    return json.dumps(storable(data), ensure_ascii=False, allow_nan=False)


def export_variants_csv(result: EvaluationResult) -> str:
    """One row a variant, the best first; of each metric the mean (0 to 1) and the bounds of its interval."""
    names = metric_names(result)
    bounds = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    return "".join(
        table([*VARIANT_COLUMNS, *bounds], (_variant_row(line, names) for line in summarize(result)))
    )


def export_csv(result: EvaluationResult) -> str:
    """One row for each question under each variant; times in milliseconds, empty where nothing is."""
    names = metric_names(result)
    return "".join(table([*OUTCOME_COLUMNS, *names], _outcome_rows(result, names)))


def _variant_row(line: VariantSummary, names: Sequence[str]) -> list[Any]:
    figures: list[Any] = []
    for name in names:
        found = line.metrics.get(name)
        figures += [_cell(value) for value in ((found.mean, found.low, found.high) if found else (None,) * 3)]
    return [
        *(line.variant, line.label, line.outcomes, line.errors.errors),
        *(_cell(line.latency_ms), _cell(line.p95_ms), line.input_tokens, line.output_tokens, line.cost),
        *figures,
    ]


def _outcome_rows(result: EvaluationResult, names: Sequence[str]) -> Iterator[list[Any]]:
    labels = {variant.key: variant.label for variant in result.plan.variants}
    asked = {question.id: question.question for question in result.questions}
    for outcome in result.outcomes:
        yield [
            *(outcome.question_id, asked[outcome.question_id], outcome.variant, labels[outcome.variant]),
            *(outcome.repeat, outcome.text, " | ".join(_sources(result, outcome)), outcome.error or ""),
            round(outcome.timings.total * 1e3, 3),
            *(_cell(metric_value(outcome.metrics, name)) for name in names),
        ]


def _sources(result: EvaluationResult, outcome: Outcome) -> list[str]:
    return [result.chunks[item.chunk_id].source for item in outcome.found if item.chunk_id in result.chunks]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
