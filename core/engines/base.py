"""What every engine adapter offers, and the records that flow through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from core.documents.records import Chunk

EngineName = Literal["llamaindex", "langchain"]
ENGINE_NAMES: tuple[EngineName, ...] = ("llamaindex", "langchain")
ENGINE_LABELS: dict[EngineName, str] = {"llamaindex": "LlamaIndex", "langchain": "LangChain"}


class Retrieval(StrEnum):
    """How chunks are found: vectors alone, vectors made diverse, or vectors fused with BM25."""

    DENSE = "dense"
    MMR = "mmr"
    HYBRID = "hybrid"


class Mode(StrEnum):
    """Controlled holds everything but the framework equal; native leaves each to its own defaults."""

    CONTROLLED = "controlled"
    NATIVE = "native"


@dataclass(frozen=True)
class Query:
    """One question and how to answer it.

    `visible`, when not None, restricts the search to these document ids; `hidden` excludes
    document ids (revisions whose ingest has not finished). At most one of them is used: the caller
    subtracts. `top_k` is None in native mode: the framework's own default. `vector` is the question's
    embedding where the caller has it already; the search then makes no embedding call.
    """

    question: str
    retrieval: Retrieval = Retrieval.DENSE
    top_k: int | None = 5
    mode: Mode = Mode.CONTROLLED
    visible: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    vector: Sequence[float] | None = None


@dataclass(frozen=True)
class Hit:
    """A retrieved chunk; `rank` counts from 1. `score` is the framework's own, None when it has none."""

    chunk: Chunk
    score: float | None
    rank: int


@dataclass(frozen=True)
class Timings:
    """Where the time of one answer went, in seconds; None where a stage did not happen.

    `first_token` counts from the start of the question; `generate` is the model call from request
    to last token; `overhead` is `total` minus the wall time covered by wire calls: the framework's
    own work. `spans` holds (kind, start, end) relative to the question, for a waterfall.
    """

    embed: float | None = None
    search: float | None = None
    first_token: float | None = None
    generate: float | None = None
    total: float = 0.0
    overhead: float | None = None
    spans: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer; `cost` in the currency of the price settings, None when none is set."""

    input_tokens: int
    output_tokens: int
    cost: float | None = None


@dataclass(frozen=True)
class Answer:
    """What one engine made of one question. On failure `error` is set and `text` is what had come."""

    engine: EngineName
    text: str = ""
    hits: tuple[Hit, ...] = ()
    timings: Timings = field(default_factory=Timings)
    usage: Usage | None = None
    error: str | None = None


@dataclass(frozen=True)
class Retrieved:
    """Event: the engine has its chunks."""

    engine: EngineName
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Token:
    """Event: a further piece of the answer's text."""

    engine: EngineName
    text: str


@dataclass(frozen=True)
class Finished:
    """Event: the engine is done; nothing more comes from it."""

    engine: EngineName
    answer: Answer


@dataclass(frozen=True)
class Failed:
    """Event: the engine gave up; `answer` keeps what it had, `answer.error` is fit to show."""

    engine: EngineName
    answer: Answer


Event = Retrieved | Token | Finished | Failed
Emit = Callable[[Retrieved | Token], None]
Vector = Sequence[float]


class Engine(Protocol):
    """One framework over one collection. Every call pair has the same effect, sync and async.

    `open` and the `_sync` twins block (seconds, for a new collection): never on the event loop.
    The coroutines belong to the event-loop thread. All raise `TandemError` subclasses only for what
    a person can act on; anything else is the framework's own exception.
    """

    @property
    def name(self) -> EngineName:
        """Which framework this is."""
        ...

    @property
    def collection(self) -> str:
        """Name of its Milvus collection."""
        ...

    @property
    def document_field(self) -> str:
        """Field of that collection that holds `Chunk.document_id`."""
        ...

    def open(self) -> None:
        """Create the collection if it is missing, and begin to load it.

        Writes may follow at once; searches only after `Backend.wait_loaded`.
        """
        ...

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store chunks with their vectors (same length); their ids must not be in the collection."""
        ...

    def add_sync(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Blocking twin of `add`."""
        ...

    async def delete(self, document_ids: Sequence[str]) -> None:
        """Remove every chunk of these documents."""
        ...

    def delete_sync(self, document_ids: Sequence[str]) -> None:
        """Blocking twin of `delete`."""
        ...

    async def retrieve(self, query: Query) -> tuple[Hit, ...]:
        """Find chunks, best first."""
        ...

    def retrieve_sync(self, query: Query) -> tuple[Hit, ...]:
        """Blocking twin of `retrieve`."""
        ...

    async def answer(self, query: Query, emit: Emit) -> None:
        """Retrieve and generate, handing each event to `emit` as it happens."""
        ...

    def answer_sync(self, query: Query, emit: Emit) -> None:
        """Blocking twin of `answer`."""
        ...
