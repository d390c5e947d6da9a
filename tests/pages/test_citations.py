"""Citations in an answer become links; what only looks like one stays text."""

import pytest

from pages.parts import citations


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("As said [2], and [1].", [2, 1]),
        ("Both [1, 3] say so [3].", [1, 3]),
        ("[0] [6] [17] and a[i]", []),
        ("", []),
    ],
)
def test_the_passages_cited_are_found_once_each(text, cited):
    assert citations.numbers(text, 5) == cited


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("so [2].", r"so [\[2\]](#cite-langchain-2)."),
        ("so [1, 2].", r"so [\[1\]](#cite-langchain-1)[\[2\]](#cite-langchain-2)."),
        ("so [9].", "so [9]."),
    ],
)
def test_a_citation_becomes_a_link_within_the_page(text, linked):
    assert citations.link(text, "langchain", 5) == linked


@pytest.mark.parametrize(
    ("target", "meaning"),
    [
        ("llamaindex-2", ("llamaindex", 2)),
        ("llamaindex-222", None),
        ("../x-1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_followed_link_is_read_with_care(target, meaning):
    assert citations.parse(target) == meaning
