"""What keeps an evaluation's outcomes while it goes on, so that a killed one can be resumed.

A journal may be written to again and again; the runner needs no more of it than this protocol.
`LinesJournal` is a file, for the command line; the history has one over SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from core.documents.records import Chunk
from core.errors import StorageError, UsageError
from core.evaluate.jsonform import (
    chunk_from_json,
    chunk_to_json,
    header_to_json,
    outcome_from_json,
    outcome_to_json,
    result_from_json,
)
from core.evaluate.questions import questions_hash
from core.evaluate.records import EvaluationResult, Outcome, Plan, Question
from core.loop import get_loop


@dataclass(frozen=True)
class Kept:
    """What an earlier run of the same evaluation finished."""

    outcomes: tuple[Outcome, ...] = ()
    chunks: Mapping[str, Chunk] = field(default_factory=dict)
    started_at: str = ""


class Journal(Protocol):
    """Every call is awaited on the event-loop thread, one at a time, and must not block it."""

    async def open(self, begun: EvaluationResult) -> Kept:
        """Begin (`begun` has no outcomes yet) or go on, and say what is there already.

        Raises `UsageError` when what is there is another evaluation.
        """
        ...

    async def append(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        """Keep outcomes, and chunks that no earlier outcome found; lasting when it returns."""
        ...

    async def close(self, ended: EvaluationResult) -> None:
        """Keep how it ended: state, warnings, seconds."""
        ...


class MemoryJournal:
    """Keeps everything until the process ends."""

    def __init__(self) -> None:
        self.begun: EvaluationResult | None = None
        self.ended: EvaluationResult | None = None
        self._outcomes: dict[tuple[str, str, int], Outcome] = {}
        self._chunks: dict[str, Chunk] = {}

    async def open(self, begun: EvaluationResult) -> Kept:
        """Begin, or go on."""
        if self.begun is not None:
            check_same(self.begun, begun)
        self.begun = self.begun or begun
        return Kept(tuple(self._outcomes.values()), dict(self._chunks), self.begun.started_at)

    async def append(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        """Keep outcomes and chunks."""
        self._outcomes |= {outcome.key: outcome for outcome in outcomes}
        self._chunks |= {chunk.id: chunk for chunk in chunks}

    async def close(self, ended: EvaluationResult) -> None:
        """Keep how it ended."""
        self.ended = ended


class LinesJournal:
    """A file of JSON lines: a header, then an outcome or a chunk a line, then how it ended.

    Whatever a killed process wrote is there; a last line that it did not finish is passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    async def open(self, begun: EvaluationResult) -> Kept:
        """Begin, or go on."""
        return await get_loop().blocking(self._open, begun)

    async def append(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        """Keep outcomes and chunks."""
        lines = [{"chunk": chunk_to_json(chunk)} for chunk in chunks]
        lines += [{"outcome": outcome_to_json(outcome)} for outcome in outcomes]
        await get_loop().blocking(self._write, lines)

    async def close(self, ended: EvaluationResult) -> None:
        """Keep how it ended."""
        await get_loop().blocking(self._close, ended)

    def _open(self, begun: EvaluationResult) -> Kept:
        kept = Kept()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            found = read_journal(self._path) if self._path.exists() and self._path.stat().st_size else None
            if found is not None:
                check_same(found, begun)
                kept = Kept(found.outcomes, found.chunks, found.started_at)
            self._file = self._path.open("ab")
            if found is not None:
                self._file.write(b"\n")  # ends a line that a kill cut off
        except OSError as error:
            raise self._trouble(error) from None
        self._write([] if found is not None else [{"header": header_to_json(begun)}])
        return kept

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        assert self._file is not None
        try:
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            self._file.write(text.encode("utf-8", "replace"))
            self._file.flush()
        except OSError as error:
            raise self._trouble(error) from None

    def _close(self, ended: EvaluationResult) -> None:
        end = {"state": ended.state, "warnings": list(ended.warnings), "seconds": ended.seconds}
        try:
            self._write([{"end": end}])
        finally:
            assert self._file is not None
            self._file.close()

    def _trouble(self, error: OSError) -> StorageError:
        reason = error.strerror or type(error).__name__
        return StorageError(
            f"The journal {self._path} cannot be written ({reason}): free some space or choose another place."
        )


def read_journal(path: Path) -> EvaluationResult:
    """An evaluation as far as its journal has it; "incomplete" when it never came to its end. Blocks.

    Raises `UsageError` when the file is no journal.
    """
    result: EvaluationResult | None = None
    outcomes: dict[tuple[str, str, int], Outcome] = {}
    chunks: dict[str, Chunk] = {}
    for line in _lines(path):
        if "header" in line and result is None:
            result = replace(result_from_json(line["header"]), state="incomplete")
        elif "outcome" in line:
            outcome = outcome_from_json(line["outcome"])
            outcomes[outcome.key] = outcome
        elif "chunk" in line:
            chunk = chunk_from_json(line["chunk"])
            chunks[chunk.id] = chunk
        elif "end" in line and result is not None:
            end = line["end"]
            result = replace(
                result, state=end["state"], warnings=tuple(end["warnings"]), seconds=end["seconds"]
            )
    if result is None:
        raise UsageError(f"{path} is no journal of an evaluation: name another file, or a new one.")
    return replace(result, outcomes=in_order(result, outcomes), chunks=chunks)


def in_order(
    result: EvaluationResult, outcomes: Mapping[tuple[str, str, int], Outcome]
) -> tuple[Outcome, ...]:
    """The outcomes that belong to a result, in its order: questions, then variants, then repeats."""
    wanted = (
        (question.id, variant.key, repeat)
        for question in result.questions
        for variant in result.plan.variants
        for repeat in range(result.plan.repeats)
    )
    return tuple(outcomes[key] for key in wanted if key in outcomes)


def check_same(earlier: EvaluationResult, now: EvaluationResult) -> None:
    """Raise `UsageError` unless both ask the same questions of the same settings and the same corpus."""
    for what, first, second in (
        ("questions", _asked(earlier.questions), _asked(now.questions)),
        ("cutting of the corpus", _cut(earlier), _cut(now)),
        *((name, _told(earlier.plan, name), _told(now.plan, name)) for name in Plan.__dataclass_fields__),
    ):
        if first != second:
            raise UsageError(
                f"This evaluation cannot go on where the earlier one stopped, because the {what} "
                "changed since: start a new one."
            )


def _asked(questions: Sequence[Question]) -> str:
    return questions_hash(questions)


def _cut(result: EvaluationResult) -> frozenset[tuple[object, object]]:
    """How many chunks each corpus has: the same documents may have been cut anew meanwhile."""
    return frozenset(
        (item.get("label"), item.get("chunks")) for item in result.environment.get("corpora", ())
    )


def _told(plan: Plan, name: str) -> object:
    value = getattr(plan, name)
    return frozenset(value) if name == "variants" else value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                value = json.loads(line) if line.strip() else None
            except ValueError:
                continue  # cut off by a kill: its question is asked again
            if isinstance(value, dict):
                yield value
