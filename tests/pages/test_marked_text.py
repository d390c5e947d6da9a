"""A quoted chunk is marked where it stands; chunk boundaries cover the text exactly."""

import pytest

from pages.parts.marked_text import Segment, boundaries, quote

PAGE = "One fish. Two fish. Red fish."


@pytest.mark.parametrize(
    ("start", "end"), [(10, 19), (0, 0), (3, 99)], ids=["offsets", "no offsets", "wrong offsets"]
)
def test_the_chunk_is_marked_in_its_page(start, end):
    assert quote(PAGE, start, end, "Two fish.") == [
        Segment("plain", "One fish. "),
        Segment("quote", "Two fish."),
        Segment("plain", " Red fish."),
    ]


def test_a_chunk_that_is_not_in_the_page_is_shown_alone():
    assert quote(PAGE, 0, 5, "Blue fish.") == [Segment("quote", "Blue fish.")]


def test_boundaries_show_each_chunk_and_what_two_of_them_share():
    segments = boundaries(PAGE, [(1, 0, 19), (2, 10, 29)])
    assert segments == [
        Segment("label", "chunk 1"),
        Segment("odd", "One fish. "),
        Segment("label", "chunk 2"),
        Segment("overlap", "Two fish."),
        Segment("even", " Red fish."),
    ]


def test_text_between_chunks_is_left_plain():
    segments = boundaries("ab  cd", [(1, 0, 2), (2, 4, 6)])
    assert [segment for segment in segments if segment.kind == "plain"] == [Segment("plain", "  ")]
    assert "".join(segment.text for segment in segments if segment.kind != "label") == "ab  cd"
