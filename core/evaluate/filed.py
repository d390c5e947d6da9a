"""The shape that an evaluation has in a file, checked field by field: a file may come from anywhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from core.engines.base import EngineName, Mode, Retrieval
from core.evaluate.metrics import definition
from core.evaluate.questions import MOST_QUESTIONS
from core.evaluate.records import SCHEMA_VERSION, ChunkSize, State, Variant
from core.evaluate.runner import MOST_OUTCOMES
from core.evaluate.variants import MOST_TOP_K, MOST_VARIANTS
from core.history.filed import Count, FiledEnvironment, Number, Part, Text
from core.history.texts import LONGEST_NAME, LONGEST_NOTE, clean

_LONGEST_TEXT = 200_000
_MOST_CHUNKS = 500_000
# A framework may find more than was asked for; no variant asks for more than this, twice over.
_MOST_FOUND = 2 * MOST_TOP_K
_MOST_LABELS = 1000

Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Long = Annotated[str, Field(max_length=_LONGEST_TEXT), AfterValidator(clean)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[Number, Field(ge=0)]
Labels = Annotated[list[Long], Field(max_length=_MOST_LABELS)]
Place = Annotated[int, Field(ge=0, le=10**9)]


class FiledQuestion(Part):
    """A labelled question."""

    id: Id
    question: Long
    answers: Labels
    sources: Labels
    passages: Labels
    answerable: bool = True
    drafted: bool = False


class FiledChunkSize(Part):
    """How a corpus is cut."""

    size: Annotated[int, Field(ge=1, le=100_000)]
    overlap: Annotated[int, Field(ge=0, le=100_000)]


class FiledVariant(Part):
    """One setting; its key is made from it and not taken from the file."""

    engine: EngineName
    retrieval: Retrieval
    top_k: Annotated[int, Field(ge=1, le=MOST_TOP_K)] | None
    chunk: FiledChunkSize | None
    mode: Mode

    @property
    def key(self) -> str:
        """The name of the variant."""
        chunk = ChunkSize(self.chunk.size, self.chunk.overlap) if self.chunk else None
        return Variant(self.engine, self.retrieval, self.top_k, chunk, self.mode).key


class FiledPlan(Part):
    """What was done with the questions."""

    variants: Annotated[list[FiledVariant], Field(min_length=1, max_length=MOST_VARIANTS)]
    retrieval_only: bool = False
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    judgements: Annotated[int, Field(ge=0, le=20)] = 0
    judge: Text = ""
    corpus: Text = ""
    models: Annotated[list[Text], Field(max_length=10)]
    cutoffs: Annotated[list[Annotated[int, Field(ge=1, le=999)]], Field(min_length=1, max_length=MOST_TOP_K)]


class FiledFound(Part):
    """A retrieved chunk and what was right about it."""

    chunk_id: Id
    score: Number | None = None
    right_source: bool | None = None
    right_passage: bool | None = None
    holds_answer: bool | None = None
    cited: bool | None = None


class FiledTimings(Part):
    """Seconds."""

    embed: Seconds | None = None
    search: Seconds | None = None
    first_token: Seconds | None = None
    generate: Seconds | None = None
    total: Seconds = 0.0
    overhead: Number | None = None


class FiledUsage(Part):
    """Tokens of an answer."""

    input_tokens: Count
    output_tokens: Count
    cost: Annotated[Number, Field(ge=0)] | None = None


class FiledOutcome(Part):
    """One question under one variant."""

    question_id: Id
    variant: Text
    repeat: Annotated[int, Field(ge=0, le=20)] = 0
    found: Annotated[list[FiledFound], Field(max_length=_MOST_FOUND)]
    text: Long = ""
    metrics: Annotated[dict[str, Share], Field(max_length=300)]
    judgements: Annotated[dict[str, Annotated[list[Share], Field(max_length=20)]], Field(max_length=20)]
    timings: FiledTimings = FiledTimings()
    usage: FiledUsage | None = None
    error: Text | None = None

    @field_validator("metrics", "judgements")
    @classmethod
    def _check_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in value if definition(name) is None]
        if unknown:
            raise ValueError(f"this Tandem knows no metric {unknown[0][:40]}")
        return value


class FiledChunk(Part):
    """A chunk of a document."""

    id: Id
    document_id: Text
    source: Text
    position: Place
    text: Long
    page: Place | None = None
    page_index: Place = 0
    start: Place = 0
    end: Place = 0


class FiledModel(Part):
    """The model that answered."""

    name: Text = ""
    kind: Text = ""
    label: Text = ""


class FiledEmbedding(Part):
    """The embedding model."""

    name: Text = ""
    kind: Text = ""
    dimension: Count = 0
    questions: Text = ""


class FiledCorpus(Part):
    """What was searched."""

    label: Text = ""
    mode: Text = ""
    documents: Count = 0
    chunks: Count = 0
    characters: Count = 0


class FiledIndex(Part):
    """How it was indexed."""

    type: Text = ""
    metric: Text = ""
    consistency: Text = ""


class FiledPlaceOfRun(FiledEnvironment):
    """Where, over what and with which models."""

    model: FiledModel = FiledModel()
    embedding: FiledEmbedding = FiledEmbedding()
    corpora: Annotated[list[FiledCorpus], Field(max_length=MOST_VARIANTS)]
    index: FiledIndex = FiledIndex()
    concurrency: Count = 0


class FiledEvaluation(Part):
    """A whole evaluation; what follows from its outcomes is computed anew."""

    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]
    kind: Literal["evaluation"]
    name: Annotated[str, AfterValidator(clean)] = ""
    note: Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(clean)] = ""
    state: State
    started_at: Annotated[str, Field(max_length=40)] = ""
    seconds: Seconds
    environment: FiledPlaceOfRun
    plan: FiledPlan
    questions: Annotated[list[FiledQuestion], Field(min_length=1, max_length=MOST_QUESTIONS)]
    outcomes: Annotated[list[FiledOutcome], Field(max_length=MOST_OUTCOMES)]
    chunks: Annotated[list[FiledChunk], Field(max_length=_MOST_CHUNKS)]
    warnings: Annotated[list[Text], Field(max_length=1000)]

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        return " ".join(value.split())[:LONGEST_NAME] or "Imported evaluation"

    @model_validator(mode="after")
    def _check_whole(self) -> FiledEvaluation:
        asked = _unique([item.id for item in self.questions], "a question")
        keys = _unique([item.key for item in self.plan.variants], "a variant")
        chunks = _unique([item.id for item in self.chunks], "a chunk")
        _unique([(item.question_id, item.variant, item.repeat) for item in self.outcomes], "an outcome")
        for item in self.outcomes:
            if item.question_id not in asked or item.variant not in keys or item.repeat >= self.plan.repeats:
                raise ValueError("an outcome is of no question or variant of it")
            if any(found.chunk_id not in chunks for found in item.found):
                raise ValueError("an outcome found a chunk that is not in it")
        return self


def _unique(items: list[Any], what: str) -> set[Any]:
    found = set(items)
    if len(found) < len(items):
        raise ValueError(f"{what} is there twice")
    return found
