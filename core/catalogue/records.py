"""What the catalogue hands out. Frozen, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.engines.base import EngineName

State = Literal["indexing", "indexed", "retired", "lost"]


@dataclass(frozen=True)
class DocumentRecord:
    """One revision of a document in one space, under one splitter.

    Only `indexed` revisions may be found. `indexing` ones are being written, or were left by an
    ingest that died; `retired` ones were replaced or removed and their chunks are being deleted;
    `lost` ones belong to the corpus, but Milvus has lost their chunks: `reindex` brings them back.
    In controlled mode a document has one record; in native mode one an engine, since each engine
    cuts it in its own way. `engines` are those that hold it; `chunks` and `characters` count the
    whole revision; `added_at` is seconds since the epoch.
    """

    name: str
    document_id: str
    content_hash: str
    kind: str
    splitter: str
    engines: tuple[EngineName, ...]
    characters: int
    chunks: int
    state: State = "indexing"
    added_at: float = 0.0
