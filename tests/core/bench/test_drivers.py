import asyncio
import threading
import time

import pytest

from core.bench.drivers import Asyncio, Batch, OpenLoop, Sequential, Stop, Threads, Work
from core.bench.lab import LoopThread
from core.bench.records import Status


@pytest.fixture(scope="module")
def loop():
    thread = LoopThread()
    yield thread
    thread.close()


class Store:
    """A store of one kind of call, which notes who called."""

    def __init__(self, seconds=0.002, failing=()):
        self.seconds, self.failing, self.seen, self.threads = seconds, set(failing), [], set()

    def note(self, index):
        self.seen.append(index)
        self.threads.add(threading.get_ident())
        if index in self.failing:
            raise KeyError(index)
        return index

    def call(self, index):
        time.sleep(self.seconds)
        return self.note(index)

    async def acall(self, index):
        await asyncio.sleep(self.seconds)
        return self.note(index)

    def work(self, count, **more):
        return Work(count, self.call, self.acall, lambda: [self.call(0)], **more)


def drive(loop, driver, work, stop=None):
    return loop.submit(driver.drive(work, stop or Stop())).result(30)


EVERY = [Sequential(), Threads(8), Asyncio(), Asyncio(8), OpenLoop(2000, 1000)]
NAMES = ["sequential", "threads", "asyncio", "asyncio limited", "open loop"]


@pytest.mark.parametrize("driver", EVERY, ids=NAMES)
def test_every_call_is_made_once_and_timed(loop, driver):
    store = Store()
    found = drive(loop, driver, store.work(50))
    assert sorted(store.seen) == list(range(50))
    assert (found.ok, found.errors, found.incomplete, len(found.samples)) == (50, 0, 0, 50)
    assert all(item.due <= item.start < item.end for item in found.samples)
    assert all(item.service_ns >= 1.5e6 for item in found.samples)
    assert max(item.end for item in found.samples) <= found.seconds * 1e9


@pytest.mark.parametrize("driver", EVERY, ids=NAMES)
def test_a_failing_call_is_counted_and_the_others_go_on(loop, driver):
    found = drive(loop, driver, Store(failing={3, 7}).work(20))
    assert (found.ok, found.errors) == (18, 2)
    assert found.samples.error_kinds() == {"KeyError": 2}
    assert isinstance(found.first_error, KeyError)


@pytest.mark.parametrize("driver", EVERY, ids=NAMES)
def test_a_wrong_result_is_an_error_however_fast_it_came(loop, driver):
    found = drive(
        loop, driver, Store().work(10, check=lambda index, result: "no hits" if result == 4 else "")
    )
    assert found.samples.error_kinds() == {"wrong result: no hits": 1}


@pytest.mark.parametrize("driver", EVERY, ids=NAMES)
def test_stopping_keeps_what_is_done_and_counts_the_rest(loop, driver):
    store, stop = Store(), Stop()

    def finished(index, result):
        if len(store.seen) == 6:
            stop.set()
        return ""

    async def acall(index):  # later ones take longer, or all would end in the same turn of the loop
        await asyncio.sleep(0.002 * (1 + index))
        return store.note(index)

    found = drive(loop, driver, Work(400, store.call, acall, check=finished), stop)
    assert 5 <= found.ok < 400
    assert found.ok + found.errors + found.incomplete + found.dropped == 400
    assert found.samples.count(Status.OK) == found.ok


def test_a_service_that_is_gone_ends_the_round_early(loop):
    def gone(index):
        raise ConnectionError("connection refused")

    found = drive(loop, Sequential(), Work(1000, gone, Store().acall))
    assert found.lost
    assert (found.errors, found.incomplete) == (3, 997)


def test_threads_are_as_many_as_asked_and_one_sequence_is_one_thread(loop):
    pooled, single = Store(seconds=0.005), Store()
    found = drive(loop, Threads(6), pooled.work(60))
    drive(loop, Sequential(), single.work(10))
    assert len(pooled.threads) == 6
    assert 4 < found.in_flight <= 6
    assert len(single.threads) == 1


def test_asyncio_has_all_calls_under_way_or_as_many_as_allowed(loop):
    everything = drive(loop, Asyncio(), Store(seconds=0.05).work(100))
    limited = drive(loop, Asyncio(10), Store(seconds=0.01).work(100))
    assert everything.in_flight > 60
    assert 7 < limited.in_flight <= 10
    assert limited.samples[99].start - limited.samples[99].due > 50e6


def test_a_batch_is_one_call_that_stands_for_all_items(loop):
    found = drive(loop, Batch(), Store().work(100))
    assert (found.ok, len(found.samples)) == (100, 1)


def test_an_open_loop_keeps_its_seeded_arrivals_and_its_rate(loop):
    one = drive(loop, OpenLoop(500, 100, seed=1), Store(0).work(200))
    other = drive(loop, OpenLoop(500, 100, seed=1), Store(0).work(200))
    assert list(one.samples.due) == list(other.samples.due)
    assert 0.28 < one.samples.due[-1] / 1e9 < 0.55


def test_an_open_loop_drops_what_exceeds_its_cap(loop):
    found = drive(loop, OpenLoop(5000, 5), Store(seconds=0.05).work(100))
    assert found.dropped > 50
    assert found.ok + found.dropped == 100
    assert found.in_flight <= 5
