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

# Function words of English. They say little about a passage, and without them BM25 on Milvus Lite,
# which walks every posting of every query word in Python, answers several times sooner.
_STOP_WORDS = (  # noqa: SIM905 - a list of 90 literals reads worse
    "a about after all also an and any are as at be been before but by can could did do does for "
    "from had has have he her his how i if in into is it its me more most my no not of on one or "
    "our she should so some such than that the their them then there these they this to up was we "
    "were what when where which who whom whose why will with would you your"
).split()
ANALYZER = {
    "tokenizer": "standard",
    "filter": ["lowercase", {"type": "stop", "stop_words": _STOP_WORDS}],
}


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
