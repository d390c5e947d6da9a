import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.bench.drivers import Asyncio, Stop, Work
from core.bench.lab import LoopThread
from core.bench.native import judge
from core.bench.plan import CellKey
from core.bench.records import Round, Sample, Samples

SECONDS = 0.004


async def truly_async(index):
    await asyncio.sleep(SECONDS)


async def blocking(index):
    time.sleep(SECONDS)  # noqa: ASYNC251 - the fault to be found


async def in_threads(index):
    await asyncio.to_thread(time.sleep, SECONDS)


async def half_blocking(index):
    time.sleep(SECONDS)  # noqa: ASYNC251 - the fault to be found
    await asyncio.sleep(SECONDS)


_POOL = ThreadPoolExecutor(4)


async def in_own_pool(index):
    await asyncio.get_running_loop().run_in_executor(_POOL, time.sleep, SECONDS)


def measured(acall, *, limit, count=60):
    thread = LoopThread()
    drive = thread.submit(Asyncio(limit).drive(Work(count, print, acall), Stop())).result(30)
    thread.close()
    return Round(
        1,
        False,
        0,
        drive.seconds,
        drive.ok,
        in_flight=drive.in_flight,
        stall_ms=drive.stall_ms,
        stalled=drive.stalled,
        offloaded=drive.offloaded,
        cpu=drive.cpu,
        samples=drive.samples,
    )


def key(limit, count=60):
    return CellKey("pymilvus", "search", "asyncio", count, limit, "Bounded", 0.0)


@pytest.mark.parametrize("limit", [0, 16], ids=["all at once", "16 at a time"])
@pytest.mark.parametrize(
    ("acall", "kind"),
    [
        (truly_async, "native"),
        (blocking, "blocking"),
        (half_blocking, "blocking"),
        (in_threads, "threads"),
        (in_own_pool, "threads"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_is_async_in_name_only_is_unmasked(acall, kind, limit):
    assert judge(key(limit), [measured(acall, limit=limit)]) == kind


def test_a_blocking_method_is_seen_in_the_figures_that_are_shown():
    found = measured(blocking, limit=0)
    assert found.in_flight < 1.5
    assert found.stall_ms > 0.8 * found.seconds * 1e3


@pytest.mark.parametrize(("limit", "count"), [(2, 60), (0, 4)], ids=["two at a time", "four calls"])
def test_too_little_overlap_proves_nothing(limit, count):
    assert judge(key(limit, count), [measured(truly_async, limit=limit, count=count)]) is None


def of(**figures):
    return Round(**{"index": 1, "warmup": False, "position": 0, "seconds": 0.8, "ok": 40, **figures})


@pytest.mark.parametrize(
    ("figures", "alone", "kind"),
    [
        # As measured: LangChain's afrom_texts, which opens its store with blocking calls.
        ({"in_flight": 26.3, "stalled": 0.79, "cpu": 0.32}, 0.024, "blocking"),
        # As measured: a native search on a machine six times overcommitted.
        ({"in_flight": 30.0, "stalled": 0.6, "cpu": 0.1}, 0.09, "native"),
        # A native search that keeps the loop busy computing.
        ({"in_flight": 30.0, "stalled": 0.9, "cpu": 0.95}, 0.024, "native"),
    ],
    ids=["half blocking", "starved", "computing"],
)
def test_waiting_for_the_processor_is_not_taken_for_blocking(figures, alone, kind):
    calls = Samples.of([Sample(0, 0, 1)] * 40)
    assert judge(key(0, 40), [of(samples=calls, **figures)], alone) == kind
