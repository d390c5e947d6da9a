"""One file's bytes to a `Document`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.documents.kinds import detect
from core.documents.markup import declared_encoding, read_html
from core.documents.names import clean_name, extension
from core.documents.office import check_archive, read_docx, read_pptx
from core.documents.pdf import read_pdf
from core.documents.records import Document, Page
from core.documents.tabular import read_csv, read_json
from core.documents.text import clean_text, decode
from core.errors import DocumentError
from core.settings import Settings

_MEGABYTE = 1024 * 1024
# Markup and punctuation may outweigh the text this many times before a source is refused unread:
# parsing costs ten times a source's size in memory.
_MOST_SOURCE = 4


def content_hash(data: bytes) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def parse(name: str, data: bytes, settings: Settings) -> Document:
    """Read a file's text, page by page where it has pages.

    It blocks (0.4 s for a PDF of 300 pages), shares no state between calls and may run in any number
    of worker threads (`asyncio.to_thread`); calls into PDFium take turns page by page. Raises
    `DocumentError`, whose one sentence names the file and the remedy, for anything that cannot be
    read whole: text beyond `settings.max_characters` is refused, never cut off silently.
    """
    name = clean_name(name)
    _check_size(name, data, settings)
    kind = detect(name, data)
    source = _Source(name, data, settings)
    pieces = _within(source, _READERS[kind](source))
    if kind in _PAGED:
        pages = tuple(Page(number, clean_text(piece)) for number, piece in enumerate(pieces, 1))
    else:
        pages = (Page(None, clean_text("".join(pieces))),)
    document = Document(name, content_hash(data), kind, pages)
    if not document.characters:
        raise DocumentError(f"“{name}” is empty (no text in it): check that it is the right file.")
    return document


@dataclass(frozen=True)
class _Source:
    name: str
    data: bytes
    settings: Settings

    def text(self, declared: str = "") -> str:
        """The decoded bytes, for formats that are text; absurdly more than may be kept is refused."""
        text = decode(self.name, self.data, declared)
        if len(text) > _MOST_SOURCE * self.settings.max_characters:
            raise _too_long(self)
        return text


def _check_size(name: str, data: bytes, settings: Settings) -> None:
    size, limit = len(data) / _MEGABYTE, settings.max_file_mb
    if size > limit:
        raise DocumentError(
            f"“{name}” is too large ({size:,.1f} MB; the limit is {limit:g} MB):"
            " split it, or raise TANDEM_MAX_FILE_MB."
        )
    if not data:
        raise DocumentError(f"“{name}” is empty (0 bytes): check that it was saved and copied whole.")


def _within(source: _Source, pieces: Iterable[str]) -> Iterator[str]:
    """Hand the pieces on until they exceed the limit, so that a reader stops early."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > source.settings.max_characters:
            raise _too_long(source)
        yield piece


def _too_long(source: _Source) -> DocumentError:
    limit = source.settings.max_characters
    return DocumentError(
        f"“{source.name}” holds more text than the limit of {limit:,} characters:"
        " split it into smaller files, or raise TANDEM_MAX_CHARACTERS."
    )


def _plain(source: _Source) -> Iterable[str]:
    return [source.text()]


def _pdf(source: _Source) -> Iterable[str]:
    return read_pdf(source.name, source.data, source.settings.max_characters)


def _docx(source: _Source) -> Iterable[str]:
    check_archive(source.name, source.data, source.settings.max_file_mb)
    return _guarded(source, read_docx)


def _pptx(source: _Source) -> Iterable[str]:
    check_archive(source.name, source.data, source.settings.max_file_mb)
    return _guarded(source, read_pptx)


def _html(source: _Source) -> Iterable[str]:
    text = source.text(declared_encoding(source.data))
    return _guarded(source, lambda _: [read_html(source.name, text)])


def _csv(source: _Source) -> Iterable[str]:
    return read_csv(source.text(), tabs=extension(source.name) == "tsv")


def _json(source: _Source) -> Iterable[str]:
    return read_json(source.name, source.text(), lines=extension(source.name) == "jsonl")


def _guarded(source: _Source, read: Callable[[bytes], Iterable[str]]) -> Iterator[str]:
    """Turn whatever a damaged file makes a foreign parser raise into one sentence."""
    try:
        yield from read(source.data)
    except DocumentError:
        raise
    except Exception as error:  # hostile bytes make these parsers raise anything
        raise DocumentError(
            f"“{source.name}” is damaged and cannot be read: open it in the program that made it,"
            " save it again, or export it as PDF."
        ) from error


_READERS: dict[str, Callable[[_Source], Iterable[str]]] = {
    "txt": _plain,
    "md": _plain,
    "pdf": _pdf,
    "docx": _docx,
    "pptx": _pptx,
    "html": _html,
    "csv": _csv,
    "json": _json,
}
_PAGED = frozenset({"pdf", "pptx"})
