"""Evaluations in the history: kept there while they go on, listed, opened and resumed like benchmarks.

A cell of the stored run is a variant, a round an outcome; the first cell also holds the questions.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.documents.records import Chunk
from core.errors import StorageError, UsageError
from core.evaluate.finding import findings
from core.evaluate.journal import Kept, check_same, in_order
from core.evaluate.jsonform import (
    chunk_from_json,
    chunk_to_json,
    header_to_json,
    outcome_from_json,
    outcome_to_json,
    result_from_json,
)
from core.evaluate.records import EvaluationResult, Outcome
from core.history import History, NewRun, Writer, new_run_id
from core.history.benchmarks import moment
from core.history.records import StoredRun
from core.history.texts import LONGEST_NAME, clean
from core.loop import get_loop
from core.processes import this_process

Key = tuple[str, str, int]
"""What an outcome is of: question, variant, repeat."""
HEARTBEAT = 10.0
"""Seconds between two signs of life."""


class HistoryJournal:
    """A `Journal` over the history, where the run is called `name`.

    With `resume`, `evaluate` must be given the id of an earlier run, which it then goes on with.
    """

    def __init__(
        self, history: History, *, name: str = "Evaluation", note: str = "", resume: bool = False
    ) -> None:
        self._history, self._name, self._note, self._resume = history, name, note, resume
        self._owner = this_process()
        self._begun: EvaluationResult | None = None
        self._places: dict[Key, int] = {}
        # Chunks that are kept with an outcome that failed: when it is asked again, they must not go with it.
        self._held: dict[Key, list[dict[str, Any]]] = {}
        self._beating: asyncio.Task[None] | None = None
        # A sign of life may still be on its thread when the run is over: it must not revive it.
        self._life, self._over = threading.Lock(), False

    async def open(self, begun: EvaluationResult) -> Kept:
        """Begin the run, or go on with it."""
        kept = await get_loop().blocking(self._open, begun)
        self._begun = begun
        self._beating = asyncio.create_task(self._beat(begun.run_id))
        return kept

    async def append(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        """Keep outcomes and chunks, in one transaction."""
        await get_loop().blocking(self._append, outcomes, chunks)

    async def close(self, ended: EvaluationResult) -> None:
        """Keep how it ended, and what it says."""
        if self._beating is not None:
            self._beating.cancel()
        await get_loop().blocking(self._close, ended)

    async def _beat(self, run_id: str) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            with suppress(StorageError):  # the next outcome meets the same failure, and tells
                await get_loop().blocking(self._alive, run_id)

    # On threads of the blocking pool, one call at a time, signs of life apart.

    def _open(self, begun: EvaluationResult) -> Kept:
        self._places = _places(begun)
        if self._resume:
            return self._go_on(begun)
        with self._history.write() as writer:
            writer.begin(_new_run(begun, self._name, self._note), self._owner)
        return Kept()

    def _go_on(self, begun: EvaluationResult) -> Kept:
        """What is there already; the run is ours from now on, so that nothing is asked twice."""
        stored = self._history.stored(begun.run_id)
        earlier = load_evaluation(stored)
        check_same(earlier, begun)
        with self._history.write() as writer:
            if not writer.resume(begun.run_id, self._owner, stored.summary.updated_at):
                raise UsageError("That evaluation goes on elsewhere already: wait for it, or stop it first.")
            writer.update(begun.run_id, warnings=list(begun.warnings))
        self._held = _held(stored)
        return Kept(earlier.outcomes, earlier.chunks, earlier.started_at)

    def _append(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        assert self._begun is not None
        with self._history.write() as writer:
            _store_outcomes(writer, self._begun.run_id, self._places, outcomes, chunks, self._held)
            writer.alive(self._begun.run_id)

    def _close(self, ended: EvaluationResult) -> None:
        with self._life, self._history.write() as writer:
            self._over = True
            _store_state(writer, ended)
        told = _told(ended)
        with self._history.write() as writer:
            _store_told(writer, ended, told)

    def _alive(self, run_id: str) -> None:
        with self._life:
            if not self._over:
                with self._history.write() as writer:
                    writer.alive(run_id)


def load_evaluation(stored: StoredRun) -> EvaluationResult:
    """The evaluation of a stored run, as far as it came; `UsageError` for a run of another kind."""
    summary = stored.summary
    if summary.kind != "evaluation":
        raise UsageError(f"The run {summary.name!r} is no evaluation, it is of the kind {summary.kind}.")
    questions: list[Mapping[str, Any]] = []
    outcomes: dict[Key, Outcome] = {}
    chunks: dict[str, Chunk] = {}
    for cell in stored.cells:
        questions += cell.data.get("questions", [])
        for item in cell.rounds:
            outcome = outcome_from_json(item.data)
            outcomes[outcome.key] = outcome
            chunks |= {data["id"]: chunk_from_json(data) for data in item.data["chunks"]}
    state = "incomplete" if summary.state == "running" else summary.state
    result = result_from_json(
        {
            **summary.config,
            "questions": questions,
            "state": state,
            "environment": summary.environment,
            "warnings": summary.warnings,
            "seconds": summary.seconds or max(summary.updated_at - summary.started_at, 0.0),
        }
    )
    return replace(result, run_id=summary.run_id, outcomes=in_order(result, outcomes), chunks=chunks)


async def store_evaluation(
    history: History, result: EvaluationResult, *, name: str = "Evaluation", note: str = ""
) -> None:
    """Write a whole evaluation under the id that it has."""
    await get_loop().blocking(lambda: add_evaluation(history, result, name=name, note=note))


def add_evaluation(
    history: History,
    result: EvaluationResult,
    *,
    name: str = "Evaluation",
    note: str = "",
    imported: bool = False,
) -> str:
    """Write a whole evaluation under its id, or a new one if it has none, which is returned; blocks."""
    result = result if result.run_id else replace(result, run_id=new_run_id())
    began = moment(result.started_at) if result.started_at else 0.0
    new = replace(_new_run(result, name, note), imported=imported, started_at=began)
    told = _told(result)
    with history.write() as writer:
        writer.begin(new, owner="")
        chunks = list(result.chunks.values())
        _store_outcomes(writer, result.run_id, _places(result), result.outcomes, chunks, {})
        _store_state(writer, result)
        _store_told(writer, result, told)
    return result.run_id


def _held(stored: StoredRun) -> dict[Key, list[dict[str, Any]]]:
    """The chunks that are kept with outcomes which failed."""
    failed = (item.data for cell in stored.cells for item in cell.rounds if item.data["error"])
    return {outcome_from_json(data).key: data["chunks"] for data in failed if data["chunks"]}


def _store_outcomes(
    writer: Writer,
    run_id: str,
    places: Mapping[Key, int],
    outcomes: Sequence[Outcome],
    chunks: Sequence[Chunk],
    held: Mapping[Key, list[dict[str, Any]]],
) -> None:
    """Write outcomes, each with the chunks that it was the first to find, and those it already has."""
    new = {chunk.id: chunk_to_json(chunk) for chunk in chunks}
    for outcome in outcomes:
        mine = [new.pop(item.chunk_id) for item in outcome.found if item.chunk_id in new]
        known = {data["id"] for data in mine}
        mine += [data for data in held.get(outcome.key, ()) if data["id"] not in known]
        data = outcome_to_json(outcome) | {"chunks": mine}
        writer.round(run_id, outcome.variant, places[outcome.key], data)


@dataclass(frozen=True)
class _Told:
    """What an evaluation says: a line for each variant, and sentences."""

    lines: Mapping[str, Any]
    sentences: tuple[str, ...]


def _told(ended: EvaluationResult) -> _Told:
    """Worked out before any transaction: 16 variants of 1,278 questions take 20 s."""
    from core.evaluate.summary import conclusions

    found = conclusions(ended)
    lines = {line["variant"]: line for line in found["leaderboard"]}
    return _Told(lines, (*findings(ended), *found["verdict"]))


def _store_state(writer: Writer, ended: EvaluationResult) -> None:
    """Write how it ended."""
    writer.finish(ended.run_id, ended.state, warnings=list(ended.warnings), seconds=ended.seconds)


def _store_told(writer: Writer, ended: EvaluationResult, told: _Told) -> None:
    """Write what it says."""
    for position, (key, data) in enumerate(_cells(ended).items()):
        whole = len(ended.of(key)) == len(ended.questions) * ended.plan.repeats
        writer.cell(ended.run_id, key, {**data, "summary": told.lines[key]}, position, finished=whole)
    verdict = [{"topic": "quality", "text": text} for text in told.sentences]
    writer.update(ended.run_id, verdict=verdict)


def _new_run(begun: EvaluationResult, name: str, note: str) -> NewRun:
    header = header_to_json(begun)
    config = {key: value for key, value in header.items() if key not in _ELSEWHERE}
    return NewRun(
        run_id=begun.run_id,
        kind="evaluation",
        name=" ".join(clean(name).split())[:LONGEST_NAME] or "Evaluation",
        note=note,
        config=config | {"asked": len(begun.questions)},
        environment=begun.environment,
        cells=_cells(begun),
        workspace=begun.workspace,
        workload_hash=header["questions_hash"],
        schema_version=begun.schema_version,
    )


_ELSEWHERE = {"questions", "environment", "warnings", "state", "seconds"}


def _cells(result: EvaluationResult) -> dict[str, dict[str, Any]]:
    """What is known of each variant; the questions are with the first, where no list of runs reads them."""
    cells: dict[str, dict[str, Any]] = {
        variant.key: {"label": variant.label} for variant in result.plan.variants
    }
    first = next(iter(cells))
    cells[first]["questions"] = [asdict(question) for question in result.questions]
    return cells


def _places(result: EvaluationResult) -> dict[Key, int]:
    """The index of the round of each outcome, within its variant."""
    repeats = result.plan.repeats
    return {
        (question.id, variant.key, repeat): place * repeats + repeat
        for place, question in enumerate(result.questions)
        for variant in result.plan.variants
        for repeat in range(repeats)
    }
