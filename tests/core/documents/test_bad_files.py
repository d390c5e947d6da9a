"""Each file that cannot be read is refused with one sentence that names it and the remedy."""

from contextlib import suppress

import pytest

from core.documents import kinds, parse, pdf
from core.errors import DocumentError
from core.settings import Settings
from tests.core import files

SETTINGS = Settings()
LOCKED = "EncryptedPackage".encode("utf-16-le")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

BAD = [
    pytest.param("a.pdf", files.corrupt_pdf(), "damaged", "export it as PDF again", id="corrupt PDF"),
    pytest.param("a.pdf", files.encrypted_pdf(), "password", "without the password", id="encrypted PDF"),
    pytest.param("a.pdf", files.image_only_pdf(3), "only images, no text (3 pages)", "OCR", id="scan"),
    pytest.param("a.pdf", files.empty_pdf(), "empty (one page", "right file", id="blank PDF"),
    pytest.param("a.pdf", b"", "0 bytes", "copied whole", id="zero bytes"),
    pytest.param("a.pdf", b"hello", "not a PDF", "save it again", id="text named pdf"),
    pytest.param("a.txt", b" \n\t\n", "empty", "right file", id="only white space"),
    pytest.param("a.txt", files.binary(), "binary", "save it as text or PDF", id="binary named txt"),
    pytest.param("a.csv", files.binary(), "binary", "save it as text or PDF", id="binary named csv"),
    pytest.param("a.txt", files.make_pdf(["x"]), "really a PDF", "“a.pdf”", id="PDF named txt"),
    pytest.param("a.md", files.make_docx(["x"]), "really a Word", "“a.docx”", id="docx named md"),
    pytest.param("a.pptx", files.make_docx(["x"]), "really a Word", "“a.docx”", id="docx named pptx"),
    pytest.param("a.docx", b"not a zip", "not a Word document", "save it again", id="docx is no zip"),
    pytest.param("a.pptx", b"not a zip", "not a PowerPoint", "save it again", id="pptx is no zip"),
    pytest.param("a.docx", b"PK\x03\x04 cut", "damaged", "fresh copy", id="docx cut off"),
    pytest.param("a.docx", files.make_zip({"word/x.xml": b"<x/>"}), "damaged", "save it", id="no docx"),
    pytest.param("a.pptx", files.make_zip({"ppt/x.xml": b"<x/>"}), "damaged", "save it", id="no pptx"),
    pytest.param("a.docx", files.make_zip({"x": b"x"}), "not a Word document", "save it", id="plain zip"),
    pytest.param("a.docx", files.zip_bomb("docx"), "zip bomb", "split it", id="docx bomb"),
    pytest.param("a.pptx", files.zip_bomb("pptx"), "zip bomb", "split it", id="pptx bomb"),
    pytest.param("a.docx", OLE + LOCKED, "password", "remove", id="locked docx"),
    pytest.param("a.doc", OLE, "old binary Office", "save it as .docx", id="old Word"),
    pytest.param("a.xlsx", files.make_zip({"xl/workbook.xml": b""}), "Excel", "as CSV", id="Excel"),
    pytest.param("a.png", b"\x89PNG\r\n\x1a\n", "PNG image", "OCR", id="image"),
    pytest.param("a.txt", b"\x89PNG\r\n\x1a\n", "PNG image", "OCR", id="image named txt"),
    pytest.param("a.zip", files.make_zip({"a.txt": b"x"}), "zip archive", "unpack", id="zip"),
    pytest.param("a.py", b"print()", "does not read (.py)", "save it as PDF or text", id="unknown type"),
    pytest.param("a.json", b'{"a": 1,\n "b" 2}', "line 2, column 6", "correct it there", id="broken JSON"),
    pytest.param("a.jsonl", b'{"a": 1}\n{oops}', "line 2, column 2", "correct it there", id="broken line"),
    pytest.param("a.json", b"[" * 200 + b"1" + b"]" * 200, "100 levels", "flatten it", id="deep JSON"),
    pytest.param("a.json", b"[" * 99_999 + b"]" * 99_999, "100 levels", "flatten it", id="absurd JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "what", "remedy"), BAD)
def test_refusal_names_the_file_the_fault_and_the_remedy(name, data, what, remedy):
    with pytest.raises(DocumentError) as caught:
        parse(f"uploads/{name}", data, SETTINGS)
    message = str(caught.value)
    assert message.startswith(f"“{name}” ")
    assert what in message
    assert remedy in message
    assert "\n" not in message
    assert len(message) < 250


@pytest.mark.parametrize("kind", ["docx", "pptx"])
def test_zip_bomb_is_refused_before_anything_is_unpacked(kind, monkeypatch):
    def unpack(*_args, **_options):
        raise AssertionError("unpacked")

    bomb = files.zip_bomb(kind)
    monkeypatch.setattr("zipfile.ZipFile.open", unpack)
    with pytest.raises(DocumentError, match="zip bomb"):
        parse(f"a.{kind}", bomb, SETTINGS)


def test_archive_of_many_well_packed_parts_is_refused_by_its_sum():
    parts = {f"word/{index}.xml": b"<a/>" * 500_000 for index in range(4)}
    with pytest.raises(DocumentError, match="unpacks to 8 MB"):
        parse("a.docx", files.make_zip(parts), SETTINGS.model_copy(update={"max_file_mb": 5}))


def test_archive_of_absurdly_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(kinds, "_MOST_ENTRIES", 3)
    with pytest.raises(DocumentError, match="more than 3 files"):
        parse("a.docx", files.make_docx(["x"]), SETTINGS)


def test_file_over_the_limit_is_refused_with_both_sizes():
    with pytest.raises(DocumentError, match=r"“a\.txt” is too large \(2\.0 MB; the limit is 1 MB\)"):
        parse("a.txt", b"x" * 2**21, SETTINGS.model_copy(update={"max_file_mb": 1}))


LONG = "some words " * 200


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.txt", LONG.encode(), id="txt"),
        pytest.param("a.pdf", files.make_pdf([LONG, LONG]), id="pdf"),
        pytest.param("a.docx", files.make_docx([LONG]), id="docx"),
        pytest.param("a.pptx", files.make_pptx([("t", LONG)]), id="pptx"),
        pytest.param("a.csv", b"a,b\n" + b"one,two\n" * 300, id="csv"),
        pytest.param("a.json", b'{"text": "%s"}' % LONG.encode(), id="json"),
        pytest.param("a.html", f"<p>{LONG}</p>".encode(), id="html"),
        pytest.param("b.html", b"<p></p>" * 2000, id="markup alone"),
    ],
)
def test_text_over_the_limit_is_refused_not_cut_off(name, data):
    with pytest.raises(DocumentError, match=r"more text than the limit of 1,000 characters.*TANDEM_MAX"):
        parse(name, data, SETTINGS.model_copy(update={"max_characters": 1000}))


def test_pdf_of_absurdly_many_pages_is_refused(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    with pytest.raises(DocumentError, match="3 pages; Tandem reads up to 2: split it"):
        parse("a.pdf", files.make_pdf(["a", "b", "c"]), SETTINGS)


def test_a_web_page_of_absurdly_many_tags_is_refused():
    with pytest.raises(DocumentError, match="300,000 tags: split it"):
        parse("a.html", b"<b>" * 300_001, SETTINGS)


def test_a_file_that_makes_a_parser_fail_keeps_the_cause_for_the_log():
    with pytest.raises(DocumentError) as caught:
        parse("a.docx", files.make_zip({"word/document.xml": b"<x/>"}), SETTINGS)
    assert caught.value.__cause__ is not None


def test_damaged_files_of_every_type_never_raise_anything_else():
    """Cut and scratched copies: each is read or refused, nothing else escapes."""
    makers = {
        "a.pdf": files.make_pdf(["one", "two"]),
        "a.docx": files.make_docx(["one"], "Head", [["a", "b"]]),
        "a.pptx": files.make_pptx([("one", "two")], "notes"),
    }
    for name, data in makers.items():
        for step in range(1, 40):
            place = len(data) * step // 40
            for bad in (data[:place], data[:place] + b"\xff\x00#" + data[place + 3 :]):
                with suppress(DocumentError):
                    assert parse(name, bad, SETTINGS).characters


def test_a_path_is_never_shown():
    with pytest.raises(DocumentError) as caught:
        parse("/srv/ann/private/a.pdf", b"x", SETTINGS)
    assert "ann" not in str(caught.value)
