"""Documents to chunks, by our own splitter or by either framework's.

The shared splitter is our own: it knows sentences and exact offsets, favours neither framework, and
costs no import, where langchain_text_splitters takes 0.3 s and loads 430 modules.
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from core.documents.records import Chunk, Document, Splitter, chunk_id, document_id
from core.documents.sentences import sentence_starts, sentences
from core.imports import import_alone

MOST_BYTES = 60_000
"""Largest chunk in bytes of UTF-8; a Milvus VARCHAR holds 65,535."""
_SAFE_CHARACTERS = MOST_BYTES // 4

Span = tuple[int, int]

_TEXT = re.compile(r"\S")
_JOINERS = "\u200d\ufe0e\ufe0f"
_LONGEST_CLUSTER = 16
_TOKENIZER_LOCK = threading.Lock()


def split(document: Document, splitter: Splitter) -> list[Chunk]:
    """The document's chunks, page by page, in order; none is empty or over `MOST_BYTES`.

    For each, `document.pages[chunk.page_index].text[chunk.start:chunk.end] == chunk.text`.
    """
    identity = document_id(document.name, document.content_hash, splitter)
    chunks: list[Chunk] = []
    for page_index, page in enumerate(document.pages):
        for start, end in spans(page.text, splitter):
            position, text = len(chunks), page.text[start:end]
            key = chunk_id(identity, position, text)
            chunks.append(
                Chunk(key, identity, document.name, position, text, page.number, page_index, start, end)
            )
    return chunks


def spans(text: str, splitter: Splitter) -> list[Span]:
    """Where the chunks of one text begin and end, in characters; together they cover all but white space.

    The overlap counts for at most half a chunk, which bounds the number of chunks.
    """
    if not _TEXT.search(text):
        return []
    return [part for span in _CUTTERS[splitter.name](text, splitter) for part in _fit(text, span)]


def _fit(text: str, span: Span) -> Iterator[Span]:
    """The span as it is, or cut to pieces when it is too large for the store."""
    start, end = span
    if end - start <= _SAFE_CHARACTERS or len(text[start:end].encode("utf-8", "replace")) <= MOST_BYTES:
        yield span
        return
    for left in range(start, end, _SAFE_CHARACTERS):
        yield from _trimmed(text, left, min(left + _SAFE_CHARACTERS, end))


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without white space at its ends; nothing when only white space is in it."""
    match = _TEXT.search(text, start, end)
    if match:
        yield match.start(), match.start() + len(text[match.start() : end].rstrip())


def _shared(text: str, splitter: Splitter) -> Iterator[Span]:
    """Cut at the last paragraph, else sentence, line or word boundary in the second half of each window."""
    starts = sentence_starts(text)
    length = len(text.rstrip())
    start = _skip_space(text, 0)
    while start < length:
        end = length
        if start + splitter.size < length:
            end = _cut(text, starts, start, start + splitter.size)
        yield from _trimmed(text, start, end)
        if end >= length:
            return
        overlap = min(splitter.overlap, (end - start) // 2)
        start = _skip_space(text, _resume(text, starts, end - overlap, end))


def _skip_space(text: str, start: int) -> int:
    match = _TEXT.search(text, start)
    return match.start() if match else len(text)


def _cut(text: str, starts: list[int], start: int, limit: int) -> int:
    """Where a chunk that begins at `start` and ends at or before `limit` is best cut."""
    middle = start + (limit - start) // 2
    paragraph = text.rfind("\n\n", middle, limit + 2)
    if paragraph > middle:
        return paragraph
    index = bisect_right(starts, limit) - 1
    if index >= 0 and starts[index] > middle:
        return starts[index]
    for space in "\n", " ", "\t":
        found = text.rfind(space, middle, limit + 1)
        if found > middle:
            return found
    return _between_clusters(text, start, limit)


def _between_clusters(text: str, start: int, limit: int) -> int:
    """Step back from the middle of an emoji sequence or an accented letter, a bounded way."""
    for end in range(limit, max(start + 1, limit - _LONGEST_CLUSTER), -1):
        joined = text[end] in _JOINERS or text[end - 1] == "\u200d" or unicodedata.combining(text[end])
        if not joined:
            return end
    return limit


def _resume(text: str, starts: list[int], earliest: int, end: int) -> int:
    """Where the next chunk begins: the first sentence, line or word in the overlap before `end`."""
    if earliest >= end:
        return end
    index = bisect_right(starts, earliest - 1)
    if index < len(starts) and starts[index] < end:
        return starts[index]
    for space in "\n", " ", "\t":
        found = text.find(space, earliest - 1, end - 1)
        if found >= 0:
            return found + 1
    return earliest


def _langchain(text: str, splitter: Splitter) -> Iterator[Span]:
    import_alone("langchain_text_splitters")
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    if splitter.native:
        cutter = RecursiveCharacterTextSplitter()
    else:
        cutter = RecursiveCharacterTextSplitter(chunk_size=splitter.size, chunk_overlap=_overlap(splitter))
    return _locate(text, cutter.split_text(text))


def _llamaindex(text: str, splitter: Splitter) -> Iterator[Span]:
    """Our sentence rule replaces nltk's, whose data cannot be read in a hard-linked install."""
    import_alone("llama_index.core.node_parser")
    from llama_index.core.node_parser import SentenceSplitter

    if splitter.native:
        cutter = SentenceSplitter(tokenizer=_bundled_tokenizer(), chunking_tokenizer_fn=sentences)
    else:
        cutter = SentenceSplitter(
            chunk_size=splitter.size,
            chunk_overlap=_overlap(splitter),
            tokenizer=_characters,
            chunking_tokenizer_fn=sentences,
        )
    return _locate(text, cutter.split_text(text))


def _characters(text: str) -> str:
    """A tokenizer whose tokens are characters: LlamaIndex only takes the length of its result."""
    return text


def _overlap(splitter: Splitter) -> int:
    return min(splitter.overlap, splitter.size // 2)


def _bundled_tokenizer() -> Callable[[str], list[int]]:
    """LlamaIndex's default tokenizer, from the table in its own package; never a download.

    LlamaIndex looks there only when TIKTOKEN_CACHE_DIR is unset, so it is hidden for the moment of
    loading; after that the table stays in memory.
    """
    from llama_index.core.utils import get_tokenizer

    with _TOKENIZER_LOCK:
        kept = os.environ.pop("TIKTOKEN_CACHE_DIR", None)
        try:
            tokenizer: Callable[[str], list[int]] = get_tokenizer()
        finally:
            if kept is not None:
                os.environ["TIKTOKEN_CACHE_DIR"] = kept
    return tokenizer


def _locate(text: str, pieces: Iterable[str]) -> Iterator[Span]:
    """Offsets of pieces that a framework cut in order, each stripped of white space.

    A piece never starts behind the first text after its predecessor. Taking the last place before
    that keeps the cover complete even where the text repeats itself.
    """
    end = 0
    for piece in pieces:
        start = text.rindex(piece, 0, _skip_space(text, end) + len(piece))
        end = start + len(piece)
        yield start, end


_CUTTERS: dict[str, Callable[[str, Splitter], Iterable[Span]]] = {
    "shared": _shared,
    "langchain": _langchain,
    "llamaindex": _llamaindex,
}
