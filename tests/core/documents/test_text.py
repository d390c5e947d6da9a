import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import parse
from core.documents.text import clean_text
from core.settings import Settings

SETTINGS = Settings()
FRENCH = "Où êtes-vous né ? À Besançon, près de la forêt. Ça coûte très cher, hélas."
MIXED = "Grüße, 你好, привет 👋"


def read(name, data):
    (page,) = parse(name, data, SETTINGS).pages
    return page.text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (MIXED, "utf-8"),
        (MIXED, "utf-8-sig"),
        (MIXED, "utf-16"),
        (MIXED, "utf-32"),
        ("Grüße from a file without a mark", "utf-16-le"),
        ("Grüße from a file without a mark", "utf-16-be"),
        (FRENCH, "latin-1"),
        ("Das Straßenfest kostet 5 € – „günstig“.", "cp1252"),
        ("A decisão não será tomada até amanhã.", "latin-1"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy, zatímco ostatní šli spát.", "cp1250"),
        ("Правительство утвердило бюджет на следующий год.", "cp1251"),
        ("政府は来年度の予算案を承認したと財務省が発表しました。", "shift_jis"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text, codec):
    assert read("a.txt", text.encode(codec)) == text
    assert read("a.csv", f"note\n{text}\n".replace(",", ";").encode(codec)).startswith("note: ")


def test_accents_far_into_a_large_file_are_read_right():
    data = b"plain words only\n" * 50_000 + FRENCH.encode("latin-1")
    assert read("a.txt", data).endswith(FRENCH)


def test_a_few_broken_bytes_do_not_spoil_the_rest_of_utf8():
    data = (MIXED * 5).encode() + b"\xff" + MIXED.encode()
    assert read("a.txt", data) == MIXED * 5 + "\ufffd" + MIXED


def test_web_page_is_read_in_the_encoding_it_declares():
    page = '<meta charset="windows-1251"><p>Сегодня хорошая погода</p>'
    assert read("a.html", page.encode("cp1251")) == "Сегодня хорошая погода"


def test_white_space_is_tidied_and_indentation_kept():
    raw = "Title  of \t it \r\n\r\n\r\n\r\n    indented   code\u00a0here\r\nnext\x0cpage   \n"
    assert clean_text(raw) == "Title of it\n\n    indented code here\nnext\npage"


def test_characters_that_stores_refuse_are_removed():
    raw = "a\x00b\x07c\x1bd\u200be\ufefff\ud800g\xadh\x7fi\ufffe"
    assert clean_text(raw) == "abcdefghi"


def test_emoji_and_joined_scripts_stay_whole():
    assert clean_text("👩‍🔬 می‌خواهم") == "👩‍🔬 می‌خواهم"


def test_markup_in_a_document_is_kept_as_text():
    text = "![x](https://evil.example/?q=1)\n<script>alert(1)</script>\n<b>bold</b> [a](javascript:b)"
    assert read("a.md", text.encode()) == text
    assert read("a.txt", text.encode()) == text


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_and_the_result_can_be_stored(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert "\x00" not in cleaned.encode().decode()
    assert "\n\n\n" not in cleaned
