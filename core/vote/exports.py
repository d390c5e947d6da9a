"""A vote as JSON and as CSV, for colleagues and spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.engines.base import ENGINE_LABELS
from core.history.exports import table
from core.history.writer import storable
from core.vote.records import Ballot, Vote, VoteResult

CHOICES = {"a": "A", "b": "B", "tie": "tie", "bad": "both bad", "skip": "skipped"}
COLUMNS = (
    "question_number",
    "question",
    "voter",
    "choice",
    "preferred",
    "a",
    "b",
    "answer_a",
    "answer_b",
    "seconds_a",
    "seconds_b",
    "identical",
    "voted_at",
)


def export_json(result: VoteResult, *, note: str = "", **more: Any) -> str:
    """The vote as one JSON document, which `read_votes` reads; `more` are fields that it passes over.

    The workspace's name stays here: whoever knows it may open the workspace.
    """
    data = {**more, "note": note, **replace(result, workspace="").to_json()}
    return json.dumps(storable(data), ensure_ascii=False, indent=2, allow_nan=False)


def export_csv(result: VoteResult) -> str:
    """One row a vote, skips included; ballots that nobody voted on are left out."""
    return "".join(table(COLUMNS, _rows(result)))


def _rows(result: VoteResult) -> Iterator[list[Any]]:
    names = result.voters
    for ballot in result.ballots:
        for vote in result.of(ballot.id):
            yield _row(ballot, vote, names[vote.voter])


def _row(ballot: Ballot, vote: Vote, name: str) -> list[Any]:
    preferred = ballot.preferred(vote.choice)
    return [
        ballot.number + 1,
        ballot.question,
        name,
        CHOICES[vote.choice],
        ENGINE_LABELS[preferred] if preferred else "",
        *(ENGINE_LABELS[side.engine] for side in (ballot.a, ballot.b)),
        *(side.text for side in (ballot.a, ballot.b)),
        *(round(side.seconds, 4) for side in (ballot.a, ballot.b)),
        ballot.identical,
        datetime.fromtimestamp(vote.at, UTC).isoformat(timespec="seconds"),
    ]
