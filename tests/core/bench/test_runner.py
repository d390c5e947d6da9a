"""Whole runs on Milvus Lite, undisturbed and disturbed."""

import asyncio
import itertools
import random
import time
from dataclasses import replace

import psutil
import pytest

from core.bench import Context, Plan, drop_all, estimate_run, leftovers, run
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
from core.bench.records import RunResult, Status
from core.errors import UsageError
from core.milvus import Backend
from core.settings import Settings

# langchain-milvus stands on the ORM; its users can do nothing about it.
pytestmark = pytest.mark.filterwarnings("ignore:.*ORM-style PyMilvus API")

SMALL = {"dimension": 8, "rows": 20, "counts": (12,), "rounds": 2, "warmup_calls": 2}


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    return Backend.connect(Settings.load({"home": tmp_path_factory.mktemp("lite")}))


def plan(**changes):
    return Plan.make(**{**SMALL, "frameworks": ("pymilvus",), **changes})


def measure(backend, wanted, disturb=None):
    """The result and the events of a run; nothing may be left behind."""
    events = []
    context = Context(backend, disturb=disturb) if disturb else Context(backend)
    result = asyncio.run(run(wanted, context, events.append))
    assert backend.collections("tandem_bench_") == []
    return result, events


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_run_measures_every_cell_and_verifies_its_effect(backend):
    frameworks = ("pymilvus", "llamaindex", "langchain")
    result, events = measure(backend, plan(frameworks=frameworks))
    assert result.state == "complete"
    assert result.valid
    measured = [cell for cell in result.cells if not cell.note]
    assert len(measured) == 22
    assert all(cell.verified and len(cell.counted) == 2 and cell.errors.n > 0 for cell in measured)
    assert {cell.note for cell in result.cells if cell.note} == {"no batch API"}
    assert len(of(RunStarted, events)) == 1
    assert isinstance(events[-1], RunFinished)
    assert of(Progress, events)[-1].share == 1.0
    assert RunResult.from_json(result.to_json()).to_json() == result.to_json()


def test_rounds_are_interleaved_and_their_order_alternates(backend):
    _, events = measure(backend, plan(operations=("search",), modes=("sequential", "threads", "asyncio")))
    order = [(event.round.index, event.key.mode) for event in of(RoundFinished, events)]
    modes = ["sequential", "threads", "asyncio"]
    assert [mode for index, mode in order if index == 1] == modes
    assert [mode for index, mode in order if index == 2] == modes[::-1]
    assert [index for index, _ in order] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_warm_up_is_kept_but_not_counted(backend):
    result, _ = measure(backend, plan(operations=("search",), modes=("sequential",)))
    cell = result.cells[0]
    assert [item.warmup for item in cell.rounds] == [True, False, False]
    assert (len(cell.seconds), cell.latency.n) == (2, 24)


def test_a_time_budget_means_fewer_rounds_and_says_so(backend):
    wanted = plan(operations=("search",), modes=("sequential",), rounds=100, time_budget_s=1.0)
    result, events = measure(backend, wanted, slow(0.004))
    assert 1 <= len(result.cells[0].counted) < 60
    assert any("time budget of 1 s" in text for text in result.warnings)
    assert of(RunStarted, events)[0].rounds < 100


def test_what_does_not_fit_into_the_time_is_named_as_not_measured(backend):
    wanted = plan(operations=("search",), counts=(2, 12), modes=("sequential",), time_budget_s=0.3)
    result, _ = measure(backend, wanted, slow(0.2))
    assert result.state == "incomplete"
    assert result.cells[-1].note == "not measured: the time budget ended"
    assert result.cells[0].counted


def slow(seconds):
    def disturb(key, work):
        def call(index):
            time.sleep(seconds)
            return work.call(index)

        return replace(work, call=call)

    return disturb


def every_twentieth(key, work):
    """Every twentieth call fails before it reaches the store."""

    def fail(index):
        if index % 20 == 3:
            raise ConnectionRefusedError("token sk-verysecret123 was refused")

    def call(index):
        fail(index)
        return work.call(index)

    async def acall(index):
        fail(index)
        return await work.acall(index)

    return replace(work, call=call, acall=acall)


def test_failing_calls_are_counted_and_lose_nothing(backend):
    wanted = plan(operations=("insert",), counts=(40,), modes=("sequential", "threads", "asyncio"))
    result, _ = measure(backend, wanted, every_twentieth)
    for cell in result.cells:
        assert (cell.errors.errors, cell.errors.n) == (4, 80)
        assert cell.errors.low < 0.05 < cell.errors.high
        assert cell.verified
        assert "errors" in {flag.name for flag in cell.flags}
        assert sum(item.samples.count(Status.OK) for item in cell.counted) == 76
    assert any("Calls failed in 3 of 3 cells" in item.text for item in result.verdict)
    assert "sk-verysecret123" not in str(result.to_json())


def test_a_fast_run_without_effect_fails(backend):
    def pretend(key, work):
        return replace(work, call=lambda index: {"insert_count": 1})

    result, _ = measure(backend, plan(operations=("insert",), modes=("sequential",)), pretend)
    assert result.cells[0].verified is False
    assert not result.valid
    assert any("had a wrong effect: 0 rows where 12 should be" in text for text in result.warnings)


def test_an_async_method_that_blocks_is_told_and_the_callers_loop_stays_free(backend):
    def block(key, work):
        async def acall(index):
            time.sleep(0.02)  # noqa: ASYNC251 - the fault to be found
            return await work.acall(index)

        return replace(work, acall=acall)

    turns = []

    async def both():
        async def tick():
            while True:
                turns.append(time.monotonic())
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        wanted = plan(operations=("search",), modes=("asyncio",), counts=(20,))
        result = await run(wanted, Context(backend, disturb=block), lambda event: None)
        ticking.cancel()
        return result

    result = asyncio.run(both())
    assert result.cells[0].native_async == "blocking"
    assert any("async in name only" in item.text for item in result.verdict)
    gaps = [later - sooner for sooner, later in itertools.pairwise(turns)]
    assert max(gaps) < 0.3  # each round blocks its own loop for 0.4 s


def test_cancelling_keeps_what_is_finished_however_long_a_call_takes(backend):
    def hang(key, work):
        return replace(work, call=lambda index: time.sleep(30)) if key.count == 13 else work

    wanted = plan(operations=("search",), modes=("sequential",), counts=(12, 13))
    events = []

    async def cancelled():
        hanging = asyncio.Event()

        def listen(event):
            events.append(event)
            if isinstance(event, CellStarted) and event.key.count == 13:
                hanging.set()

        task = asyncio.create_task(run(wanted, Context(backend, disturb=hang), listen))
        await hanging.wait()
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begun

    assert asyncio.run(cancelled()) < 10
    result = of(RunFinished, events)[0].result
    assert result.state == "cancelled"
    assert [(cell.key.count, cell.state) for cell in result.cells] == [(12, "complete")]
    assert backend.collections("tandem_bench_") == []


@pytest.mark.parametrize("seed", range(4))
def test_cancelling_at_a_random_moment_leaves_a_clear_result_and_no_collection(backend, seed):
    events = []

    async def cancelled():
        task = asyncio.create_task(run(plan(rounds=20), Context(backend), events.append))
        await asyncio.sleep(random.Random(seed).uniform(0.05, 2.5))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    result = of(RunFinished, events)[-1].result
    finished = {event.cell.key for event in of(CellFinished, events)}
    assert result.state == "cancelled"
    assert {cell.key for cell in result.cells} == finished
    assert backend.collections("tandem_bench_") == []


def test_a_second_run_on_the_same_backend_waits_and_sees_its_place(backend):
    logs = [[], [], []]

    async def three():
        wanted = plan(operations=("search",), modes=("sequential",), rounds=1)
        await asyncio.gather(*(run(wanted, Context(backend), log.append) for log in logs))

    asyncio.run(three())
    assert [event.place for event in of(Queued, logs[0])] == []
    assert [event.place for event in of(Queued, logs[1])] == [1]
    assert [event.place for event in of(Queued, logs[2])] == [2, 1]
    assert all(isinstance(log[-1], RunFinished) for log in logs)


def test_a_round_trip_is_added_measured_and_told_as_the_cause(backend):
    wanted = plan(operations=("search",), modes=("sequential", "asyncio"), rtts_ms=(0, 30), rounds=3)
    result, _ = measure(backend, wanted)
    near, far = (
        next(cell for cell in result.cells if cell.key.rtt_ms == rtt and cell.key.mode == "sequential")
        for rtt in (0, 30)
    )
    assert far.achieved_rtt_ms - near.achieved_rtt_ms > 29
    assert min(far.seconds) > 12 * 0.03
    assert any("is the added network round trip" in item.text for item in result.verdict)


def test_a_proxy_that_is_cut_is_replaced_and_its_round_does_not_count(backend):
    given = {"operations": ("search",), "modes": ("sequential", "asyncio"), "rtts_ms": (10,)}
    wanted = plan(rounds=4, counts=(30,), **given)
    events, killed = [], []

    def listen(event):
        events.append(event)
        if isinstance(event, RoundFinished) and event.round.index == 1 and not killed:
            children = psutil.Process().children(recursive=True)
            killed.extend(item for item in children if "core.milvus.proxy" in item.cmdline())
            for item in killed:
                item.kill()

    result = asyncio.run(run(wanted, Context(short(backend)), listen))
    assert len(killed) == 1
    assert result.state == "complete"
    assert any("delay proxy of 10 ms ended" in event.text for event in of(Warned, events))
    rounds = [item for cell in result.cells for item in cell.rounds if not item.warmup]
    assert len(rounds) == 8
    assert 1 <= sum(not item.counted for item in rounds) <= 2
    assert all(len(cell.counted) >= 2 and cell.verified for cell in result.cells)


def short(backend):
    """The backend, with less patience: calls that nobody answers are given up sooner."""
    return replace(backend, settings=backend.settings.model_copy(update={"milvus_timeout": 1.0}))


def test_an_open_loop_offers_a_share_of_the_greatest_throughput(backend):
    wanted = plan(operations=("search",), modes=("asyncio",), loads=("50%", "200/s"), counts=(60,))
    result, _ = measure(backend, wanted)
    closed, half, fixed = result.cells
    assert half.offered_rate == pytest.approx(closed.throughput / 2, rel=0.01)
    assert fixed.offered_rate == 200
    assert all(cell.response.p50 >= cell.latency.p50 for cell in (half, fixed))


def test_whole_questions_are_answered_with_the_latency_that_was_set(backend):
    wanted = plan(
        frameworks=("llamaindex", "langchain"),
        operations=("question",),
        modes=("sequential", "asyncio"),
        counts=(4,),
        first_token_ms=60,
    )
    result, _ = measure(backend, wanted)
    assert result.valid
    assert all(min(cell.seconds) > 4 * 0.06 for cell in result.cells if cell.key.mode == "sequential")


def test_the_estimate_tells_calls_and_skipped_cells_and_leaves_nothing(backend):
    wanted = plan(frameworks=("llamaindex",), operations=("query",))
    found = asyncio.run(estimate_run(wanted, backend))
    assert found.operations == 3 * (12 * 2 + 2)
    assert [reason for _, reason in found.skipped] == ["no batch API"]
    assert found.seconds > 0
    assert backend.collections("tandem_bench_") == []


def test_leftovers_of_a_killed_run_are_found_and_nothing_else(backend):
    from core.bench.staging import Collections

    mine = Collections(backend)
    dead = mine.name().replace(f"_p{psutil.Process().pid}_", "_p4194999_")
    own = ["tandem_bench_3f2a1b_controlled_llamaindex_0123456789", "tandem_bench_notes"]
    for name in (dead, mine.name(), *own):
        backend.controlled.sync.create_collection(name, dimension=4)
    assert leftovers(backend) == [dead]
    mine.close()
    drop_all(backend, [dead])
    assert set(backend.collections("tandem_bench_")) == set(own)
    drop_all(backend, own)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"operations": ("fly",)}, "There is no operation 'fly'"),
        ({"operations": ("langchain.delete",)}, "langchain.delete"),
    ],
    ids=["unknown", "of another framework"],
)
def test_an_operation_that_cannot_be_meant_is_refused(backend, changes, named):
    with pytest.raises(UsageError, match=named):
        asyncio.run(run(plan(**changes), Context(backend), lambda event: None))
