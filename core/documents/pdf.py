"""Text of PDF files, page by page, through pypdfium2."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from core.errors import DocumentError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MOST_PAGES = 10_000
_PAGES_SEARCHED_FOR_IMAGES = 3

# PDFium is not thread-safe: every call into it, closing included, happens under this lock. It is
# held for a page at a time, so that several files advance together and a long one starves nobody.
_LOCK = threading.Lock()

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# PDFium replaces a hyphen at a line's end by \x02 and joins the lines; some files keep "-\n".
_BROKEN_WORD = re.compile(r"(?<![\w'’-])(?P<left>[^\W_][\w'’-]*)(?:\x02|-\r?\n)(?P<right>[^\W_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def read_pdf(name: str, data: bytes, most_characters: int) -> list[str]:
    """The text of each page, empty for a page without any; safe to call from several threads.

    Stops after the page that passes `most_characters`. Raises `DocumentError` for a damaged,
    protected or oversized file and for one without any text.
    """
    document = _open(name, data)
    try:
        pages = _read_pages(name, document, most_characters)
        if not any(page.strip() for page in pages):
            raise DocumentError(_explain_textless(name, document))
    finally:
        with _LOCK:
            document.close()
    return _mend(pages)


def _open(name: str, data: bytes) -> PdfDocument:
    import pypdfium2

    with _LOCK:
        try:
            return pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            code = error.err_code
    if code in {pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY}:
        raise DocumentError(
            f"“{name}” is protected by a password: save a copy without the password and add that."
        )
    raise DocumentError(
        f"“{name}” is a damaged PDF or was not copied whole: get a fresh copy, or export it as PDF again."
    )


def _read_pages(name: str, document: PdfDocument, most_characters: int) -> list[str]:
    with _LOCK:
        count = len(document)
    if count > MOST_PAGES:
        raise DocumentError(
            f"“{name}” has {count:,} pages; Tandem reads up to {MOST_PAGES:,}: split it into smaller files."
        )
    pages: list[str] = []
    characters = 0
    for index in range(count):
        pages.append(_read_page(document, index))
        characters += len(pages[-1])
        if characters > most_characters:
            break
    return pages


def _read_page(document: PdfDocument, index: int) -> str:
    """One page's text; a page that PDFium cannot load counts as empty, the others still matter."""
    import pypdfium2

    with _LOCK:
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            return ""
        try:
            return _page_text(page)
        except pypdfium2.PdfiumError:
            return ""
        finally:
            page.close()


def _page_text(page: PdfPage) -> str:
    textpage = page.get_textpage()
    try:
        text: str = textpage.get_text_bounded()
    finally:
        textpage.close()
    return text


def _explain_textless(name: str, document: PdfDocument) -> str:
    with _LOCK:
        count = len(document)
        scanned = any(_has_image(document, index) for index in range(min(count, _PAGES_SEARCHED_FOR_IMAGES)))
    pages = "one page" if count == 1 else f"{count:,} pages"
    if scanned:
        return (
            f"“{name}” holds only images, no text ({pages}), like a scan:"
            " run text recognition (OCR) on it and add the result."
        )
    return f"“{name}” is empty ({pages} without any text): check that it is the right file."


def _has_image(document: PdfDocument, index: int) -> bool:
    import pypdfium2

    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return False
    try:
        return any(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
    finally:
        page.close()


def _mend(pages: list[str]) -> list[str]:
    """Undo ligatures and words broken at line ends."""
    pages = [page.translate(_LIGATURES) if not page.isascii() else page for page in pages]
    if not any("\x02" in page or "-\r\n" in page for page in pages):
        return pages
    words = {word.lower() for page in pages for word in _WORD.findall(_BROKEN_WORD.sub(" ", page))}
    return [_BROKEN_WORD.sub(lambda match: _join(match, words), page) for page in pages]


def _join(match: re.Match[str], words: set[str]) -> str:
    """Decide by the document's own words whether the hyphen at a line's end belongs to the word.

    "docu-ment" becomes one word; "City-funded" keeps its hyphen where both halves are words.
    """
    left, right = match["left"], match["right"]
    whole, hyphenated = (left + right).lower(), f"{left}-{right}".lower()
    if whole in words:
        return left + right
    compound = "-" in left or not (left + right).isalpha() or not right.islower()
    if compound or hyphenated in words or {left.lower(), right.lower()} <= words:
        return f"{left}-{right}"
    return left + right
