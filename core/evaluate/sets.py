"""Question sets saved with a workspace, in the catalogue's database. Every call blocks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text, and_, delete, insert, select
from sqlalchemy.schema import CreateTable

from core.errors import StorageError, UsageError
from core.evaluate.questions import question_of, question_to_json
from core.evaluate.records import Question
from core.evaluate.values import BadValueError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from core.workspace import Workspace

LONGEST_NAME = 80

_metadata = MetaData()
_sets = Table(
    "tandem_question_sets",
    _metadata,
    Column("workspace", String(64), primary_key=True),
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("questions", Text, nullable=False),
    Column("saved_at", Float(53), nullable=False),
)


@dataclass(frozen=True)
class SetSummary:
    """A saved set: how many questions it has, and when it was saved (seconds since the epoch)."""

    name: str
    size: int
    saved_at: float


def save_set(workspace: Workspace, name: str, questions: Sequence[Question]) -> None:
    """Save a set, replacing the one of that name. Raises `UsageError` for a name that can't be one."""
    name = _clean(name)
    row: dict[str, Any] = {
        "workspace": workspace.name,
        "name": name,
        "size": len(questions),
        "questions": json.dumps([question_to_json(item) for item in questions]),
        "saved_at": time(),
    }
    with workspace.catalogue.transaction() as connection:
        _create(connection)
        connection.execute(delete(_sets).where(_named(workspace, name)))
        connection.execute(insert(_sets), row)


def load_set(workspace: Workspace, name: str) -> tuple[Question, ...]:
    """The questions of a saved set; `UsageError` when there is none of that name."""
    with workspace.catalogue.transaction() as connection:
        _create(connection)
        found = connection.scalar(select(_sets.c.questions).where(_named(workspace, name)))
    if found is None:
        known = ", ".join(f"“{item.name}”" for item in list_sets(workspace)) or "none"
        raise UsageError(
            f"There is no question set “{name[:LONGEST_NAME]}” in this workspace; it has: {known}."
        )
    try:
        return tuple(question_of(record, workspace.settings) for record in json.loads(found))
    except (ValueError, BadValueError) as error:
        raise StorageError(f"The question set “{name}” cannot be read any more: save it anew.") from error


def list_sets(workspace: Workspace) -> tuple[SetSummary, ...]:
    """The saved sets of a workspace, by name."""
    query = select(_sets.c.name, _sets.c.size, _sets.c.saved_at).where(_sets.c.workspace == workspace.name)
    with workspace.catalogue.transaction() as connection:
        _create(connection)
        return tuple(SetSummary(*row) for row in connection.execute(query.order_by(_sets.c.name)))


def delete_set(workspace: Workspace, name: str) -> bool:
    """Delete a set; whether there was one."""
    with workspace.catalogue.transaction() as connection:
        _create(connection)
        return connection.execute(delete(_sets).where(_named(workspace, name))).rowcount > 0


def delete_sets(workspace: Workspace) -> None:
    """Delete every set of a workspace, when it goes."""
    with workspace.catalogue.transaction() as connection:
        _create(connection)
        connection.execute(delete(_sets).where(_sets.c.workspace == workspace.name))


def _create(connection: Connection) -> None:
    connection.execute(CreateTable(_sets, if_not_exists=True))


def _named(workspace: Workspace, name: str) -> ColumnElement[bool]:
    return and_(_sets.c.workspace == workspace.name, _sets.c.name == name)


def _clean(name: str) -> str:
    text = " ".join(name.replace("\x00", "").split())
    if not text or len(text) > LONGEST_NAME:
        raise UsageError(f"A question set needs a name of 1 to {LONGEST_NAME} characters.")
    return text
