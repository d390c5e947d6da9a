"""Grids of variants as people write them."""

import pytest

from core.engines.base import Mode, Retrieval
from core.errors import UsageError
from core.evaluate.records import ChunkSize, Variant
from core.evaluate.variants import Cost, Defaults, default_variants, parse_variants
from core.settings import Settings

LITE = Defaults(Settings.load({"top_k": 4}), hybrid=True)
OLD = Defaults(Settings.load(), hybrid=False)


def keys(text, defaults=LITE):
    return [variant.key for variant in parse_variants(text, defaults).variants]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("llamaindex x dense", ["llamaindex.dense.k4"]),
        ("dense x llamaindex", ["llamaindex.dense.k4"]),
        ("LangChain × hybrid × k=3,5", ["langchain.hybrid.k3", "langchain.hybrid.k5"]),
        ("both x mmr", ["llamaindex.mmr.k4", "langchain.mmr.k4"]),
        (
            "langchain x dense x chunk=500,1000",
            ["langchain.dense.k4.c500-75", "langchain.dense.k4.c1000-150"],
        ),
        ("langchain x dense x chunk=500/20", ["langchain.dense.k4.c500-20"]),
        ("langchain x dense x controlled,native", ["langchain.dense.k4", "langchain.dense.native"]),
        ("langchain x dense x native x k=2 x chunk=500", ["langchain.dense.k2.native"]),
        (["langchain x dense", "langchain x dense,hybrid"], ["langchain.dense.k4", "langchain.hybrid.k4"]),
    ],
    ids=[
        "one",
        "any order",
        "top-k",
        "both",
        "chunks",
        "overlap",
        "modes",
        "native ignores chunks",
        "two grids",
    ],
)
def test_grids_are_read_as_meant(text, expected):
    assert keys(text) == expected


def test_a_factor_that_is_not_named_takes_its_default():
    everything = ["llamaindex.dense.k4", "langchain.dense.k4", "llamaindex.hybrid.k4", "langchain.hybrid.k4"]
    assert keys("controlled") == everything
    assert [variant.key for variant in default_variants(LITE)] == everything
    assert [variant.key for variant in default_variants(OLD)] == ["llamaindex.dense.k5", "langchain.dense.k5"]


def test_what_cannot_be_run_is_left_out_with_the_reason_when_it_was_asked_for():
    grid = parse_variants("both x dense,hybrid x native", LITE)
    assert {variant.retrieval for variant in grid.variants} == {Retrieval.DENSE}
    assert grid.skipped == ("Native mode has no hybrid retrieval, so that was left out.",)
    assert parse_variants("both x native", LITE).skipped == ()
    with pytest.raises(UsageError, match=r"nothing to run.*no BM25"):
        parse_variants("both x hybrid", OLD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("haystack x dense", "“haystack”"),
        ("both x k=0", "choose a number from 1 to 50"),
        ("both x k=many", "choose a number from 1 to 50"),
        ("both x chunk=20", "write 100 to 8000 characters"),
        ("both x chunk=500/400", "more than half a chunk"),
        ("both x pages=3", "“pages=3”"),
        ("k=1,2,3,4,5,6,7,8 x chunk=100,200,300,400,500 x both", "the limit is 64"),
    ],
    ids=["framework", "zero", "word", "small", "overlap", "factor", "too many"],
)
def test_what_is_not_understood_is_named_with_the_remedy(text, sentence):
    with pytest.raises(UsageError) as caught:
        parse_variants(text, LITE)
    assert sentence in str(caught.value)


def test_a_variant_has_a_key_for_machines_and_a_label_for_people():
    variant = Variant("langchain", Retrieval.MMR, 3, ChunkSize(500, 50), Mode.CONTROLLED)
    assert variant.key == "langchain.mmr.k3.c500-50"
    assert variant.label == "LangChain · MMR · top 3 · chunks of 500"
    assert (
        Variant("llamaindex", Retrieval.DENSE, None, mode=Mode.NATIVE).label == "LlamaIndex · dense · native"
    )


def test_the_cost_is_said_before_anything_starts():
    cost = Cost(40, 4, 160, 160, 480, (("chunks of 500 characters, 75 shared", 6),))
    assert cost.sentence == (
        "40 questions under 4 variants: 160 retrievals, 160 answers, 480 judgements. "
        "First, 6 documents are indexed as chunks of 500 characters, 75 shared."
    )
