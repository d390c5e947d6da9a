"""The charts of a benchmark say what was measured, and no more than that."""

import math
from dataclasses import replace

import pytest

from core.bench.plan import Plan
from pages.parts import palette
from pages.parts.lab import drawing, heroes, latency, scope, speedup, sweeps, tutorial, words
from tests.core.bench.results import cell
from tests.pages.benchmarks import INSERTS, run


@pytest.fixture(scope="module")
def result():
    return run()


def strong(result):
    return scope.of(result, "search")


def texts(figure):
    return " ".join(note["text"] for note in figure["layout"]["annotations"])


def test_the_most_demanding_condition_and_the_most_telling_operation_come_first(result):
    assert scope.families(result.cells) == ("search", "insert")
    assert strong(result).condition.consistency == "Strong"
    assert scope.most_telling(result, ("insert", "search")) == "search"


def test_every_pair_is_shown_under_what_it_compares(result):
    found = speedup.bars(result, strong(result))
    assert list(found) == ["modes", "overhead", "asyncio", "consistency"]
    assert {(bar.key.mode, bar.over.mode) for bar in found["asyncio"]} == {("asyncio", "threads")}
    assert all(bar.over.framework == "pymilvus" for bar in found["overhead"])


def test_the_finding_is_the_greatest_clear_difference(result):
    modes = speedup.bars(result, strong(result))["modes"]
    said = speedup.finding("modes", modes)
    assert said.startswith("pymilvus search by asyncio is 43× as fast as one call after the other (95%")


def test_no_clear_difference_is_called_none():
    same = [
        cell("llamaindex.query.sequential", 0.4, noise=0.2),
        cell("llamaindex.query.asyncio", 0.41, noise=0.2),
    ]
    made = run(same)
    items = speedup.bars(made, scope.of(made, "search"))["modes"]
    assert speedup.finding("modes", items) == (
        "No measurable difference from one call after the other: every interval holds 1×"
    )
    assert heroes.heroes(made)[0].number == "≈ 1×"


def test_one_round_is_never_given_an_interval():
    single = [replace(item, rounds=item.rounds[:1]) for item in INSERTS]
    made = run(single)
    items = speedup.bars(made, scope.of(made, "insert"))["modes"]
    assert "One round only" in speedup.finding("modes", items)
    assert "one round, no interval" in heroes.heroes(made)[0].meaning


def test_bars_start_at_the_same_and_carry_their_interval_and_mode(result):
    items = speedup.panels(speedup.bars(result, strong(result))["modes"])[strong(result).condition]
    figure = speedup.figure(items, speedup.limits(items))
    assert figure["layout"]["xaxis"]["type"] == "log"
    for trace, mode in zip(figure["data"], ("asyncio", "threads"), strict=True):
        assert set(trace["base"]) == {1}
        assert trace["marker"]["line"]["color"] == palette.mode(mode).color
        assert all(upper > 0 for upper in trace["error_x"]["array"])
    assert "<b>43×</b> asyncio" in texts(figure)


def test_a_bar_whose_interval_holds_one_is_hollow(result):
    items = speedup.bars(result, scope.of(result, "insert"))["modes"]
    fills = {
        mode: fill
        for trace in speedup.figure(items, speedup.limits(items))["data"]
        for mode, fill in [(trace["name"], trace["marker"]["color"][0])]
    }
    assert fills["asyncio"].endswith(",0.06)")
    assert fills["Batch"].endswith(",0.45)")


def test_a_boundless_interval_does_not_squeeze_everything_else():
    wild = speedup.Bar(INSERTS[1].key, INSERTS[0].key, 2.0, 0.0001, 40_000.0, 2)
    low, high = speedup.limits([wild])
    assert high / low < 1000


def test_ticks_are_round_and_stop_where_the_room_for_figures_begins():
    axis = drawing.log_axis(0.8, 40, drawing.times, room=0.3)
    assert axis["ticktext"] == ["1×", "2×", "5×", "10×", "20×"]
    assert drawing.log_axis(0.8, 40, drawing.times, most=4)["ticktext"] == ["1×", "3×", "10×", "30×"]
    assert 10 ** axis["range"][1] > 200


def test_a_batch_says_that_its_time_is_that_of_all_its_items(result):
    rows = latency.rows(scope.of(result, "insert").close)
    assert "one batch of 100" in texts(latency.boxes(rows, latency.limits(rows)))


def test_a_curve_ends_at_all_calls_and_modes_keep_their_colour(result):
    cells = [item for item in strong(result).close if item.key.framework == "llamaindex"]
    figure = latency.curves(cells, (1.0, 1000.0))
    assert [trace["line"]["color"] for trace in figure["data"]] == [
        palette.mode(item.key.mode).color for item in cells
    ]
    assert all(trace["y"][-1] == 1 for trace in figure["data"])


KNEE = [
    cell(
        "llamaindex.query.asyncio", 100 / (50 * n / (1 + 0.05 * (n - 1) + 0.001 * n * (n - 1))), concurrency=n
    )
    for n in (1, 2, 4, 8, 16, 32, 64)
]


def test_a_knee_is_drawn_where_the_law_finds_one_and_explained():
    chosen = scope.of(run(KNEE), "search")
    assert sweeps.axes(chosen) == ["concurrency"]
    found = sweeps.lines(chosen, "concurrency")
    figure = sweeps.figure("concurrency", found["LlamaIndex query"], sweeps.limits(found))
    assert "asyncio knee: 31" in texts(figure)
    assert "most throughput near 31" in sweeps.laws(found)[0]


def test_without_a_law_the_reason_is_told_and_no_curve_is_drawn():
    found = sweeps.lines(scope.of(run(KNEE[:3]), "search"), "concurrency")
    assert len(sweeps.figure("concurrency", found["LlamaIndex query"], (1, 100))["data"]) == 1
    assert "3 concurrency levels are too few" in sweeps.laws(found)[0]


def test_round_trips_lie_on_a_plain_axis_and_the_fall_is_named():
    far = [cell("llamaindex.query.sequential", 0.4 + 0.1 * rtt, rtt=rtt) for rtt in (0.0, 10.0, 50.0)]
    found = sweeps.lines(scope.of(run(far), "search"), "rtt_ms")
    assert sweeps.figure("rtt_ms", found["LlamaIndex query"], (1, 100))["layout"]["xaxis"]["tickvals"] == [
        0,
        10,
        50,
    ]
    assert "less at +50 ms than at no added round trip" in sweeps.finding("rtt_ms", found)


TUTORIAL = [
    cell("llamaindex.query.sequential", 3.0, consistency="Strong", count=10),
    cell("llamaindex.query.asyncio", 0.3, consistency="Strong", count=10),
    cell("llamaindex.query.sequential", 30.0, consistency="Strong"),
    cell("llamaindex.query.asyncio", 3.0, consistency="Strong"),
]


def test_the_tutorials_figures_stand_beside_ours():
    plan = Plan.make(name="LlamaIndex tutorial", preset="llamaindex-tutorial")
    found = tutorial.lines(run(TUTORIAL, plan=plan))
    assert [line.published.count for line in found] == [10, 100]
    assert tutorial.finding(found).startswith("1 of 2 published ratios reached here; the tutorial's Milvus")
    assert "<b>22×</b> tutorial" in texts(tutorial.figure(found))
    assert tutorial.records(found)[1]["Tutorial, sequential"] == "30.8 s"


def test_a_run_that_is_no_tutorials_has_no_such_figures(result):
    assert tutorial.lines(result) == []


def test_a_name_from_a_file_cannot_act_in_a_chart():
    key = replace(INSERTS[0].key, operation='<a href="https://evil.test">add</a>')
    assert not set('<>"/:') & set(words.work(key))


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (7.4, "7 s"), (23, "25 s"), (200, "3 min"), (7200, "2.0 h")]
)
def test_a_forecast_has_no_more_digits_than_it_deserves(seconds, said):
    assert words.about(seconds) == said


def test_every_figure_is_one_that_plotly_accepts(result):
    import plotly.graph_objects as go

    chosen = strong(result)
    rows = latency.rows(chosen.close)
    items = speedup.bars(result, chosen)["modes"]
    found = sweeps.lines(chosen, "consistency")
    figures = [
        speedup.figure(items, speedup.limits(items)),
        latency.boxes(rows, latency.limits(rows)),
        latency.curves(chosen.close, latency.limits(rows)),
        *(sweeps.figure("consistency", group, sweeps.limits(found)) for group in found.values()),
    ]
    assert all(math.isfinite(go.Figure(figure).layout.height) for figure in figures)


def test_what_was_cancelled_says_which_cells_are_whole_and_which_are_in_part():
    torn = [replace(item, state="cancelled") for item in INSERTS[:2]]
    told = words.done(run((*torn, INSERTS[2]), state="cancelled"))
    assert told == "1 cell is whole and 2 measured in part"
