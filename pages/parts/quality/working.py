"""The question set that a session works on: rows as people edit them, and the questions that they make."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core import Settings, Workspace, evaluate, sample
from pages.parts.safe_text import shorten

Row = dict[str, Any]

COLUMNS = ("question", "answers", "source", "passage", "answerable", "drafted")
SAMPLE, OWN, DRAFT, FILE, SET = "sample", "own", "draft", "file", "set:"
_TEXTS = ("id", "question", "answers", "source", "passage")
_LABELS = ("answers", "source", "passage")
_KEY = "question set"


@dataclass(frozen=True)
class Checked:
    """The questions that the rows make, and the rows that make none, by their place from 1."""

    questions: tuple[evaluate.Question, ...]
    problems: tuple[evaluate.BadRow, ...] = ()


@dataclass
class Working:
    """One set in work. `base` is what the editor starts from, `rows` what it holds by now.

    `version` changes whenever the rows are replaced from outside the editor, which then starts anew.
    `kept` are the rows as they were saved or came; `bad` what a file held that is no question.
    """

    workspace: str
    origin: str
    name: str
    base: list[Row]
    bad: tuple[evaluate.BadRow, ...] = ()
    version: int = 0
    rows: list[Row] = field(default_factory=list)
    kept: list[Row] = field(default_factory=list)
    _checked: tuple[list[Row], Checked] | None = None

    def __post_init__(self) -> None:
        self.rows = self.rows or self.base
        self.kept = self.kept or self.base

    @property
    def changed(self) -> bool:
        """Whether the rows are others than those that were saved or came."""
        return self.rows != self.kept

    @property
    def saved_as(self) -> str:
        """The name of the saved set that this is; empty for anything else."""
        return self.origin.removeprefix(SET) if self.origin.startswith(SET) else ""

    def edited(self, rows: list[Row]) -> None:
        """Take in what the editor holds."""
        self.rows = rows

    def replaced(self, rows: Sequence[Row]) -> None:
        """Take in rows from elsewhere; the editor starts anew with them."""
        self.base = self.rows = list(rows)
        self.version += 1

    def checked(self, settings: Settings) -> Checked:
        """The questions; worked out once for the same rows."""
        if self._checked is None or self._checked[0] != self.rows:
            self._checked = (list(self.rows), check(self.rows, settings))
        return self._checked[1]


def current(workspace: Workspace) -> Working | None:
    """The set in work; None when there is none in this workspace."""
    found: Working | None = st.session_state.get(_KEY)
    return found if found is not None and found.workspace == workspace.name else None


def take(
    workspace: Workspace,
    origin: str,
    name: str,
    questions: Iterable[evaluate.Question],
    bad: tuple[evaluate.BadRow, ...] = (),
) -> None:
    """Work on these questions from now on."""
    before: Working | None = st.session_state.get(_KEY)
    rows = [row_of(question) for question in questions] or [blank()]
    version = before.version + 1 if before else 0
    st.session_state[_KEY] = Working(workspace.name, origin, name, rows, bad, version)


def take_sample(workspace: Workspace) -> None:
    """Work on the sample's questions."""
    take(workspace, SAMPLE, "The sample's questions", evaluate.sample_questions())


def take_set(workspace: Workspace, name: str) -> None:
    """Work on a saved set; raises `UsageError` when it is gone."""
    take(workspace, SET + name, name, evaluate.load_set(workspace, name))


def leave() -> None:
    """Work on no set."""
    st.session_state.pop(_KEY, None)


def sample_is_there(names: Iterable[str]) -> bool:
    """Whether the sample corpus is among documents of these names."""
    return {path.name for path in sample.documents()} <= set(names)


def blank() -> Row:
    """A row to write into."""
    texts: Row = dict.fromkeys(_TEXTS, "")
    return texts | {"answerable": True, "drafted": False}


def row_of(question: evaluate.Question) -> Row:
    """A question as a row of the editor."""
    return {
        "id": question.id,
        "question": question.question,
        "answers": _joined(question.answers),
        "source": _joined(question.sources),
        "passage": _joined(question.passages),
        "answerable": question.answerable,
        "drafted": question.drafted,
    }


def clean(record: Mapping[str, Any]) -> Row:
    """A row as the editor gives it back, without the empty values of tables."""
    row = blank()
    for name in _TEXTS:
        row[name] = _text(record.get(name))
    for name, default in (("answerable", True), ("drafted", False)):
        value = record.get(name)
        row[name] = default if _missing(value) else bool(value)
    return row


def check(rows: Sequence[Row], settings: Settings) -> Checked:
    """Every row that makes a question; rows with nothing in them are passed over."""
    filled = (
        evaluate.Row(place, row)
        for place, row in enumerate(rows, 1)
        if row["question"].strip() or any(row[name] for name in _LABELS)
    )
    found = evaluate.gather(filled, settings, unit="row")
    problems = (
        dataclasses.replace(item, reason=_named(rows[item.line - 1], item.reason)) for item in found.bad
    )
    return Checked(found.questions, tuple(problems))


def _joined(values: Sequence[str]) -> str:
    """Several texts in one cell, as in a file: `a | b`; as JSON where that could be misread."""
    if any("|" in value or value.lstrip().startswith("[") for value in values):
        return json.dumps(values, ensure_ascii=False)
    return " | ".join(values)


def _named(row: Row, reason: str) -> str:
    """The reason, with how the row begins: the editor shows no numbers."""
    begins = shorten(row["question"], 40)
    return f"(“{begins}”) {reason}" if begins else reason


def _text(value: Any) -> str:
    return "" if _missing(value) else str(value)


def _missing(value: Any) -> bool:
    """Whether a table holds nothing there: None, or a number that is none."""
    return value is None or (isinstance(value, float) and math.isnan(value))
