import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import clean_name, unique_names


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        pytest.param("../../etc/passwd", "passwd", id="unix path"),
        pytest.param(r"D:\plans\2024\plan.pdf", "plan.pdf", id="windows path"),
        pytest.param("folder/", "folder", id="folder"),
        pytest.param("a\x00b\nc\x1b[31m.txt", "abc[31m.txt", id="control characters"),
        pytest.param("annual\u202efdp.exe", "annualfdp.exe", id="reversed direction"),
        pytest.param("  report .txt ", "report .txt", id="spaces"),
        pytest.param("🚀 launch 👩‍🔬.md", "🚀 launch 👩‍🔬.md", id="emoji"),
        pytest.param("cafe\u0301.txt", "café.txt", id="decomposed accents"),
        pytest.param("bad\udcff.txt", "bad.txt", id="undecodable bytes"),
        pytest.param("..", "document", id="dots"),
        pytest.param("", "document", id="nothing"),
    ],
)
def test_name_keeps_what_a_person_typed_and_nothing_else(given_name, cleaned):
    assert clean_name(given_name) == cleaned


@pytest.mark.parametrize("stem", ["x" * 300, "é" * 300, "👩‍🔬" * 100, "e\u0323\u0301" * 200])
def test_long_name_is_shortened_and_keeps_its_extension(stem):
    name = clean_name(stem + ".docx")
    assert 110 <= len(name) <= 120
    assert name.endswith(".docx")
    assert not name.removesuffix(".docx").endswith("\u200d")


def test_long_name_with_dots_is_not_mistaken_for_one_long_extension():
    assert len(clean_name("a." + "b" * 300)) == 120


@given(st.text(max_size=200))
def test_cleaned_name_is_stable_short_encodable_and_without_a_path(name):
    cleaned = clean_name(name)
    assert clean_name(cleaned) == cleaned
    assert 1 <= len(cleaned) <= 120
    assert not set(cleaned) & set("/\\\n\r\t\x00")
    cleaned.encode()


def test_second_file_of_a_name_gets_a_number_before_its_extension():
    names = unique_names(["report.txt", "b/report.txt", "report.txt", "README", "README"])
    assert names == ["report.txt", "report (2).txt", "report (3).txt", "README", "README (2)"]


def test_numbers_avoid_names_that_are_taken():
    assert unique_names(["a.md", "a (2).md"], taken={"a.md"}) == ["a (2).md", "a (2) (2).md"]


@given(st.lists(st.sampled_from(["a.txt", "a (2).txt", "x" * 200 + ".pdf", "", "é.md"]), max_size=12))
def test_unique_names_are_unique_short_and_as_many(names):
    unique = unique_names(names)
    assert len(set(unique)) == len(unique) == len(names)
    assert all(len(name) <= 120 for name in unique)
    assert unique_names(unique) == unique
