"""Reads a vote from a file that a colleague sent: nothing in it is trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from core.errors import UsageError
from core.history import History
from core.history.imports import MAX_FILE_MB
from core.history.texts import clean, clean_name
from core.vote.recording import store_votes
from core.vote.records import SCHEMA_VERSION, VoteResult

_ADVICE = "choose a file that Tandem exported as JSON"


@dataclass(frozen=True)
class ImportedVote:
    """What a file holds. The result has no id: the history gives it one."""

    result: VoteResult
    note: str = ""


def import_votes(history: History, data: bytes | str, *, workspace: str = "", name: str = "") -> str:
    """Store a colleague's vote under a new id, which is returned; it is marked as imported.

    `name` calls it something else than the file does. Raises `UsageError` with one sentence for a
    file that is too large, damaged, of a later version, or no vote at all.
    """
    found = read_votes(data)
    result = replace(found.result, name=clean_name(name)) if name else found.result
    return store_votes(history, result, workspace=workspace, note=found.note, imported=True)


def read_votes(data: bytes | str) -> ImportedVote:
    """The vote in a file, without storing it; raises as `import_votes` does."""
    from core.vote.filed import FiledVotes

    raw = _parsed(data)
    try:
        checked = FiledVotes.model_validate(raw).model_dump(mode="json")
        if checked["started_at"]:
            datetime.fromisoformat(checked["started_at"])
    except ValidationError as error:
        raise UsageError(f"This file cannot be imported ({_explain(error)}): {_ADVICE}.") from None
    except ValueError:
        raise UsageError(f"This file cannot be imported (its time is none): {_ADVICE}.") from None
    return ImportedVote(VoteResult.from_json({**checked, "run_id": "", "workspace": ""}), checked["note"])


def _parsed(data: bytes | str) -> dict[str, Any]:
    if len(data) > MAX_FILE_MB * 1e6:
        raise UsageError(f"This file has more than {MAX_FILE_MB} MB: {_ADVICE}.")
    try:
        raw = json.loads(data if isinstance(data, str) else data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UsageError(f"This file is not JSON: {_ADVICE}.") from None
    if not isinstance(raw, dict) or raw.get("kind") != "vote":
        raise UsageError(f"This JSON file holds no vote: {_ADVICE}.")
    version = raw.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError("This file was written by a later Tandem: update this one to import it.")
    return raw


def _explain(error: ValidationError) -> str:
    """The first complaint, where it is, and how many more there are."""
    found = error.errors(include_input=False, include_url=False)
    where = clean(".".join(str(part) for part in found[0]["loc"]))[:80]
    what = clean(found[0]["msg"].removeprefix("Value error, "))[:120]
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    return f"{where}: {what}{more}" if where else f"{what}{more}"
