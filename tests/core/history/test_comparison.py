"""Two runs side by side: what changed, judged by the interval, and what must not be compared."""

from dataclasses import replace

import numpy as np
import pytest

from core.bench.records import CellResult
from core.errors import UsageError
from core.history import compare
from tests.core.bench.results import rounds
from tests.core.history.synthetic import ENVIRONMENT, result


def changes(before, now, **options):
    return {cell.label.split("@")[0]: cell for cell in compare(before, now, **options).cells}


def test_a_cell_that_became_slower_beyond_doubt_is_a_regression():
    found = compare(result(), result(seconds={"asyncio": 0.5, "threads": 0.25}))
    cells = {cell.label.split(".")[2].split("@")[0]: cell for cell in found.cells}
    assert {name: cell.change for name, cell in cells.items()} == {
        "sequential": "same",
        "threads": "improvement",
        "asyncio": "regression",
    }
    slower = cells["asyncio"].ratio
    assert slower.low < slower.ratio < slower.high < 0.6
    assert slower.ratio == pytest.approx(0.5)
    assert [cell.label for cell in found.regressions] == ["pymilvus.search.asyncio@n=100,c=0,Bounded,rtt=0"]
    assert found.summary == "Of 3 cells in both runs: 1 slower, 1 faster, 1 no measurable difference."


def test_what_noise_can_explain_is_no_regression():
    noisy = compare(result(noise=0.2), result(noise=0.2, seconds={"asyncio": 0.3}))
    assert {cell.change for cell in noisy.cells} == {"same"}


def test_a_difference_within_the_tolerance_is_none_and_the_tolerance_can_be_set():
    before, now = result(noise=0.001), result(noise=0.001, seconds={"asyncio": 0.26})
    assert changes(before, now)["pymilvus.search.asyncio"].change == "same"
    assert changes(before, now, tolerance=0.01)["pymilvus.search.asyncio"].change == "regression"


def test_rounds_of_different_runs_are_not_taken_for_pairs():
    ratio = compare(result(), result()).cells[0].ratio
    assert not ratio.paired
    assert ratio.low < 1 < ratio.high


def unchanged(random, cells, each):
    """Two runs of the same speed, with cells of so many noisy rounds."""
    run = result()
    for _ in range(2):
        seconds = random.lognormal(0, 0.1, (cells, each))
        keys = (replace(run.cells[0].key, count=count) for count in range(1, cells + 1))
        found = zip(keys, seconds, strict=True)
        yield replace(run, cells=tuple(CellResult(key, tuple(rounds(row, count=9))) for key, row in found))


def test_the_interval_of_a_comparison_covers_the_truth_as_often_as_it_says():
    """Nothing changed in 400 cells of 5 rounds each: about 95% of the intervals hold 1."""
    cells = compare(*unchanged(np.random.default_rng(7), 400, 5)).cells
    covered = sum(not cell.ratio.different for cell in cells) / 400
    assert 0.93 <= covered <= 0.975


def test_among_many_cells_chance_is_not_taken_for_a_regression():
    """Nothing changed in 60 comparisons of 15 cells: without a correction half would find something."""
    random = np.random.default_rng(11)
    found = [compare(*unchanged(random, 15, 4), tolerance=0).cells for _ in range(60)]
    assert sum(any(cell.ratio.different for cell in cells) for cells in found) > 20
    assert sum(any(cell.change == "chance" for cell in cells) for cells in found) > 20
    assert sum(any(cell.change in {"regression", "improvement"} for cell in cells) for cells in found) <= 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dimension": 768}, "did different work: dimension 8 against 768"),
        ({"seed": 1, "rows": 5}, "rows 1000 against 5, seed 0 against 1"),
    ],
    ids=["one difference", "two"],
)
def test_runs_of_different_work_are_not_compared(change, says):
    with pytest.raises(UsageError, match=says):
        compare(result(), result(**change))


def test_runs_without_a_common_cell_are_not_compared():
    only = result(seconds={"sequential": None, "threads": None})
    others = result(seconds={"asyncio": None})
    with pytest.raises(UsageError, match="no cell in common"):
        compare(only, others)
    found = compare(result(), others)
    assert found.only_before == ("pymilvus.search.asyncio@n=100,c=0,Bounded,rtt=0",)


def test_a_cell_with_a_wrong_effect_is_not_compared():
    now = result()
    wrong = replace(now.cells[0], verified=False)
    found = compare(result(), replace(now, cells=(wrong, *now.cells[1:])))
    assert (found.cells[0].change, found.cells[0].ratio) == ("invalid", None)


def test_one_round_each_gives_no_verdict():
    def single(run):
        return replace(run, cells=tuple(replace(cell, rounds=cell.rounds[:1]) for cell in run.cells))

    found = compare(single(result()), single(result(seconds={"asyncio": 2})))
    assert {cell.change for cell in found.cells} == {"unknown"}


def test_what_differs_in_the_environments_is_told():
    newer = {
        **ENVIRONMENT,
        "cores": 4,
        "packages": {"pymilvus": "2.6.18", "scipy": "1.17"},
        "rtts_ms": {"0": 9},
    }
    found = compare(result(), replace(result(), environment=newer))
    assert found.differences == (
        "cores: 2 before, 4 now",
        "pymilvus: 2.6.17 before, 2.6.18 now",
        "scipy: none before, 1.17 now",
    )
    assert found.to_json()["cells"][0]["change"] == "same"
