"""What the two sides share: retrieved chunks, and what a comparison holds equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.engines.base import Hit, Mode, Retrieval

if TYPE_CHECKING:
    from core.workspace import Workspace


@dataclass(frozen=True)
class Overlap:
    """How much two retrievals agree: `shared` chunks of `k` (the longer list), and Jaccard's index.

    Jaccard's index is the size of the intersection over the size of the union; 1.0 for two empty lists.
    """

    k: int
    shared: int
    jaccard: float


def overlap(first: Sequence[Hit], second: Sequence[Hit]) -> Overlap:
    """Compare two retrievals by chunk id."""
    left, right = {hit.chunk.id for hit in first}, {hit.chunk.id for hit in second}
    union = left | right
    return Overlap(
        k=max(len(first), len(second)),
        shared=len(left & right),
        jaccard=len(left & right) / len(union) if union else 1.0,
    )


@dataclass(frozen=True)
class ParityRow:
    """One thing that may or may not be held equal; `note` says what follows from it."""

    what: str
    llamaindex: str
    langchain: str
    equal: bool
    note: str = ""


def parity(workspace: Workspace, mode: Mode, retrieval: Retrieval | None = None) -> tuple[ParityRow, ...]:
    """What a comparison in this mode holds equal between the frameworks, and what it does not."""
    retrieval = retrieval or workspace.default_retrieval(mode)
    rows = _controlled(workspace, retrieval) if mode is Mode.CONTROLLED else _native(retrieval)
    return (*rows, *_always(workspace), *_never(retrieval))


def _same(what: str, value: str, note: str = "") -> ParityRow:
    return ParityRow(what, value, value, True, note)


def _controlled(workspace: Workspace, retrieval: Retrieval) -> tuple[ParityRow, ...]:
    settings = workspace.settings
    return (
        _same(
            "Chunks",
            f"{settings.splitter} splitter, {settings.chunk_size}/{settings.chunk_overlap} characters",
            "cut once, the same ids on both sides",
        ),
        _same("Chunk vectors", "embedded once, stored twice"),
        _same("Index", f"{settings.index_type}, {settings.metric}"),
        _same("Consistency", settings.consistency),
        _same("Retrieval", retrieval.value),
        _same("Top-k", str(settings.top_k)),
        _same("Prompt", "Tandem's numbered passages"),
        _same("Temperature", "0"),
    )


def _native(retrieval: Retrieval) -> tuple[ParityRow, ...]:
    return (
        ParityRow(
            "Chunks",
            "SentenceSplitter, 1024 tokens, 200 overlap",
            "RecursiveCharacterTextSplitter, 4000 characters, 200 overlap",
            False,
            "chunk ids differ, so shared chunks cannot be counted",
        ),
        ParityRow("Chunk vectors", "of its own chunks", "of its own chunks", False),
        ParityRow("Index", "FLAT, IP", "AUTOINDEX, L2", False, "scores are on different scales"),
        _same("Consistency", "Session (both frameworks' default)"),
        _same("Retrieval", retrieval.value),
        ParityRow("Top-k", "2", "4", False, "LangChain reads more text per question"),
        ParityRow("Prompt", "text_qa_template", "the retrieval tutorial's prompt", False),
        ParityRow("Temperature", "0", "0", True),
    )


def _always(workspace: Workspace) -> tuple[ParityRow, ...]:
    endpoint = workspace.model.endpoint
    return (
        _same("Milvus", workspace.backend.label, "one connection, separate collections"),
        _same("Chat model", endpoint.chat_model),
        _same("Embedding model", f"{endpoint.embedding_model}, {endpoint.dimension} dimensions"),
        _same("Retries and time limits", "in the transport that both share"),
    )


def _never(retrieval: Retrieval) -> tuple[ParityRow, ...]:
    rows = [
        ParityRow(
            "Stored row", "text and the node as JSON", "text and scalar fields", False, "the framework's own"
        ),
        ParityRow(
            "Answer path", "RetrieverQueryEngine.aquery", "LCEL chain, astream", False, "what is compared"
        ),
    ]
    if retrieval is Retrieval.MMR:
        # Read in llama_index.core.indices.query.embedding_utils and langchain_milvus 0.3.3.
        note = "so MMR may choose different chunks from the same candidates"
        rows += [
            ParityRow("MMR weighs a chunk against", "the last one chosen", "all chosen so far", False, note),
            ParityRow("MMR calls", "one search with vectors", "a search, then a query for vectors", False),
        ]
    return tuple(rows)
