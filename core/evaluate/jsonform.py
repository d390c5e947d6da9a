"""The records of an evaluation as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.documents.records import Chunk
from core.engines.base import Mode, Retrieval, Timings, Usage
from core.errors import UsageError
from core.evaluate.records import (
    SCHEMA_VERSION,
    ChunkSize,
    EvaluationResult,
    Found,
    Outcome,
    Plan,
    Question,
    Variant,
)

_TIMES = ("embed", "search", "first_token", "generate", "total", "overhead")


def result_to_json(result: EvaluationResult) -> dict[str, Any]:
    """Everything, with the leaderboard and the comparisons that follow from it."""
    from core.evaluate.summary import conclusions

    return {
        **header_to_json(result),
        **conclusions(result),
        "outcomes": [outcome_to_json(outcome) for outcome in result.outcomes],
        "chunks": [chunk_to_json(chunk) for chunk in result.chunks.values()],
    }


def header_to_json(result: EvaluationResult) -> dict[str, Any]:
    """What is known before the first outcome, and how it ended."""
    from core.evaluate.questions import questions_hash

    return {
        "kind": "evaluation",
        "schema_version": result.schema_version,
        "run_id": result.run_id,
        "workspace": result.workspace,
        "state": result.state,
        "started_at": result.started_at,
        "seconds": result.seconds,
        "warnings": list(result.warnings),
        "environment": dict(result.environment),
        "plan": plan_to_json(result.plan),
        "questions_hash": questions_hash(result.questions),
        "questions": [asdict(question) for question in result.questions],
    }


def result_from_json(data: Mapping[str, Any]) -> EvaluationResult:
    """What `result_to_json` or `header_to_json` gave."""
    if data.get("kind") != "evaluation":
        raise UsageError("This is no evaluation: choose a file that an evaluation was exported to.")
    if int(data.get("schema_version", 0)) > SCHEMA_VERSION:
        raise UsageError("This evaluation was written by a later Tandem: update this one to open it.")
    try:
        return _result(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"This evaluation is damaged ({type(error).__name__}): export it again where it came from."
        ) from error


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan; each variant with its key and label."""
    variants = [
        {
            "key": variant.key,
            "label": variant.label,
            "engine": variant.engine,
            "retrieval": variant.retrieval.value,
            "top_k": variant.top_k,
            "chunk": asdict(variant.chunk) if variant.chunk else None,
            "mode": variant.mode.value,
        }
        for variant in plan.variants
    ]
    return {name: getattr(plan, name) for name in Plan.__dataclass_fields__} | {
        "variants": variants,
        "models": list(plan.models),
        "cutoffs": list(plan.cutoffs),
    }


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """What `plan_to_json` gave."""
    known = {name: data[name] for name in Plan.__dataclass_fields__ if name in data}
    return Plan(
        **known
        | {
            "variants": tuple(_variant(item) for item in data["variants"]),
            "models": tuple(data["models"]),
            "cutoffs": tuple(data["cutoffs"]),
        }
    )


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """One outcome; times in seconds."""
    timings = outcome.timings
    return {
        "question_id": outcome.question_id,
        "variant": outcome.variant,
        "repeat": outcome.repeat,
        "found": [_found_to_json(item) for item in outcome.found],
        "text": outcome.text,
        "metrics": dict(outcome.metrics),
        "judgements": {name: list(scores) for name, scores in outcome.judgements.items()},
        "timings": {name: getattr(timings, name) for name in _TIMES},
        "usage": asdict(outcome.usage) if outcome.usage else None,
        "error": outcome.error,
    }


def outcome_from_json(data: Mapping[str, Any]) -> Outcome:
    """What `outcome_to_json` gave."""
    return Outcome(
        question_id=data["question_id"],
        variant=data["variant"],
        repeat=data["repeat"],
        found=tuple(Found(**item) for item in data["found"]),
        text=data["text"],
        metrics=dict(data["metrics"]),
        judgements={name: tuple(scores) for name, scores in data["judgements"].items()},
        timings=Timings(**data["timings"]),
        usage=Usage(**data["usage"]) if data["usage"] else None,
        error=data["error"],
    )


def chunk_to_json(chunk: Chunk) -> dict[str, Any]:
    """A chunk with its place in its document."""
    return asdict(chunk)


def chunk_from_json(data: Mapping[str, Any]) -> Chunk:
    """What `chunk_to_json` gave."""
    return Chunk(**data)


def _result(data: Mapping[str, Any]) -> EvaluationResult:
    return EvaluationResult(
        plan=plan_from_json(data["plan"]),
        questions=tuple(_question(item) for item in data["questions"]),
        outcomes=tuple(outcome_from_json(item) for item in data.get("outcomes", ())),
        chunks={item["id"]: chunk_from_json(item) for item in data.get("chunks", ())},
        environment=data["environment"],
        warnings=tuple(data["warnings"]),
        state=data["state"],
        run_id=data["run_id"],
        workspace=data["workspace"],
        started_at=data["started_at"],
        seconds=data["seconds"],
        schema_version=data["schema_version"],
    )


def _question(data: Mapping[str, Any]) -> Question:
    lists = {name: tuple(data[name]) for name in ("answers", "sources", "passages")}
    return Question(**{**data, **lists})


def _variant(data: Mapping[str, Any]) -> Variant:
    return Variant(
        engine=data["engine"],
        retrieval=Retrieval(data["retrieval"]),
        top_k=data["top_k"],
        chunk=ChunkSize(**data["chunk"]) if data["chunk"] else None,
        mode=Mode(data["mode"]),
    )


def _found_to_json(found: Found) -> dict[str, Any]:
    """Without the flags that say nothing."""
    fields = {name: getattr(found, name) for name in Found.__dataclass_fields__}
    return {name: value for name, value in fields.items() if value is not None}
