"""What a file is, by its content and its extension together."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from core.documents.names import extension
from core.errors import DocumentError

SUPPORTED: dict[str, str] = {
    "pdf": "PDF",
    "docx": "Word document",
    "pptx": "PowerPoint presentation",
    "txt": "Plain text",
    "md": "Markdown",
    "html": "Web page",
    "htm": "Web page",
    "csv": "Table, comma-separated",
    "tsv": "Table, tab-separated",
    "json": "JSON",
    "jsonl": "JSON, one record a line",
}
"""Extensions (without dot) that `parse` reads, with a label for people."""

_KINDS = {"htm": "html", "tsv": "csv", "jsonl": "json"}
_CONTAINERS = {"pdf": "a PDF", "docx": "a Word document", "pptx": "a PowerPoint presentation"}

_OCR = "run text recognition (OCR) on it and add the result as PDF or text"
_UNPACK = "unpack it and add the files one by one"
_TRANSCRIBE = "add a transcript as text instead"
# Leading bytes, what that is, and what to do with it.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (rb"\x89PNG\r\n", "a PNG image", _OCR),
    (rb"\xff\xd8\xff", "a JPEG image", _OCR),
    (rb"GIF8[79]a", "a GIF image", _OCR),
    (rb"II\*\x00|MM\x00\*", "a TIFF image", _OCR),
    (rb"RIFF....WEBP", "a WebP image", _OCR),
    (rb"\x1f\x8b", "a gzip archive", _UNPACK),
    (rb"Rar!\x1a", "a RAR archive", _UNPACK),
    (rb"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (rb"BZh[1-9]1AY", "a bzip2 archive", _UNPACK),
    (rb"....ftyp", "a video or audio file", _TRANSCRIBE),
    (rb"ID3[\x02-\x04]\x00|OggS\x00|RIFF....WAVE", "an audio file", _TRANSCRIBE),
    (rb"MZ.{58,}PE\x00\x00|\x7fELF", "a program", "add a document instead"),
    (rb"SQLite format 3\x00", "a database", "export its tables as CSV"),
    (rb"PAR1[\x00-\x1f]", "a Parquet file", "export it as CSV"),
    (rb"\{\\rtf", "a rich-text (RTF) document", "save it as .docx or .txt"),
    (rb"%!PS", "a PostScript file", "save it as PDF"),
)
_FOREIGN_PATTERNS = tuple((re.compile(head, re.DOTALL), what, advice) for head, what, advice in _FOREIGN)

# Folders and marker entries inside zip archives.
_ZIP_KINDS = (("word/", "docx"), ("ppt/", "pptx"))
_ZIP_FOREIGN = (
    ("xl/", "an Excel workbook", "save its sheets as CSV"),
    ("content.xml", "an OpenDocument file", "save it as .docx, .pptx or PDF"),
    ("META-INF/container.xml", "an e-book (EPUB)", "save it as PDF or HTML"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MOST_ENTRIES = 10_000


def detect(name: str, data: bytes) -> str:
    """The kind of a file: pdf, docx, pptx, txt, md, html, csv or json.

    Raises `DocumentError` when content and extension contradict each other, or when the content is
    of a type that Tandem does not read. A name without an extension goes by its content alone.
    """
    ending = extension(name)
    content = _content(name, data, ending)
    if ending and ending not in SUPPORTED:
        raise DocumentError(
            f"“{name}” has a type that Tandem does not read (.{ending}): save it as PDF or text."
            f" Tandem reads {', '.join(SUPPORTED)}."
        )
    kind = _KINDS.get(ending, ending)
    if content == kind or (not content and kind not in _CONTAINERS):
        return kind or "txt"
    if content and not kind:
        return content
    raise DocumentError(_contradiction(name, content, kind))


def _contradiction(name: str, content: str, kind: str) -> str:
    if content:
        stem = name.rpartition(".")[0]
        return f"“{name}” is really {_CONTAINERS[content]}: rename it to “{stem}.{content}” and add it again."
    return (
        f"“{name}” is not {_CONTAINERS[kind]}, or it is damaged from its first bytes on:"
        " open it in the program that made it and save it again."
    )


def _content(name: str, data: bytes, ending: str) -> str:
    """pdf, docx or pptx by leading bytes, or nothing for what may be text; foreign types raise."""
    head = data[:1024]
    if head.lstrip().startswith(b"%PDF-") or (ending == "pdf" and b"%PDF-" in head):
        return "pdf"
    if head.startswith(_OLE):
        raise DocumentError(_explain_ole(name, data))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_content(name, data, ending)
    for pattern, what, advice in _FOREIGN_PATTERNS:
        if pattern.match(head):
            raise DocumentError(f"“{name}” is {what}, which Tandem does not read: {advice}.")
    return ""


def _explain_ole(name: str, data: bytes) -> str:
    """Old Office files and password-protected new ones share one container."""
    if _ENCRYPTED_PACKAGE in data:
        return f"“{name}” is protected by a password: remove the password in Office and add it again."
    return f"“{name}” is in the old binary Office format: save it as .docx, .pptx or PDF and add it again."


def _zip_content(name: str, data: bytes, ending: str) -> str:
    names = _entry_names(name, data)
    for folder, kind in _ZIP_KINDS:
        if any(entry.startswith(folder) for entry in names):
            return kind
    for entry, what, advice in _ZIP_FOREIGN:
        if any(other.startswith(entry) for other in names):
            raise DocumentError(f"“{name}” is {what}, which Tandem does not read: {advice}.")
    if ending in _CONTAINERS:
        return ""
    raise DocumentError(f"“{name}” is a zip archive: {_UNPACK}.")


def _entry_names(name: str, data: bytes) -> list[str]:
    # Counted before zipfile builds an object for each.
    if data.count(b"PK\x01\x02") > _MOST_ENTRIES:
        raise DocumentError(f"“{name}” is an archive of more than {_MOST_ENTRIES} files: {_UNPACK}.")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError):
        raise DocumentError(
            f"“{name}” is damaged or was not copied whole: get a fresh copy, or open it and save it again."
        ) from None
