"""What an engine stores beside a chunk's text, and how a stored row becomes a chunk again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.documents.records import Chunk

# Milvus has no optional integer in 2.3, so a document without pages stores this.
NO_PAGE = -1
# Candidates that MMR chooses from, at least; both frameworks get the same number.
MMR_CANDIDATES = 20
RRF_K = 60


def metadata(chunk: Chunk) -> dict[str, Any]:
    """The chunk's place in its document, as scalar values."""
    return {
        "source": chunk.source,
        "page": NO_PAGE if chunk.page is None else chunk.page,
        "page_index": chunk.page_index,
        "position": chunk.position,
        "start": chunk.start,
        "end": chunk.end,
    }


def chunk_of(identity: str, document_id: str, text: str, stored: Mapping[str, Any]) -> Chunk:
    """Rebuild the chunk that `metadata` described."""
    page = int(stored["page"])
    return Chunk(
        id=identity,
        document_id=document_id,
        source=str(stored["source"]),
        position=int(stored["position"]),
        text=text,
        page=None if page == NO_PAGE else page,
        page_index=int(stored["page_index"]),
        start=int(stored["start"]),
        end=int(stored["end"]),
    )


def mmr_candidates(top_k: int) -> int:
    """How many candidates MMR chooses `top_k` from."""
    return max(MMR_CANDIDATES, 4 * top_k)
