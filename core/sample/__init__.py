"""The sample corpus: six documents of a fictional night railway, and forty labelled questions on them.

The railway, its people and its figures are invented, so that an answer can only come from the
documents. Some facts exist twice on purpose (last year's price and this year's), and four
questions have no answer in the corpus.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

QuestionKind = Literal["fact", "table", "policy", "multi", "unanswerable"]

FIRST_QUESTION = "How much money do I get back if my train arrives three hours late?"
SUGGESTED_QUESTIONS = (
    "In which compartments may I travel with my dog?",
    "At what wind speed do you stop running trains over the Sallow Viaduct?",
    "How much does the cheapest couchette ticket cost in 2026?",
    "When is sleeping car 217 coming back, and why was it taken out of service?",
)

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Evidence:
    """Where an answer stands: file name, page or slide (None without pages) and the exact text.

    White space apart, `passage` occurs in the parsed text of that page and fits one default chunk.
    """

    source: str
    page: int | None
    passage: str


@dataclass(frozen=True)
class SampleQuestion:
    """A labelled question; `answers` are accepted strings, in the source's own words.

    `evidence` starts with the passage that holds the answer; a `multi` question needs all of them.
    Both are empty when the corpus does not answer the question.
    """

    id: str
    question: str
    kind: QuestionKind
    answers: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the corpus holds an answer."""
        return bool(self.answers)


def documents() -> list[Path]:
    """The files of the sample corpus, by name."""
    return sorted(path for path in (_FOLDER / "corpus").iterdir() if not path.name.startswith("."))


def questions_path() -> Path:
    """The labelled questions as JSON Lines: question, answers, source, page, passage, answerable, kind."""
    return _FOLDER / "questions.jsonl"


def questions() -> list[SampleQuestion]:
    """The labelled questions, in their order."""
    lines = questions_path().read_text(encoding="utf-8").splitlines()
    return [_question(json.loads(line)) for line in lines]


def _question(record: dict[str, Any]) -> SampleQuestion:
    places = [record, *record.get("also", [])] if record["answerable"] else []
    evidence = tuple(Evidence(place["source"], place["page"], place["passage"]) for place in places)
    return SampleQuestion(
        record["id"], record["question"], record["kind"], tuple(record["answers"]), evidence
    )
