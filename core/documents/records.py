"""What flows out of the documents room: pages, documents, chunks. Frozen, no I/O."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.settings import Settings, SplitterName


@dataclass(frozen=True)
class Page:
    """A stretch of a document's text.

    `number` is the 1-based page (PDF) or slide (PPTX), and None for formats without pages, which
    have exactly one `Page`.
    """

    number: int | None
    text: str


@dataclass(frozen=True)
class Document:
    """A parsed file: its cleaned name, the SHA-256 of its bytes (hex) and its text by page."""

    name: str
    content_hash: str
    kind: str
    pages: tuple[Page, ...]

    @property
    def characters(self) -> int:
        """Length of the whole text."""
        return sum(len(page.text) for page in self.pages)


@dataclass(frozen=True)
class Splitter:
    """How text is cut: which implementation, the largest chunk and the overlap, in characters.

    `native` leaves size and overlap to the framework's own defaults (in its own unit).
    """

    name: SplitterName
    size: int
    overlap: int
    native: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Splitter:
        """The splitter of controlled mode."""
        return cls(settings.splitter, settings.chunk_size, settings.chunk_overlap)

    @property
    def label(self) -> str:
        """Short text that identifies the splitter; part of every document id."""
        return f"{self.name}:native" if self.native else f"{self.name}:{self.size}:{self.overlap}"


@dataclass(frozen=True)
class Chunk:
    """A piece of a document, the unit that is embedded, stored, retrieved and cited.

    `start` and `end` are offsets in the text of the page it came from (`page` as in `Page.number`);
    `page_index` is that page's place in `Document.pages`. `position` counts chunks from 0 within
    the document.
    """

    id: str
    document_id: str
    source: str
    position: int
    text: str
    page: int | None = None
    page_index: int = 0
    start: int = 0
    end: int = 0


def document_id(name: str, content_hash: str, splitter: Splitter) -> str:
    """Stable id of one revision of a document under one splitter (16 hex digits).

    A changed file, or another splitter, gives another id, so that the old and the new revision can
    lie side by side until the new one is complete.
    """
    return _hash(name, content_hash, splitter.label)[:16]


def chunk_id(document: str, position: int, text: str) -> str:
    """Stable id of a chunk: hash of its document's id, its position and its text (24 hex digits)."""
    return _hash(document, str(position), text)[:24]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
