"""What goes into an evaluation and what comes out of it. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.documents.records import Chunk
from core.engines.base import ENGINE_LABELS, EngineName, Mode, Retrieval, Timings, Usage

SCHEMA_VERSION = 1

State = Literal["complete", "incomplete", "cancelled"]
RETRIEVAL_LABELS = {Retrieval.DENSE: "dense", Retrieval.MMR: "MMR", Retrieval.HYBRID: "hybrid"}


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled question; each label that it lacks switches off the metrics that need it.

    `answers` are accepted answers, any of which will do. `sources` are names of documents that hold
    the answer, `passages` texts that a right chunk contains; all of them are wanted. `answerable`
    False means that the corpus does not answer it, and the right answer is to say so. `drafted` marks
    a question that a program wrote and no person has accepted yet.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    answerable: bool = True
    drafted: bool = False

    @property
    def labelled(self) -> bool:
        """Whether anything can be measured on it without a language model."""
        return bool(self.answers or self.sources or self.passages or not self.answerable)


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """Largest chunk and overlap, in characters."""

    size: int
    overlap: int


@dataclass(frozen=True)
class Variant:
    """One setting to be evaluated.

    `top_k` None is the framework's own default (native mode only); `chunk` None takes the corpus as
    it is indexed.
    """

    engine: EngineName
    retrieval: Retrieval
    top_k: int | None = 5
    chunk: ChunkSize | None = None
    mode: Mode = Mode.CONTROLLED

    @property
    def key(self) -> str:
        """Short and unique; its parts are what a threshold can select."""
        parts = [self.engine, self.retrieval.value]
        if self.top_k is not None:
            parts.append(f"k{self.top_k}")
        if self.chunk is not None:
            parts.append(f"c{self.chunk.size}-{self.chunk.overlap}")
        if self.mode is Mode.NATIVE:
            parts.append("native")
        return ".".join(parts)

    @property
    def label(self) -> str:
        """The setting in words, for people."""
        parts = [ENGINE_LABELS[self.engine], RETRIEVAL_LABELS[self.retrieval]]
        if self.top_k is not None:
            parts.append(f"top {self.top_k}")
        if self.chunk is not None:
            parts.append(f"chunks of {self.chunk.size}")
        if self.mode is Mode.NATIVE:
            parts.append("native")
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class Found:
    """One retrieved chunk of an outcome, and what was right about it; `chunk_id` leads to its text.

    A flag is None where the question has no such label. `cited` tells whether the answer refers to
    it; None where answers are not asked to cite (native mode) or there is none.
    """

    chunk_id: str
    score: float | None = None
    right_source: bool | None = None
    right_passage: bool | None = None
    holds_answer: bool | None = None
    cited: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question under one variant, once; `repeat` counts from 0.

    `metrics` has what could be measured, each from 0 to 1, higher is better. `judgements` keeps the
    scores that a judging model gave, one for each time it was asked; their mean is in `metrics`.
    `error` is fit to show; what had come by then is kept.
    """

    question_id: str
    variant: str
    repeat: int = 0
    found: tuple[Found, ...] = ()
    text: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    judgements: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    usage: Usage | None = None
    error: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is the outcome of."""
        return self.question_id, self.variant, self.repeat


@dataclass(frozen=True)
class Plan:
    """What an evaluation does with its questions, decided before it starts.

    `judgements` is how often a language model judges each answer (0: not at all), `judge` its name.
    `corpus` is a hash of what is searched, `models` the embedding and the chat model. `cutoffs` are
    the k of hit@k and its like.
    """

    variants: tuple[Variant, ...]
    retrieval_only: bool = False
    repeats: int = 1
    judgements: int = 0
    judge: str = ""
    corpus: str = ""
    models: tuple[str, ...] = ()
    cutoffs: tuple[int, ...] = (1, 3, 5)


@dataclass(frozen=True)
class EvaluationResult:
    """An evaluation as far as it came; times in seconds.

    `outcomes` are in the order of the questions, then of the plan's variants. `chunks` holds every
    retrieved chunk once, by its id.
    """

    plan: Plan
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...] = ()
    chunks: Mapping[str, Chunk] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    state: State = "complete"
    run_id: str = ""
    workspace: str = ""
    started_at: str = ""
    seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION

    @property
    def errors(self) -> int:
        """How many outcomes failed."""
        return sum(outcome.error is not None for outcome in self.outcomes)

    @property
    def expected(self) -> int:
        """How many outcomes the plan asks for."""
        return len(self.questions) * len(self.plan.variants) * self.plan.repeats

    def of(self, variant: str) -> tuple[Outcome, ...]:
        """The outcomes of one variant, in the order of the questions."""
        return tuple(outcome for outcome in self.outcomes if outcome.variant == variant)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with the summaries and comparisons that follow from the outcomes."""
        from core.evaluate import jsonform

        return jsonform.result_to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EvaluationResult:
        """What `to_json` gave; `UsageError` for what is no evaluation, or of a later Tandem."""
        from core.evaluate import jsonform

        return jsonform.result_from_json(data)
