"""One question under every variant: asked, scored, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.ask import AskOptions, answer_one, check_question, prepare
from core.documents.records import Chunk
from core.engines.base import Answer, Query
from core.errors import ModelError, UsageError
from core.evaluate.corpora import Corpus
from core.evaluate.judging import Judge
from core.evaluate.metrics.answers import cosine_metric
from core.evaluate.metrics.texts import refuses, without_citations
from core.evaluate.records import Outcome, Plan, Question, Variant
from core.evaluate.scoring import answer_scores, marks, retrieval_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.workspace import Workspace

    Vectors = NDArray[np.float32]

Task = tuple[Variant, int]
"""A variant, and which repeat of it."""


@dataclass(frozen=True)
class Side:
    """A variant where it searches; `query` lacks only its question."""

    variant: Variant
    workspace: Workspace
    query: Query

    @classmethod
    async def open(cls, variant: Variant, corpus: Corpus) -> Side:
        """Make it; raises `UsageError` when the corpus is empty."""
        options = AskOptions(
            engines=(variant.engine,),
            retrieval=variant.retrieval,
            top_k=variant.top_k,
            mode=variant.mode,
        )
        return cls(variant, corpus.workspace, await prepare(corpus.workspace, "-", options))

    async def ask(self, question: Question, vector: Vectors | None, *, retrieve_only: bool) -> Answer:
        """Put the question to the variant's engine; what goes wrong is in the answer."""
        name = self.variant.engine
        try:
            text = check_question(question.question, self.workspace.settings)
        except UsageError as error:
            return Answer(name, error=str(error))
        brought = None if vector is None else tuple(vector.tolist())
        query = replace(self.query, question=text, vector=brought)
        return await answer_one(self.workspace, name, query, retrieve_only=retrieve_only)


class Asker:
    """Asks and scores. `block` comes before the questions that it names; `troubles` are fit to show."""

    def __init__(
        self, workspace: Workspace, plan: Plan, sides: Mapping[str, Side], judge: Judge | None
    ) -> None:
        self.troubles: dict[str, None] = {}
        self._workspace, self._plan, self._sides, self._judge = workspace, plan, sides, judge
        self._vectors: dict[str, Vectors] = {}

    async def block(self, questions: Sequence[Question]) -> None:
        """Embed what some questions need, together: a block at a time, which bounds the memory.

        Retrieval alone gets the questions' vectors this way, so that each is embedded once and not
        once a variant; answers are compared with accepted ones, whose vectors are needed then.
        """
        if self._plan.retrieval_only:
            texts = [question.question for question in questions]
        else:
            texts = [answer for question in questions for answer in question.answers]
        self._vectors = await self._embed(texts)

    async def ask(self, question: Question, tasks: Sequence[Task]) -> tuple[list[Outcome], dict[str, Chunk]]:
        """The outcomes of one question, one task after the other, and the chunks that they found."""
        outcomes: list[Outcome] = []
        chunks: dict[str, Chunk] = {}
        for variant, repeat in tasks:
            side = self._sides[variant.key]
            vector = self._vectors.get(question.question) if self._plan.retrieval_only else None
            answer = await side.ask(question, vector, retrieve_only=self._plan.retrieval_only)
            chunks |= {hit.chunk.id: hit.chunk for hit in answer.hits}
            outcome = self._outcome(question, variant, repeat, answer)
            outcomes.append(await self._judged(question, outcome, chunks))
        if not self._plan.retrieval_only and question.answerable and question.answers:
            outcomes = await self._compared(question, outcomes)
        return outcomes, chunks

    def _outcome(self, question: Question, variant: Variant, repeat: int, answer: Answer) -> Outcome:
        found = marks(answer.hits, question, answer.text, variant.mode)
        metrics: dict[str, float] = {}
        if answer.hits or answer.error is None:
            metrics = retrieval_scores(answer.hits, question, self._plan.cutoffs)
        if answer.error is None and not self._plan.retrieval_only:
            metrics |= answer_scores(answer.text, question, found, variant.mode)
        return Outcome(
            question_id=question.id,
            variant=variant.key,
            repeat=repeat,
            found=found,
            text=answer.text,
            metrics=metrics,
            timings=replace(answer.timings, spans=()),
            usage=answer.usage,
            error=answer.error,
        )

    async def _judged(self, question: Question, outcome: Outcome, chunks: Mapping[str, Chunk]) -> Outcome:
        if self._judge is None or outcome.error is not None:
            return outcome
        contexts = [chunks[item.chunk_id].text for item in outcome.found]
        scores = await self._judge.scores(question, outcome.text, contexts)
        means = {name: sum(values) / len(values) for name, values in scores.items()}
        return replace(outcome, judgements=scores, metrics={**outcome.metrics, **means})

    async def _compared(self, question: Question, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes with the semantic similarity of their answers, all embedded in one call."""
        texts = {item.key: without_citations(item.text) for item in outcomes if not refuses(item.text)}
        accepted = [self._vectors[text] for text in question.answers if text in self._vectors]
        vectors = await self._embed(list(dict.fromkeys(texts.values()))) if accepted else {}

        def similarity(outcome: Outcome) -> float | None:
            if outcome.error is not None or not accepted:
                return None
            text = texts.get(outcome.key)
            if text is None:
                return 0.0
            mine = vectors.get(text)
            return None if mine is None else cosine_metric(float(mine @ other) for other in accepted)

        values = [similarity(outcome) for outcome in outcomes]
        return [
            outcome if value is None else replace(outcome, metrics={**outcome.metrics, "similarity": value})
            for outcome, value in zip(outcomes, values, strict=True)
        ]

    async def _embed(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Unit vectors by text; empty where the endpoint fails, which is noted."""
        unique = list(dict.fromkeys(texts))
        if not unique:
            return {}
        try:
            rows = np.asarray(await self._workspace.model.embed(unique), dtype=np.float32)
        except ModelError as error:
            what = "Questions" if self._plan.retrieval_only else "Answers"
            self.troubles[f"{what} could not be embedded together: {error}"] = None
            return {}
        if not self._plan.retrieval_only:
            rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return dict(zip(unique, rows, strict=True))
