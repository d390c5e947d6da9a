"""What handing a coroutine to the event-loop thread costs, and how fast the process ends."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.perf
ROOT = Path(__file__).parents[2]

ROUND_TRIPS = """
    import asyncio, json, os, sys, time
    if sys.argv[1] == "pinned":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before any thread: they inherit it
    from core.loop import get_loop, run

    async def nothing():
        pass

    def timed(call, count=200):
        start = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - start) / count

    loop = get_loop().loop
    calls = [lambda: run(nothing()), lambda: asyncio.run_coroutine_threadsafe(nothing(), loop).result()]
    rounds = []
    for number in range(43):  # the first two warm up; who goes first alternates
        first = number % 2
        times = {first: timed(calls[first]), 1 - first: timed(calls[1 - first])}
        rounds.append((times[0], times[1]))
    print(json.dumps(rounds[2:]))
"""


@pytest.mark.parametrize("where", ["pinned", "unpinned"])
def test_run_costs_at_most_a_fifth_more_than_bare_asyncio(where: str) -> None:
    if where == "pinned" and not hasattr(os, "sched_setaffinity"):
        pytest.skip("threads cannot be pinned here")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ROUND_TRIPS), where],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    rounds = json.loads(done.stdout)
    ratio = statistics.median(ours / bare for ours, bare in rounds)
    ours, bare = (statistics.median(column) * 1e6 for column in zip(*rounds, strict=True))
    print(f"\n{where}: run() {ours:.0f} us, bare {bare:.0f} us, ratio {ratio:.2f}")
    assert ratio <= 1.2


STREAMS = """
    import asyncio, json, time
    from core.loop import get_loop, stream

    async def numbers(count):
        for number in range(count):
            await asyncio.sleep(0)
            yield number

    def one_by_one(source):
        loop = get_loop().loop
        try:
            while True:
                yield asyncio.run_coroutine_threadsafe(anext(source), loop).result()
        except StopAsyncIteration:
            return

    def rate(consume, count=4000):
        start = time.perf_counter()
        assert sum(1 for _ in consume(numbers(count))) == count
        return count / (time.perf_counter() - start)

    print(json.dumps([(rate(stream), rate(one_by_one)) for _ in range(7)]))
"""


def test_a_stream_is_faster_than_asking_for_each_item() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STREAMS)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    rounds = json.loads(done.stdout)
    ours, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"\nstream() {ours:,.0f} items/s, one by one {bare:,.0f} items/s")
    assert statistics.median(fast / slow for fast, slow in rounds) >= 2


BUSY = """
    import asyncio, signal, time
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from core.loop import get_loop, run, submit
    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.to_thread(print, "cleaned up", flush=True)
    for _ in range(20):
        submit(work())
    submit(get_loop().blocking(time.sleep, 60))
    async def wait():
        print("ready", flush=True)
        await asyncio.sleep(60)
    run(wait())
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_a_busy_process_within_400_ms(name: str) -> None:
    took = min(
        _seconds_to_end(signal.Signals[name]) for _ in range(5)
    )  # what a busy machine adds is not ours
    print(f"\n{name}: {took * 1000:.0f} ms")
    assert took <= 0.4


def _seconds_to_end(number: signal.Signals) -> float:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUSY)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    start = time.perf_counter()
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    took = time.perf_counter() - start
    assert out.count("cleaned up") == 20
    return took
