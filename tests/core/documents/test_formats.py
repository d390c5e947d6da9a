import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from core.documents import SUPPORTED, content_hash, parse
from core.settings import Settings
from tests.core import files

SETTINGS = Settings()
DATA = Path(__file__).parents[4] / "shared" / "data"


def read(name, data):
    return [page.text for page in parse(name, data, SETTINGS).pages]


def shared(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path.read_bytes()


def test_importing_documents_loads_no_parser_and_no_framework():
    heavy = "pypdfium2 docx pptx lxml bs4 charset_normalizer llama_index langchain_core pandas streamlit"
    code = f"import sys, core.documents; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_document_carries_its_cleaned_name_hash_and_kind():
    document = parse("in/a.TXT", b"hello", SETTINGS)
    assert (document.name, document.kind) == ("a.TXT", "txt")
    assert document.content_hash == content_hash(b"hello")
    assert len(document.content_hash) == 64


def test_every_supported_extension_is_read():
    makers = {
        "pdf": files.make_pdf(["x"]),
        "docx": files.make_docx(["x"]),
        "pptx": files.make_pptx([("x", "y")]),
    }
    for ending in SUPPORTED:
        assert parse(f"a.{ending}", makers.get(ending, b'{"x": "y"}'), SETTINGS).characters


@pytest.mark.parametrize(
    ("data", "kind"), [(b"notes", "txt"), (files.make_pdf(["x"]), "pdf"), (files.make_docx(["x"]), "docx")]
)
def test_name_without_extension_goes_by_content(data, kind):
    assert parse("README", data, SETTINGS).kind == kind


def test_pdf_pages_keep_their_numbers_and_blank_ones_count():
    document = parse("a.pdf", files.make_pdf(["One", "", "Three (3)"]), SETTINGS)
    assert [(page.number, page.text) for page in document.pages] == [(1, "One"), (2, ""), (3, "Three (3)")]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        pytest.param("the docu-\nment ends", "the document ends", id="broken word"),
        pytest.param("a City-\nfunded plan. The City was funded.", "City-funded plan", id="compound"),
        pytest.param("an out-of-\npocket cost", "out-of-pocket cost", id="chain of hyphens"),
        pytest.param("on CD-\nROM and", "CD-ROM and", id="abbreviation"),
        pytest.param("in 2020-\n2021 and", "2020-2021 and", id="numbers"),
    ],
)
def test_words_broken_at_line_ends_are_mended(text, mended):
    assert mended in read("a.pdf", files.make_pdf([text]))[0]


def test_long_pdf_is_read_page_by_page():
    document = parse("budget.pdf", shared("sf_budget_2021.pdf"), SETTINGS)
    assert len(document.pages) == 297
    assert document.characters > 600_000
    assert "City-funded project" in " ".join(page.text for page in document.pages)


def test_files_are_read_alike_in_many_threads_at_once():
    inputs = [("a.pdf", files.make_pdf([f"{n} page"] * 20)) for n in range(8)]
    inputs += [("a.pdf", files.corrupt_pdf()), ("b.docx", files.make_docx(["x"]))] * 4

    def attempt(item):
        try:
            return parse(*item, SETTINGS)
        except Exception as error:  # noqa: BLE001 - compared below
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, inputs)) == [attempt(item) for item in inputs]


def test_word_file_keeps_headings_and_the_place_of_its_tables():
    data = files.make_docx(["Before", "After"], "Plans", [["Name", "Cost"], ["Pump", "20 €"]])
    assert read("a.docx", data) == ["# Plans\n\nBefore\n\nName | Cost\nPump | 20 €\n\nAfter"]


def test_word_text_inside_controls_insertions_and_links_is_not_lost():
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    run = "<w:r><w:t>{}</w:t></w:r>"
    for xml in (
        f"<w:sdt {names}><w:sdtContent><w:p>{run.format('control')}</w:p></w:sdtContent></w:sdt>",
        f"<w:p {names}><w:ins w:id='1' w:author='a'>{run.format('inserted')}</w:ins></w:p>",
        f"<w:p {names}><w:del w:id='2' w:author='a'><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>",
        f"<w:p {names}><w:hyperlink>{run.format('linked')}</w:hyperlink></w:p>",
    ):
        document.element.body.insert(0, parse_xml(xml))
    stream = BytesIO()
    document.save(stream)
    assert read("a.docx", stream.getvalue()) == ["linked\n\ninserted\n\ncontrol"]


def test_slides_become_pages_with_title_table_and_notes():
    data = files.make_pptx([("Intro", "First\nSecond"), ("End", "Bye")], "Smile", [["a", "b"], ["1", "2"]])
    document = parse("a.pptx", data, SETTINGS)
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == "# Intro\n\nFirst\nSecond\n\na | b\n1 | 2\n\nNotes: Smile"


PAGE = """<!DOCTYPE html><html><head><title>Tea | Shop</title><style>p {}</style></head><body>
<nav>Home Cart</nav><main><h1>Green tea</h1><p>Steep <b>two</b> minutes,<br>no more.</p>
<ul><li><p>Sencha</p></li><li>Matcha</li></ul>
<table><tr><th>Kind</th><th>Price</th></tr><tr><td><p>Sencha</p></td><td>9 &euro;</td></tr></table>
<pre>a
  b</pre><script>alert(1)</script></main><footer>Imprint</footer></body></html>"""


def test_web_page_keeps_its_structure_and_loses_scripts_and_navigation():
    (text,) = read("a.html", PAGE.encode())
    assert text == (
        "# Tea | Shop\n\n# Green tea\n\nSteep two minutes,\nno more.\n\n- Sencha\n- Matcha\n\n"
        "Kind | Price\nSencha | 9 €\n\na\n  b"
    )


def test_real_article_is_read_without_its_menus():
    (text,) = read("article.html", shared("article.html"))
    assert "\n# What is Haystack?\n" in text
    assert "Haystack is the open source Python framework" in text
    assert "<" not in text


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li"])
def test_web_page_of_any_depth_is_read(tag):
    assert read("a.html", f"<p>top</p>{f'<{tag}>' * 2000}deep".encode())[0].endswith("deep")


def test_xhtml_and_odd_pages_print_no_warnings(recwarn):
    read("a.html", b'<?xml version="1.0" encoding="utf-8"?><html><body><p>x</p></body></html>')
    read("a.html", b"https://example.org/a.html")
    assert not recwarn


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        pytest.param("a.csv", "name,city\nAnn,Bonn\n", "name: Ann\ncity: Bonn", id="comma"),
        pytest.param("a.csv", "name;price\nTea;2,50\n", "name: Tea\nprice: 2,50", id="semicolon"),
        pytest.param("a.tsv", "name\tnote\nAnn\ta, b; c\n", "name: Ann\nnote: a, b; c", id="tabs"),
        pytest.param(
            "a.csv", "1,2\n3,4\n", "Column 1: 1\nColumn 2: 2\n\nColumn 1: 3\nColumn 2: 4", id="bare"
        ),
        pytest.param("a.csv", "Land,2019,2020\nDE,1,2", "Land: DE\n2019: 1\n2020: 2", id="years"),
        pytest.param("a.csv", 'q,a\n"x ""y""\n\nz",\n', 'q: x "y" z', id="quotes and gaps"),
        pytest.param("a.csv", "a,b\n1,2,3\n", "a: 1\nb: 2\nColumn 3: 3", id="too wide"),
        pytest.param("a.csv", "a,b\r1,2\r", "a: 1\nb: 2", id="old line ends"),
    ],
)
def test_table_rows_become_blocks_that_name_their_columns(name, data, text):
    assert read(name, data.encode()) == [text]


def test_table_cell_may_hold_a_long_article():
    assert len(read("a.csv", b'id,text\n1,"' + b"word " * 60_000 + b'"\n')[0]) > 299_000


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        pytest.param("a.json", '{"a": {"b": 1.10}, "c": null}', "a.b: 1.10", id="nested"),
        pytest.param("a.json", '[{"a": 1}, {"a": true}]', "a: 1\n\na: true", id="records"),
        pytest.param("a.json", '{"t": ["x", "y"]}', "t: x, y", id="short list"),
        pytest.param("a.json", '{"o": [{"n": 1}, {"n": 2}]}', "o[0].n: 1\n\no[1].n: 2", id="inner records"),
        pytest.param("a.jsonl", '{"a": 1}\n\n{"a": 2}\n', "a: 1\n\na: 2", id="lines"),
        pytest.param("a.json", '{"a": 1}\n{"a": 2}\n', "a: 1\n\na: 2", id="lines named json"),
        pytest.param("a.json", '"\\ud800 x \\u0000y"', "x y", id="surrogates and NULs"),
        pytest.param("a.json", "9" * 5000, "9" * 5000, id="endless number"),
    ],
)
def test_json_becomes_lines_that_name_their_path(name, data, text):
    assert read(name, data.encode()) == [text]
