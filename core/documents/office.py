"""Text of Word and PowerPoint files, through python-docx and python-pptx."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from core.errors import DocumentError

if TYPE_CHECKING:
    from docx.oxml.table import CT_Row, CT_Tbl, CT_Tc
    from docx.oxml.text.paragraph import CT_P
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_MEGABYTE = 1024 * 1024
# Text compresses 5 to 20 times, a very repetitive table 100 times, a bomb 1,000 times.
_MOST_RATIO = 200
_SMALL_ENTRY = 8 * _MEGABYTE
_MOST_UNPACKED = 4
"""Largest unpacked size, as a multiple of the file limit."""
_DEEPEST = 20
"""Tables in tables and groups in groups beyond this are passed over."""

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Content controls, accepted insertions and the like: wrappers that python-docx does not look into.
_WRAPPERS = [
    _WORD + tag for tag in ("sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "fldSimple")
]
_HEADING = re.compile(r"heading ([1-6])|(title)")


def check_archive(name: str, data: bytes, max_file_mb: float) -> None:
    """Refuse a zip bomb by what its directory declares, before anything is unpacked.

    The declared sizes bind: zipfile never unpacks more of an entry than its declared size. XML costs
    several times its size once parsed, so it is allowed no more than the file limit itself.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError):
        raise DocumentError(f"“{name}” is damaged: open it in Office and save it again.") from None
    limit = max_file_mb * _MEGABYTE
    unpacked = sum(entry.file_size for entry in entries)
    markup = sum(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels")))
    if any(map(_is_bomb, entries)) or unpacked > _MOST_UNPACKED * limit or markup > limit:
        raise DocumentError(
            f"“{name}” unpacks to {unpacked / _MEGABYTE:,.0f} MB from {len(data) / _MEGABYTE:.1f} MB, like a"
            " zip bomb, and was not opened: split it, or save it as PDF or text."
        )


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > _SMALL_ENTRY and entry.file_size > _MOST_RATIO * max(1, entry.compress_size)


def read_docx(data: bytes) -> Iterator[str]:
    """Blocks of a Word file in document order: headings as `# ...`, list items as `- ...`, tables by row."""
    import docx
    from lxml import etree

    document = docx.Document(BytesIO(data))
    styles = {style.style_id: (style.name or "").lower() for style in document.styles}
    body = document.element.body
    etree.strip_tags(body, *_WRAPPERS)
    return _blocks(body.inner_content_elements, styles, 0)


def _blocks(elements: Iterable[CT_P | CT_Tbl], styles: dict[str, str], depth: int) -> Iterator[str]:
    for element in elements:
        if hasattr(element, "tr_lst"):
            yield from _table(element, styles, depth)
        elif text := element.text.strip():
            yield _mark(text, styles.get(element.style or "", ""))


def _mark(text: str, style: str) -> str:
    if match := _HEADING.fullmatch(style):
        return f"\n\n{'#' * int(match[1] or 1)} {' '.join(text.split())}\n\n"
    return f"- {text}\n" if style.startswith("list") else f"\n\n{text}\n\n"


def _table(table: CT_Tbl, styles: dict[str, str], depth: int) -> Iterator[str]:
    if depth >= _DEEPEST:
        return
    yield "\n\n"
    for row in table.tr_lst:
        yield _row_text(_cells(row, styles, depth))
    yield "\n\n"


def _cells(row: CT_Row, styles: dict[str, str], depth: int) -> Iterator[str]:
    for cell in row.tc_lst:
        yield "".join(_blocks(_cell_content(cell), styles, depth + 1))


def _cell_content(cell: CT_Tc) -> list[CT_P | CT_Tbl]:
    content: list[CT_P | CT_Tbl] = cell.inner_content_elements
    return content


def _row_text(cells: Iterable[str]) -> str:
    """One line a row, cells between bars; empty for a row without text."""
    texts = [" ".join(cell.split()) for cell in cells]
    return " | ".join(texts) + "\n" if any(texts) else ""


def read_pptx(data: bytes) -> Iterator[str]:
    """The text of each slide: title as a heading, shapes in reading order, tables by row, notes last."""
    import pptx

    for slide in pptx.Presentation(BytesIO(data)).slides:
        yield "\n\n".join(filter(None, _slide_parts(slide)))


def _slide_parts(slide: Slide) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None and title.text_frame.text.strip():
        yield "# " + " ".join(title.text_frame.text.split())
    for shape in _leaves(slide.shapes, 0):
        if title is None or shape.shape_id != title.shape_id:
            yield _shape_text(shape)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        if frame is not None and frame.text.strip():
            yield "Notes: " + frame.text


def _leaves(shapes: Iterable[BaseShape], depth: int) -> Iterator[BaseShape]:
    """Shapes from top to bottom and left to right, groups opened."""
    for shape in sorted(shapes, key=_position):
        if hasattr(shape, "shapes"):
            if depth < _DEEPEST:
                yield from _leaves(shape.shapes, depth + 1)
        else:
            yield shape


def _position(shape: Any) -> tuple[int, int]:
    return shape.top or 0, shape.left or 0


def _shape_text(shape: Any) -> str:
    if shape.has_table:
        return "".join(_row_text(cell.text for cell in row.cells) for row in shape.table.rows)
    return shape.text_frame.text if shape.has_text_frame else ""
