import pytest

from core import Mode, Overlap, Retrieval, Settings, Workspace, overlap, parity, run
from core.documents.records import Chunk
from core.engines.base import Hit


def hits(*ids):
    return [Hit(Chunk(name, "d", "a.txt", 0, name), None, rank) for rank, name in enumerate(ids, 1)]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (("a", "b"), ("b", "a"), Overlap(2, 2, 1.0)),
        (("a", "b", "c"), ("c", "d"), Overlap(3, 1, 0.25)),
        (("a",), ("b",), Overlap(1, 0, 0.0)),
        ((), (), Overlap(0, 0, 1.0)),
    ],
    ids=["same", "some", "none", "nothing"],
)
def test_overlap_counts_shared_chunks_whatever_their_rank(first, second, found):
    assert overlap(hits(*first), hits(*second)) == found


@pytest.fixture
def workspace(tmp_path):
    return run(Workspace.open(Settings.load({"home": tmp_path}), "parity"))


def unequal(rows):
    return {row.what for row in rows if not row.equal}


def test_controlled_mode_holds_all_but_the_framework_equal(workspace):
    assert unequal(parity(workspace, Mode.CONTROLLED)) == {"Stored row", "Answer path"}


def test_mmr_is_said_to_differ_between_the_frameworks(workspace):
    rows = parity(workspace, Mode.CONTROLLED, Retrieval.MMR)
    assert "MMR weighs a chunk against" in unequal(rows)


def test_native_mode_says_what_each_framework_does_its_own_way(workspace):
    assert {"Chunks", "Index", "Top-k", "Prompt"} <= unequal(parity(workspace, Mode.NATIVE))


def test_a_row_that_is_equal_shows_the_same_on_both_sides(workspace):
    for mode in Mode:
        for row in parity(workspace, mode):
            assert not row.equal or row.llamaindex == row.langchain
