"""The table of retrieved chunks tells which are shared, rank by rank."""

import pytest

from core import Chunk, Hit
from pages.parts import overlap


def hits(*names, source="guide.pdf", page=None):
    chunks = [
        Chunk(name, "document", source, place, f"text of {name}", page) for place, name in enumerate(names)
    ]
    return [Hit(chunk, 0.5, rank) for rank, chunk in enumerate(chunks, 1)]


@pytest.mark.parametrize(
    ("left", "right", "agreements"),
    [
        ("ab", "ab", ["Same chunk", "Same chunk"]),
        ("ab", "ba", ["LangChain ranks the left one 2; LlamaIndex ranks the right one 2"]),
        ("ab", "cd", ["Not shared", "Not shared"]),
        ("ab", "c", ["Not shared", "Not shared"]),
    ],
)
def test_each_rank_says_how_the_engines_agree(left, right, agreements):
    rows = overlap.rows(hits(*left), hits(*right))
    assert [row.agreement for row in rows][: len(agreements)] == agreements
    assert len(rows) == max(len(left), len(right))


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("abc", "abc", "Both retrieved the same 3 chunks in the same order"),
        ("abc", "acb", "Both retrieved the same 3 chunks in a different order"),
        ("abc", "abd", "The engines share 2 of 3 chunks"),
        ("abc", "xyz", "The engines share none of their chunks"),
        ("abc", "", "One engine retrieved nothing"),
        ("", "", "Neither engine retrieved anything"),
    ],
)
def test_the_title_states_the_finding(left, right, said):
    assert overlap.finding(hits(*left), hits(*right)) == said


def test_cells_cannot_be_markdown_of_the_document():
    cells = overlap.records(hits("a", source="![x](https://evil.test/x.png)", page=3), [])[0]
    shown = next(cell for name, cell in cells.items() if "LlamaIndex" in name)
    assert "](" not in shown.replace("\\]\\(", "")
    assert "p\\. 3" in shown
