"""Reads an evaluation from a file that a colleague sent: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.evaluate.jsonform import result_from_json
from core.evaluate.records import SCHEMA_VERSION, EvaluationResult
from core.history.benchmarks import moment
from core.history.imports import check_version, refusing


@dataclass(frozen=True)
class FiledResult:
    """What a file holds. The result has no id: the history gives it one."""

    result: EvaluationResult
    name: str
    note: str = ""


def read_evaluation(raw: Mapping[str, Any]) -> FiledResult:
    """The evaluation in parsed JSON, without storing it.

    Raises `UsageError` with one sentence for what is damaged, of a later version, or no evaluation.
    Leaderboard and comparisons in the file are passed over: they follow from the outcomes.
    """
    from core.evaluate.filed import FiledEvaluation

    check_version(raw, SCHEMA_VERSION)
    with refusing():
        checked = FiledEvaluation.model_validate(raw).model_dump(mode="json")
        result = result_from_json({**checked, "run_id": "", "workspace": ""})
        if result.started_at:
            moment(result.started_at)
    return FiledResult(result, checked["name"], checked["note"])
