"""The records of a vote as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.documents.records import Chunk
from core.engines.base import Mode, Retrieval
from core.errors import UsageError
from core.vote.records import LETTERS, SCHEMA_VERSION, Ballot, Letter, Plan, Side, Vote, VoteResult, in_order

_DAMAGED = "This vote is damaged ({}): export it again where it came from."


def result_to_json(result: VoteResult) -> dict[str, Any]:
    """Everything, with the tallies and sentences that follow from it."""
    from core.vote.counting import conclusions

    return {
        "kind": "vote",
        "schema_version": result.schema_version,
        "run_id": result.run_id,
        "name": result.name,
        "workspace": result.workspace,
        "state": result.state,
        "started_at": result.started_at,
        "seconds": result.seconds,
        "environment": dict(result.environment),
        "plan": plan_to_json(result.plan),
        "questions_hash": result.questions_hash,
        **conclusions(result),
        "ballots": [ballot_to_json(ballot) for ballot in result.ballots],
        "votes": [asdict(vote) for vote in result.votes],
    }


def result_from_json(data: Mapping[str, Any]) -> VoteResult:
    """What `result_to_json` gave."""
    if data.get("kind") != "vote":
        raise UsageError("This is no vote: choose a file that a vote was exported to.")
    try:
        if int(data.get("schema_version", 0)) > SCHEMA_VERSION:
            raise UsageError("This vote was written by a later Tandem: update this one to open it.")
        return _result(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(_DAMAGED.format(type(error).__name__)) from error


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """How a vote goes."""
    return asdict(plan) | {
        "questions": list(plan.questions),
        "engines": list(plan.engines),
        "mode": plan.mode.value,
        "retrieval": plan.retrieval.value if plan.retrieval else None,
        "documents": None if plan.documents is None else list(plan.documents),
    }


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """What `plan_to_json` gave."""
    documents, retrieval = data.get("documents"), data.get("retrieval")
    return Plan(
        questions=tuple(data["questions"]),
        mode=Mode(data["mode"]),
        retrieval=Retrieval(retrieval) if retrieval else None,
        top_k=data.get("top_k"),
        documents=None if documents is None else tuple(documents),
        hide_score=data.get("hide_score", False),
        host=data.get("host", ""),
        engines=tuple(data["engines"]),
    )


def ballot_to_json(ballot: Ballot) -> dict[str, Any]:
    """One ballot; a chunk that both answers rest on is there once."""
    chunks = {chunk.id: chunk for letter in LETTERS for chunk in ballot.side(letter).chunks}
    return {
        "id": ballot.id,
        "number": ballot.number,
        "question": ballot.question,
        "asked_at": ballot.asked_at,
        **{letter: _side_to_json(ballot.side(letter)) for letter in LETTERS},
        "chunks": [asdict(chunk) for chunk in chunks.values()],
    }


def ballot_from_json(data: Mapping[str, Any]) -> Ballot:
    """What `ballot_to_json` gave."""
    chunks = {item["id"]: Chunk(**item) for item in data["chunks"]}
    return Ballot(
        id=data["id"],
        number=data["number"],
        question=data["question"],
        a=_side_from_json(data, "a", chunks),
        b=_side_from_json(data, "b", chunks),
        asked_at=data["asked_at"],
    )


def vote_from_json(data: Mapping[str, Any]) -> Vote:
    """A vote from its fields; what a later version adds is passed over."""
    return Vote(**{name: data[name] for name in Vote.__dataclass_fields__})


def _side_to_json(side: Side) -> dict[str, Any]:
    return {
        "engine": side.engine,
        "text": side.text,
        "chunks": [chunk.id for chunk in side.chunks],
        "seconds": side.seconds,
        "error": side.error,
    }


def _side_from_json(data: Mapping[str, Any], letter: Letter, chunks: Mapping[str, Chunk]) -> Side:
    side = data[letter]
    found = tuple(chunks[chunk_id] for chunk_id in side["chunks"])
    return Side(side["engine"], side["text"], found, side["seconds"], side["error"])


def _result(data: Mapping[str, Any]) -> VoteResult:
    ballots = tuple(ballot_from_json(item) for item in data["ballots"])
    return VoteResult(
        plan=plan_from_json(data["plan"]),
        ballots=ballots,
        votes=in_order(ballots, [vote_from_json(item) for item in data["votes"]]),
        environment=dict(data["environment"]),
        state=data["state"],
        run_id=data["run_id"],
        name=data["name"],
        workspace=data.get("workspace", ""),
        started_at=data["started_at"],
        seconds=data["seconds"],
        schema_version=data["schema_version"],
    )
