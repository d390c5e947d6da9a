"""What a page or a terminal can show of a run while it goes on."""

import pytest

from core.bench.distribution import curve, spread
from core.bench.events import (
    CellFinished,
    CellStarted,
    Progress,
    Queued,
    RoundFinished,
    RunFinished,
    RunStarted,
    Warned,
)
from core.bench.live import Live
from core.bench.plan import Plan
from core.bench.records import RunResult
from tests.core.bench.results import cell

FAST, SLOW = cell("pymilvus.search.asyncio", 0.5), cell("pymilvus.search.sequential", 2.0)
PLAN = Plan.make(name="Mine")


@pytest.fixture
def live():
    return Live(PLAN)


def begin(live):
    live.emit(RunStarted("id", PLAN, (SLOW.key, FAST.key), rounds=5, seconds=12.0, operations=1000))


def test_a_run_waits_probes_and_begins(live):
    assert live.now().phase == "probing"
    live.emit(Queued(2))
    assert (live.now().phase, live.now().place) == ("queued", 2)
    begin(live)
    now = live.now()
    assert (now.phase, now.expected, now.operations) == ("running", 12.0, 1000)
    assert [item.state for item in now.cells] == ["waiting", "waiting"]


def test_each_cell_shows_what_is_known_of_it_so_far(live):
    begin(live)
    live.emit(CellStarted(SLOW.key))
    live.emit(RoundFinished(SLOW.key, SLOW.rounds[0]))
    slow, fast = live.now().cells
    assert (slow.state, fast.state) == ("running", "waiting")
    assert slow.throughput == pytest.approx(SLOW.rounds[0].throughput)
    assert live.now().doing == SLOW.key
    live.emit(CellFinished(SLOW))
    assert live.now().cells[0].throughputs == tuple(item.throughput for item in SLOW.counted)
    assert live.now().cells[0].state == "done"


def test_the_time_left_counts_down_between_two_reports(live):
    begin(live)
    live.emit(Progress(3, 10, 6.0))
    first, second = live.now(), live.now()
    assert first.share == pytest.approx(0.3)
    assert 0 < second.seconds_left <= first.seconds_left <= 6.0


def test_warnings_and_the_result_are_kept(live):
    begin(live)
    live.emit(Warned("The server stuttered."))
    live.emit(RunFinished(RunResult(PLAN, (SLOW, FAST), seconds=4.5)))
    now = live.now()
    assert (now.phase, now.elapsed, now.warnings) == ("over", 4.5, ("The server stuttered.",))
    assert now.result is not None


def test_the_spread_of_the_calls_and_its_curve_agree():
    found = spread(SLOW)
    times, shares = curve(SLOW, points=50)
    assert found.n == 500
    assert found.p5 <= found.p50 <= found.p95
    assert len(times) == len(shares) <= 50
    assert shares[-1] == 1
    assert list(times) == sorted(times)


def test_a_cell_without_samples_has_no_distribution():
    from dataclasses import replace

    bare = replace(SLOW, rounds=())
    assert spread(bare) is None
    assert curve(bare) == ((), ())
