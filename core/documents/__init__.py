"""Documents: file -> text -> chunks."""

from core.documents.kinds import SUPPORTED
from core.documents.names import clean_name, unique_names
from core.documents.reader import content_hash, parse
from core.documents.records import Chunk, Document, Page, Splitter, chunk_id, document_id
from core.documents.splitters import spans, split

__all__ = [
    "SUPPORTED",
    "Chunk",
    "Document",
    "Page",
    "Splitter",
    "chunk_id",
    "clean_name",
    "content_hash",
    "document_id",
    "parse",
    "spans",
    "split",
    "unique_names",
]
