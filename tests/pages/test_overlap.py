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
    ("left", "right", "notes"),
    [
        ("ab", "ab", [("", "same chunk"), ("", "same chunk")]),
        (
            "ab",
            "ba",
            [
                ("rank 2 in LangChain", "rank 2 in LlamaIndex"),
                ("rank 1 in LangChain", "rank 1 in LlamaIndex"),
            ],
        ),
        ("ab", "cb", [("only here", "only here"), ("", "same chunk")]),
        ("ab", "a", [("", "same chunk"), ("only here", "")]),
    ],
)
def test_each_rank_says_where_the_other_engine_has_the_chunk(left, right, notes):
    rows = overlap.rows(hits(*left), hits(*right))
    assert [(row.left_note, row.right_note) for row in rows] == notes
    assert [row.same for row in rows] == [right_note == "same chunk" for _, right_note in notes]


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
