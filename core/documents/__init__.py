"""Documents: file -> text -> chunks."""

from core.documents.records import Chunk, Document, Page, Splitter, chunk_id, document_id

__all__ = ["Chunk", "Document", "Page", "Splitter", "chunk_id", "document_id"]
