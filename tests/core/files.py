"""Makers of good and bad files, for every test that needs documents; all return bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO


def make_pdf(pages: Sequence[str]) -> bytes:
    """A PDF with one page a text (Latin-1), each line of it a line on a page that is large enough."""
    lines = [line for page in pages for line in page.split("\n")]
    width = max([595, *(11 * len(line) + 100 for line in lines)])
    height = max([842, *(14 * page.count("\n") + 100 for page in pages)])
    return _pdf([_text_content(page, height - 62) for page in pages], width, height)


def image_only_pdf(pages: int = 1) -> bytes:
    """A PDF like a scan: each page shows one image and holds no text."""
    return _pdf([b"q 400 0 0 400 100 200 cm /Scan Do Q"] * pages)


def encrypted_pdf(pages: Sequence[str] = ("Secret plans.",), password: str = "letmein") -> bytes:
    """A PDF that opens only with its password."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(make_pdf(pages))))
    writer.encrypt(password, algorithm="RC4-128")
    return _saved(writer.write)


def corrupt_pdf() -> bytes:
    """A PDF that was cut off in the middle of its first page."""
    return make_pdf(["This page is never complete."])[:150]


def empty_pdf(pages: int = 1) -> bytes:
    """A PDF whose pages hold nothing at all."""
    return _pdf([b""] * pages)


def make_docx(paragraphs: Sequence[str], heading: str = "", table: Sequence[Sequence[str]] = ()) -> bytes:
    """A Word file: a heading, the table after the first paragraph, the other paragraphs."""
    import docx

    document = docx.Document()
    if heading:
        document.add_heading(heading, level=1)
    for index, paragraph in enumerate(paragraphs):
        document.add_paragraph(paragraph)
        if index == 0 and table:
            grid = document.add_table(rows=len(table), cols=len(table[0]))
            for cells, texts in zip(grid.rows, table, strict=True):
                for cell, text in zip(cells.cells, texts, strict=True):
                    cell.text = text
    return _saved(document.save)


def make_pptx(
    slides: Sequence[tuple[str, str]], notes: str = "", table: Sequence[Sequence[str]] = ()
) -> bytes:
    """A presentation of (title, body) slides; notes and table go to the first one."""
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    for title, body in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    first = deck.slides[0]
    if notes:
        first.notes_slide.notes_text_frame.text = notes
    if table:
        size = (len(table), len(table[0]), Inches(1), Inches(5), Inches(6), Inches(1))
        grid = first.shapes.add_table(*size).table
        for row, texts in enumerate(table):
            for column, text in enumerate(texts):
                grid.cell(row, column).text = text
    return _saved(deck.save)


def make_zip(entries: Mapping[str, bytes]) -> bytes:
    """A zip archive of these entries."""

    def write(stream: BytesIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in entries.items():
                archive.writestr(name, data)

    return _saved(write)


def zip_bomb(kind: str = "docx", megabytes: int = 20) -> bytes:
    """A Word or PowerPoint file of a few kB that unpacks to so many megabytes."""
    main = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml"}[kind]
    return make_zip({"[Content_Types].xml": b"<Types/>", main: b" " * (megabytes * 1024 * 1024)})


def binary(size: int = 4000) -> bytes:
    """Bytes that are no text in any encoding, the same each time."""
    return bytes((index * index * 31 + index // 7) % 256 for index in range(1, size + 1))


def _saved(write: Callable[[BytesIO], object]) -> bytes:
    stream = BytesIO()
    write(stream)
    return stream.getvalue()


def _text_content(text: str, top: int) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    shown = "".join(f"({line}) Tj T*\n" for line in escaped.split("\n"))
    return f"BT /F1 11 Tf 14 TL 50 {top} Td\n{shown}ET".encode("latin-1")


def _pdf(contents: Sequence[bytes], width: int = 595, height: int = 842) -> bytes:
    """Objects 1 to 4 are catalogue, page tree, font and image; then page and content in turn."""
    kids = b" ".join(b"%d 0 R" % (5 + 2 * index) for index in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _stream(
            b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 ",
            b"\x00\xff\xff\x00",
        ),
    ]
    for index, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources"
            b" << /Font << /F1 3 0 R >> /XObject << /Scan 4 0 R >> >> >>" % (width, height, 6 + 2 * index)
        )
        objects.append(_stream(b"", content))
    return _assembled(objects)


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def _assembled(objects: Sequence[bytes]) -> bytes:
    output, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return output + head + table + trailer % (len(objects) + 1, len(output))
