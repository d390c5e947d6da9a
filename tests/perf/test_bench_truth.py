"""Does Tandem tell the truth? Its times beside the tutorials' own loops, interleaved with them."""

from __future__ import annotations

import asyncio
import itertools
import math
from time import perf_counter_ns

import pytest

from core.bench import Context, Plan, run
from core.bench.drivers import Asyncio, Drive, Stop, Work
from core.bench.drivers.base import Recorder
from core.bench.events import RoundFinished
from core.bench.presets import PRESETS
from core.bench.statistics import mean_interval
from core.milvus import Backend
from core.settings import Settings
from tests.perf.tutorial_loops import loop

pytestmark = [pytest.mark.perf, pytest.mark.server]

TUTORIALS = ("llamaindex-tutorial", "langchain-tutorial")
# One loop of a thousand Strong searches takes five minutes.
SLOW = {("query", "sequential", 1000): 1, ("query", "sequential", 100): 3}
ROWS = [
    pytest.param(name, line, mode, id=f"{line.framework}-{line.operation}-{line.count}-{mode}")
    for name in TUTORIALS
    for line in PRESETS[name].published
    for mode in ("asyncio", "sequential")
]


@pytest.fixture(scope="module")
def backend(milvus_server, tmp_path_factory):
    home = tmp_path_factory.mktemp("perf")
    return Backend.connect(Settings.load({"home": home, "milvus_uri": milvus_server}))


def side_by_side(backend, plan, plain):
    """(ours, theirs) in seconds, of each measured round and of the plain loop that followed it."""
    pairs = []

    def listen(event):
        if isinstance(event, RoundFinished):
            theirs = plain()
            if event.round.counted:
                pairs.append((event.round.seconds, theirs))

    result = asyncio.run(run(plan, Context(backend), listen))
    assert result.valid, result.warnings
    return pairs


def relative(pairs):
    """Our time over theirs: ratio and 95% interval (infinite with one pair)."""
    logs = [math.log(ours / theirs) for ours, theirs in pairs]
    mean, low, high = mean_interval(logs)
    if low is None or high is None:
        return math.exp(mean), 0.0, math.inf
    return math.exp(mean), math.exp(low), math.exp(high)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("preset", "line", "mode"), ROWS)
def test_the_time_reported_is_that_of_the_tutorials_own_loop(backend, preset, line, mode):
    rounds = SLOW.get((line.operation, mode, line.count), 10)
    plan = PRESETS[preset].plan(
        operations=(line.operation,), modes=(mode,), counts=(line.count,), rounds=rounds
    )
    asked = (line.framework, line.operation, mode, backend.address.uri, line.count)
    with loop(*asked, plan.dimension, plan.consistencies[0], rounds + 1) as plain:
        pairs = side_by_side(backend, plan, plain)
    ratio, low, high = relative(pairs)
    ours, theirs = (sum(column) / len(column) for column in zip(*pairs, strict=True))
    print(
        f"\n{line.framework} {line.operation} x {line.count} {mode}: ours {ours:.3f} s, "
        f"theirs {theirs:.3f} s, ratio {ratio:.3f} [{low:.3f}, {high:.3f}]"
    )
    assert abs(ratio - 1) <= 0.03 or low <= 1 <= high


class PlainGather:
    """A bare `asyncio.gather` of the calls: nothing recorded until all are back."""

    def __init__(self, limit: int) -> None:
        assert not limit

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`."""
        recorder = Recorder(work.count, work.check)
        recorder.begin()
        results = await asyncio.gather(*[work.acall(index) for index in range(work.count)])
        end = perf_counter_ns()
        for index, result in enumerate(results):
            recorder.done(index, recorder.origin, recorder.origin, end, result)
        return recorder.finish(end)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("operation", ["insert", "search"])
def test_asyncio_reaches_the_throughput_of_a_bare_gather(backend, operation, monkeypatch):
    """Both sides run in the same rounds on equally fresh collections: ours, bare, bare, ours, and so on.

    A loop of its own beside the runner finds its collection made long ago, and on this server inserts into
    one that was loaded a moment ago take a sixth longer.
    """
    turns = itertools.cycle((Asyncio, PlainGather, PlainGather, Asyncio))
    monkeypatch.setattr("core.bench.rounds.Asyncio", lambda limit: next(turns)(limit))
    plan = Plan.make(
        frameworks=("pymilvus",), operations=(operation,), modes=("asyncio",), counts=(500,), rounds=44,
        warmup_calls=0,
    )  # fmt: skip
    result = asyncio.run(run(plan, Context(backend), lambda event: None))
    assert result.valid, result.warnings
    seconds = [item.seconds for item in result.cells[0].rounds][4:]  # the first four warm up
    ours, bare = seconds[0::4] + seconds[3::4], seconds[1::4] + seconds[2::4]
    ratio, low, high = relative(list(zip(bare, ours, strict=True)))
    print(f"\nasyncio {operation}: {ratio:.3f} of a bare gather's throughput [{low:.3f}, {high:.3f}]")
    assert ratio >= 0.95 or high >= 1
