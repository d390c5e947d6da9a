"""Numbers as people read them."""

import pytest

from pages.parts import units


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0004, "0.4 ms"),
        (0.038, "38 ms"),
        (0.9996, "1.00 s"),
        (1.236, "1.24 s"),
        (12.34, "12.3 s"),
        (59.97, "1 min 00 s"),
        (125, "2 min 05 s"),
    ],
)
def test_durations_keep_three_figures_at_most(value, shown):
    assert units.seconds(value) == shown


def test_nouns_agree_with_their_numbers():
    assert units.count(1, "chunk") == "1 chunk"
    assert units.count(2500, "chunk") == "2,500 chunks"
    assert units.count(2, "document is", "documents are") == "2 documents are"
