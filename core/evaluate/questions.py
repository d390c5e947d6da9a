"""Question sets: read from CSV, JSON Lines and JSON, checked row by row, written again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core.documents.text import decode
from core.errors import TandemError, UsageError
from core.evaluate.records import Question
from core.evaluate.rows import Row, csv_rows, guarded, json_rows, jsonl_rows
from core.evaluate.values import BadValueError, flag, one_text, texts
from core.sample import questions as sample_records
from core.settings import Settings

Format = Literal["csv", "jsonl", "json"]

MOST_QUESTIONS = 20_000
COLUMNS = ("question", "answers", "source", "passage", "answerable")
_ALIASES = {
    "query": "question",
    "answer": "answers",
    "sources": "source",
    "document": "source",
    "passages": "passage",
}
_LONGEST_LABEL = 20_000


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used: its line in the file (from 1), and why, as a sentence."""

    line: int
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What a file gave: the good questions in their order, and the rows that are none."""

    questions: tuple[Question, ...]
    bad: tuple[BadRow, ...] = ()


def load_questions(path: Path, settings: Settings) -> Loaded:
    """Read a file by its extension; blocks. Raises `UsageError` when nothing in it can be read."""
    try:
        size = path.stat().st_size / 2**20
        if size > settings.max_file_mb:
            raise UsageError(
                f"The question file {path} has {size:,.0f} MB and the limit is {settings.max_file_mb:g}: "
                "split it, or raise TANDEM_MAX_FILE_MB."
            )
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The question file {path} cannot be read ({reason}): check its path.") from None
    return read_questions(path.name, data, settings)


def read_questions(name: str, data: bytes, settings: Settings) -> Loaded:
    """Read the bytes of a file called `name`; bad rows are listed, good ones kept.

    Raises `UsageError` when the file is of no known kind, is no text, or holds no question at all.
    """
    kind = name.lower().rpartition(".")[2]
    readers = {"csv": csv_rows, "tsv": csv_rows, "jsonl": jsonl_rows, "ndjson": jsonl_rows, "json": json_rows}
    if kind not in readers:
        raise UsageError(f"“{name}” is no question file: give .csv, .jsonl or .json.")
    try:
        text = decode(name, data)
    except TandemError as error:
        raise UsageError(str(error)) from None
    return _load(name, readers[kind](text), settings)


def sample_questions() -> tuple[Question, ...]:
    """The sample corpus's forty questions."""
    return tuple(
        Question(
            id=item.id,
            question=item.question,
            answers=item.answers,
            sources=tuple(dict.fromkeys(place.source for place in item.evidence)),
            passages=tuple(place.passage for place in item.evidence),
            answerable=item.answerable,
        )
        for item in sample_records()
    )


def question_id(question: str) -> str:
    """An id that stays the same wherever the question stands in a file."""
    return hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def questions_hash(questions: Sequence[Question]) -> str:
    """Hash (16 hex digits) of everything that is measured: the questions with their labels, in order."""
    parts = [[item.id, *labels_of(item)] for item in questions]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def question_to_json(question: Question) -> dict[str, Any]:
    """One question with the columns that a file has; what is empty or ordinary is left out."""
    record: dict[str, Any] = {"id": question.id, "question": question.question}
    record |= {
        name: list(value)
        for name, value in (
            ("answers", question.answers),
            ("source", question.sources),
            ("passage", question.passages),
        )
        if value
    }
    if not question.answerable:
        record["answerable"] = False
    if question.drafted:
        record["drafted"] = True
    return record


def question_of(record: Mapping[str, Any], settings: Settings) -> Question:
    """A question from a mapping of columns; raises `BadValueError` with the reason why it is none."""
    row = {_ALIASES.get(name, name): value for key, value in record.items() if (name := _column(key))}
    question = one_text(row.get("question"), "question", settings.max_question)
    if not question:
        raise BadValueError("The question is empty: write one, or delete the row.")
    answers = texts(row.get("answers"), "answers", _LONGEST_LABEL)
    answerable = flag(row.get("answerable"), "answerable", default=True)
    if answers and not answerable:
        raise BadValueError(
            "The question has answers and says that it cannot be answered: correct one of the two."
        )
    return Question(
        id=one_text(row.get("id"), "id", 100) or question_id(question),
        question=question,
        answers=answers,
        sources=texts(row.get("source"), "source", _LONGEST_LABEL),
        passages=texts(row.get("passage"), "passage", _LONGEST_LABEL),
        answerable=answerable,
        drafted=flag(row.get("drafted"), "drafted", default=False),
    )


def export_questions(questions: Sequence[Question], kind: Format) -> bytes:
    """The questions as a file that `read_questions` reads back; CSV with a mark that Excel understands."""
    records = [question_to_json(item) for item in questions]
    if kind == "json":
        return json.dumps(records, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    if kind == "jsonl":
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, ["id", *COLUMNS, "drafted"])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in record.items()} for record in records)
    return stream.getvalue().encode("utf-8-sig", "replace")


def gather(rows: Iterable[Row], settings: Settings, unit: str = "line") -> Loaded:
    """The questions that rows make, each once, and the rows that make none; `unit` is what a place is called.

    A question that is asked twice with other labels, as SQuAD does, gets an id of its own.
    """
    good: dict[tuple[object, ...], tuple[int, Question]] = {}
    bad: list[BadRow] = []
    ids: set[str] = set()
    for row in rows:
        try:
            question = _question(row, settings, full=len(good) == MOST_QUESTIONS)
        except BadValueError as error:
            bad.append(BadRow(row.line, str(error)))
            continue
        if (labels := labels_of(question)) in good:
            first = good[labels][0]
            bad.append(BadRow(row.line, f"It repeats the question of {unit} {first}: delete one of them."))
            continue
        if question.id in ids:
            question = replace(question, id=question_id(json.dumps(labels)))
        ids.add(question.id)
        good[labels] = row.line, question
    return Loaded(tuple(question for _, question in good.values()), tuple(bad))


def _question(row: Row, settings: Settings, *, full: bool) -> Question:
    if full:
        raise BadValueError(f"It is beyond the limit of {MOST_QUESTIONS:,} questions: split the file.")
    if row.problem is not None:
        raise BadValueError(row.problem)
    return question_of(row.values, settings)


def _load(name: str, rows: Iterator[Row], settings: Settings) -> Loaded:
    loaded = gather(rows, settings)
    if not loaded.questions and not loaded.bad:
        raise UsageError(f"“{name}” holds no questions: write one a row, with a column “question”.")
    return loaded


def labels_of(item: Question) -> tuple[object, ...]:
    """What two rows must share to be the same question: its text and every label."""
    return item.question, item.answers, item.sources, item.passages, item.answerable


def _column(name: object) -> str:
    return str(name).strip().lower().replace(" ", "_") if name is not None else ""


def _cell(value: Any) -> str:
    """One text as it is, but for what marks a formula; several, or one that would be taken for several,
    as a JSON list."""
    if isinstance(value, list):
        single = len(value) == 1 and "|" not in value[0] and not value[0].lstrip().startswith("[")
        value = value[0] if single else json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else guarded(str(value))
