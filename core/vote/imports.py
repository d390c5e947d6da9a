"""Reads a vote from a file that a colleague sent: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.history.benchmarks import moment
from core.history.imports import check_version, refusing
from core.vote.records import SCHEMA_VERSION, VoteResult


@dataclass(frozen=True)
class FiledVote:
    """What a file holds. The result has no id: the history gives it one."""

    result: VoteResult
    note: str = ""


def read_votes(raw: Mapping[str, Any]) -> FiledVote:
    """The vote in parsed JSON, without storing it.

    Raises `UsageError` with one sentence for what is damaged, of a later version, or no vote.
    """
    from core.vote.filed import FiledVotes

    check_version(raw, SCHEMA_VERSION)
    with refusing():
        checked = FiledVotes.model_validate(raw).model_dump(mode="json")
        if checked["started_at"]:
            moment(checked["started_at"])
        result = VoteResult.from_json({**checked, "run_id": "", "workspace": ""})
    return FiledVote(result, checked["note"])
