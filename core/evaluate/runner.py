"""An evaluation: prepare the corpora, put every question to every variant, keep what comes, resume."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.documents.records import Chunk
from core.errors import StorageError, UsageError
from core.evaluate.asking import Asker, Side
from core.evaluate.corpora import corpus_hash, place_of, prepare_corpora, to_index
from core.evaluate.environment import caveats, environment
from core.evaluate.events import Answered, Begun, Emit, Ended, Event, Indexing, Progress, Warned
from core.evaluate.journal import Journal, MemoryJournal, in_order
from core.evaluate.judging import Judge, check_judge, judgements_each
from core.evaluate.keeping import Keeper
from core.evaluate.records import EvaluationResult, Outcome, Plan, Question, State, Variant
from core.evaluate.variants import Cost, check_variants
from core.history.records import new_run_id
from core.loop import get_loop

if TYPE_CHECKING:
    from core.workspace import Workspace

MOST_OUTCOMES = 100_000
# Questions that are embedded together, and whose vectors are in memory at a time.
_BLOCK = 256
# So many outcomes that fail in a row mean that a model or Milvus is gone, and not that questions are odd.
_GIVE_UP = 20
_AT_ONCE = 4
MOST_AT_ONCE = 64
_CUTOFFS = (1, 3, 5, 10)


async def evaluate(
    workspace: Workspace,
    questions: Sequence[Question],
    variants: Sequence[Variant],
    *,
    retrieval_only: bool = False,
    repeats: int = 1,
    judgements: int = 0,
    concurrency: int | None = None,
    retry_failed: bool = False,
    emit: Emit | None = None,
    journal: Journal | None = None,
    run_id: str = "",
) -> EvaluationResult:
    """Put every question to every variant and score what comes.

    `repeats` asks each so often; `judgements` has a language model judge each answer so often.
    `concurrency` is how many questions are under way at once: by default 1 where everything runs in
    this process, for more would only take turns and spoil the latencies, else 4.

    Each outcome goes to `journal` as it comes; with the journal of an earlier, unfinished run of the
    same evaluation only the rest is asked (and what failed, with `retry_failed`). Cancelling keeps
    what is finished: the journal has it, and `emit` gets `Ended` with it. After 20 failures in a row
    it stops with the state "incomplete". Raises `UsageError` for what cannot be evaluated.
    """
    checked = check_variants(variants)
    plan = Plan(
        variants=checked,
        retrieval_only=retrieval_only,
        repeats=repeats,
        judgements=judgements,
        judge=workspace.model.endpoint.label if judgements else "",
        corpus=await corpus_hash(workspace),
        models=_models(workspace, retrieval_only=retrieval_only),
        cutoffs=cutoffs(checked),
    )
    check(workspace, questions, plan)
    width = concurrency
    if width is None:
        width = default_concurrency(workspace, retrieval_only=retrieval_only)
    if not 1 <= width <= MOST_AT_ONCE:
        raise UsageError(f"{width} questions cannot be under way at once: choose 1 to {MOST_AT_ONCE}.")
    run = _Evaluation(workspace, tuple(questions), plan, width, emit or _nobody)
    return await run.execute(journal or MemoryJournal(), run_id, retry_failed=retry_failed)


async def estimate(
    workspace: Workspace,
    questions: Sequence[Question],
    variants: Sequence[Variant],
    *,
    retrieval_only: bool = False,
    repeats: int = 1,
    judgements: int = 0,
) -> Cost:
    """What `evaluate` would ask for."""
    asked = len(questions) * len(variants) * repeats
    judged = sum(map(judgements_each, questions)) * len(variants) * repeats * judgements
    return Cost(
        questions=len(questions),
        variants=len(variants),
        retrievals=asked,
        model_calls=0 if retrieval_only else asked,
        judge_calls=0 if retrieval_only else judged,
        indexing=await to_index(workspace, variants),
    )


def check(workspace: Workspace, questions: Sequence[Question], plan: Plan) -> None:
    """Raise `UsageError` when a plan cannot be carried out on these questions."""
    if not questions:
        raise UsageError("There are no questions to evaluate: give a question file, or take the sample's.")
    if len({question.id for question in questions}) < len(questions):
        raise UsageError("Two questions have the same id: give each its own, or leave the ids out.")
    if not 1 <= plan.repeats <= 20 or not 0 <= plan.judgements <= 20:
        raise UsageError("Repeats are 1 to 20, and judgements 0 to 20.")
    if plan.judgements and plan.retrieval_only:
        raise UsageError("Retrieval alone gives no answers to judge: leave out one of the two.")
    if plan.judgements:
        check_judge(workspace)
    total = len(questions) * len(plan.variants) * plan.repeats
    if total > MOST_OUTCOMES:
        raise UsageError(
            f"That is {total:,} questions to ask, over all variants and repeats, and the limit is "
            f"{MOST_OUTCOMES:,}: take fewer of them."
        )


def default_concurrency(workspace: Workspace, *, retrieval_only: bool) -> int:
    """Questions under way at once: 1 where Milvus and the model both run in this process."""
    inside = workspace.backend.kind == "lite"
    inside = inside and (retrieval_only or workspace.model.endpoint.kind == "offline")
    return 1 if inside else _AT_ONCE


def cutoffs(variants: Sequence[Variant]) -> tuple[int, ...]:
    """The k of hit@k and its like: the usual ones up to the largest top-k, and every top-k."""
    own = {variant.top_k or 4 for variant in variants}  # 4: the larger of the frameworks' own defaults
    return tuple(sorted({k for k in _CUTOFFS if k <= max(own)} | own))


class _StoppedError(Exception):
    """Too much failed in a row; its text is the last failure."""


class _Evaluation:
    """One run of an evaluation."""

    def __init__(
        self, workspace: Workspace, questions: tuple[Question, ...], plan: Plan, width: int, emit: Emit
    ) -> None:
        self._workspace, self._width, self._tell = workspace, width, emit
        self._outcomes: dict[tuple[str, str, int], Outcome] = {}
        self._chunks: dict[str, Chunk] = {}
        self._begun = EvaluationResult(plan, questions, workspace=workspace.name)
        self._clock = self._rate_clock = time.monotonic()
        self._resumed = self._errors = self._failed_in_a_row = 0

    async def execute(self, journal: Journal, run_id: str, *, retry_failed: bool) -> EvaluationResult:
        """The whole run; what is finished is kept whatever happens."""
        sides, judge = await self._prepare(run_id)
        keeper = Keeper(await self._open(journal, retry_failed=retry_failed), self.warn)
        asker = Asker(self._workspace, self._begun.plan, sides, judge)
        state: State = "incomplete"
        try:
            self._tell(Begun(self._result(state)))
            await self._ask_all(asker, keeper)
            state = "complete"
        except _StoppedError as error:
            self.warn(f"It was stopped after {_GIVE_UP} failures in a row. The last one: {error}")
        except asyncio.CancelledError:
            state = "cancelled"
            raise
        finally:
            result = await asyncio.shield(self._end(state, keeper, judge))
        return result

    async def _end(self, state: State, keeper: Keeper, judge: Judge | None) -> EvaluationResult:
        """Keep how it ended, and tell."""
        if judge is not None and judge.failures:
            self.warn(f"{len(judge.failures):,} judgements failed, the first so: {judge.failures[0]}")
        kept = self._result(state)
        await keeper.close(kept)
        if keeper.trouble:
            self.warn(f"What is stored of it is not whole: {keeper.trouble}")
        # Summing up takes a second, too: what is told took as long as what is stored.
        result = replace(self._result(state), seconds=kept.seconds)
        self._tell(Ended(result))
        return result

    def warn(self, text: str) -> None:
        """Keep a warning with the result, once, and tell it."""
        if text not in self._begun.warnings:
            self._begun = replace(self._begun, warnings=(*self._begun.warnings, text))
            self._tell(Warned(text))

    async def _prepare(self, run_id: str) -> tuple[dict[str, Side], Judge | None]:
        plan = self._begun.plan
        corpora = await prepare_corpora(self._workspace, plan.variants, _IndexProgress(self._tell))
        sides = {item.key: await Side.open(item, corpora[place_of(item)]) for item in plan.variants}
        judge = await Judge.open(self._workspace, plan.judgements) if plan.judgements else None
        where = await get_loop().blocking(
            lambda: environment(self._workspace, corpora, self._width, retrieval_only=plan.retrieval_only)
        )
        self._begun = replace(
            self._begun,
            environment=where,
            run_id=run_id or new_run_id(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        for text in caveats(self._begun.questions, corpora):
            self.warn(text)
        for side in sides.values():  # the first search of a collection is slower than any other
            await side.ask(self._begun.questions[0], None, retrieve_only=True)
        return sides, judge

    async def _open(self, journal: Journal, *, retry_failed: bool) -> Journal:
        """Begin the journal or go on with it; one that cannot be written costs a warning."""
        try:
            kept = await journal.open(self._begun)
        except StorageError as error:
            self.warn(f"This evaluation is not being stored: {error}")
            journal = MemoryJournal()
            kept = await journal.open(self._begun)
        self._begun = replace(self._begun, started_at=kept.started_at or self._begun.started_at)
        good = [item for item in kept.outcomes if item.error is None or not retry_failed]
        self._outcomes = {item.key: item for item in good}
        found = {item.chunk_id for outcome in good for item in outcome.found}
        self._chunks = {key: chunk for key, chunk in kept.chunks.items() if key in found}
        self._resumed = len(self._outcomes)
        self._errors = sum(item.error is not None for item in good)
        self._rate_clock = time.monotonic()
        return journal

    async def _ask_all(self, asker: Asker, keeper: Keeper) -> None:
        left = [
            (question, tasks)
            for place, question in enumerate(self._begun.questions)
            if (tasks := self._tasks(place, question))
        ]
        for start in range(0, len(left), _BLOCK):
            block = left[start : start + _BLOCK]
            await asker.block([question for question, _ in block])
            waiting = iter(block)
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._width, len(block))):
                        group.create_task(self._work(waiting, asker, keeper))
            except BaseExceptionGroup as failures:
                raise _first(failures) from failures
            for text in asker.troubles:
                self.warn(text)

    def _tasks(self, place: int, question: Question) -> list[tuple[Variant, int]]:
        """What is left to ask of a question; who goes first changes, so that no variant is always warm."""
        variants, repeats = self._begun.plan.variants, self._begun.plan.repeats
        turn = place % len(variants)
        order = (*variants[turn:], *variants[:turn])
        every = [(variant, repeat) for repeat in range(repeats) for variant in order]
        return [
            (variant, repeat)
            for variant, repeat in every
            if (question.id, variant.key, repeat) not in self._outcomes
        ]

    async def _work(self, waiting: _Waiting, asker: Asker, keeper: Keeper) -> None:
        for question, tasks in waiting:
            outcomes, chunks = await asker.ask(question, tasks)
            new = [chunk for key, chunk in chunks.items() if key not in self._chunks]
            self._chunks |= {chunk.id: chunk for chunk in new}
            self._outcomes |= {outcome.key: outcome for outcome in outcomes}
            keeper.add(outcomes, new)
            self._tell(Answered(question.id, tuple(outcomes)))
            self._count(outcomes)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._errors += outcome.error is not None
            self._failed_in_a_row = self._failed_in_a_row + 1 if outcome.error else 0
        done, total = len(self._outcomes), self._begun.expected
        each = (time.monotonic() - self._rate_clock) / max(1, done - self._resumed)
        self._tell(Progress(done, total, self._errors, each * (total - done)))
        if self._failed_in_a_row >= _GIVE_UP:
            raise _StoppedError(outcomes[-1].error)

    def _result(self, state: State) -> EvaluationResult:
        return replace(
            self._begun,
            outcomes=in_order(self._begun, self._outcomes),
            chunks=dict(self._chunks),
            state=state,
            seconds=time.monotonic() - self._clock,
        )


_Waiting = Iterator[tuple[Question, list[tuple[Variant, int]]]]


class _IndexProgress:
    """Passes an ingest's progress on as events."""

    def __init__(self, tell: Emit) -> None:
        self._tell = tell

    def update(self, *, stage: str, done: int, total: int, message: str = "") -> None:
        """Tell how far a stage is."""
        self._tell(Indexing(stage, done, total))

    def file(self, name: str, state: str, detail: str = "") -> None:
        """Nothing: a file that fails ends the evaluation, with its reason."""


def _models(workspace: Workspace, *, retrieval_only: bool) -> tuple[str, ...]:
    endpoint = workspace.model.endpoint
    embedding = f"{endpoint.embedding_model}, {endpoint.dimension}"
    return (embedding,) if retrieval_only else (embedding, endpoint.chat_model)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one failure to report of a group."""
    found = failures.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _nobody(event: Event) -> None:
    pass
