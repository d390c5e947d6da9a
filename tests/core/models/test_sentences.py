import time

import pytest

from core.models.offline.sentences import LONGEST, split_sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("It rains. Stay in!", ["It rains.", "Stay in!"], id="plain"),
        pytest.param(
            "Dr. A. Smith met J. R. Hill at 3.5 km.",
            ["Dr. A. Smith met J. R. Hill at 3.5 km."],
            id="titles and initials",
        ),
        pytest.param(
            "Sold to the U.S. Army only.", ["Sold to the U.S. Army only."], id="dotted abbreviations"
        ),
        pytest.param("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."], id="quotes"),
        pytest.param("It rose.[12] It fell.", ["It rose.[12]", "It fell."], id="references"),
        pytest.param("Fees:\n- Old 12 euro\n- Young 6", ["Fees:", "- Old 12 euro", "- Young 6"], id="list"),
        pytest.param("# Opening\n\nWe open\nat nine.", ["# Opening", "We open at nine."], id="heading"),
        pytest.param("これは本です。それはペンです。", ["これは本です。", "それはペンです。"], id="Japanese"),
        pytest.param(" \n . \n ", [], id="nothing to quote"),
    ],
)
def test_text_is_cut_where_a_reader_would(text, expected):
    assert split_sentences(text) == expected


@pytest.mark.parametrize("joint", ["; ", "\n"], ids=["semicolons", "table rows"])
def test_an_endless_sentence_is_cut_smaller(joint):
    assert max(map(len, split_sentences(joint.join(["a long item of a list"] * 100)))) < LONGEST


@pytest.mark.parametrize("unit", [".", ". ", "\n", "a. ", "[1", ".[1]"], ids=repr)
def test_hostile_text_costs_no_more_than_its_length(unit):
    def cost(size):
        start = time.perf_counter()
        split_sentences(unit * (size // len(unit)))
        return time.perf_counter() - start

    assert cost(64_000) < 100 * max(cost(4_000), 1e-3)  # 16 times the text; squared would be 256 times
