"""Asyncio and open loop: coroutines on the loop that belongs to the run."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Any

from core.bench.drivers.base import Drive, Recorder, Stop, Work
from core.bench.plan import MOST_AT_ONCE

_TICK = 0.01
# Lateness that any loop has.
_NOISE = 0.002


@dataclass(frozen=True)
class Asyncio:
    """All calls at once, as the tutorials do, or `limit` at a time (0: all)."""

    limit: int = 0

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`."""
        recorder = Recorder(work.count, work.check)
        width = min(self.limit or MOST_AT_ONCE, work.count)
        jobs = _each(work, recorder) if width == work.count else _crew(work, recorder, stop, width)
        async with _watched() as watch:
            recorder.begin()
            await _until_stopped(jobs, stop)
            end = perf_counter_ns()
        return watch.seen(recorder.finish(end))


@dataclass(frozen=True)
class OpenLoop:
    """Calls arrive as a Poisson process of `rate` a second, whether or not earlier ones have ended.

    With `cap` calls under way a further arrival is dropped. The arrivals follow from `seed`.
    """

    rate: float
    cap: int
    seed: int = 0

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`."""
        recorder = Recorder(work.count, work.check)
        arrivals = _Arrivals(work, recorder, stop, self.cap)
        due = self._due_times(work.count)
        async with _watched() as watch:
            recorder.begin()
            await arrivals.run([recorder.origin + after for after in due])
            end = perf_counter_ns()
        return watch.seen(recorder.finish(end, used=arrivals.issued, dropped=arrivals.dropped))

    def _due_times(self, count: int) -> list[int]:
        """Nanoseconds after the start at which each call is due."""
        import numpy as np

        gaps = np.random.default_rng(self.seed).exponential(1e9 / self.rate, count)
        due: list[int] = np.cumsum(gaps).astype(np.int64).tolist()
        return due


class _Arrivals:
    def __init__(self, work: Work, recorder: Recorder, stop: Stop, cap: int) -> None:
        self._work, self._recorder, self._stop, self._cap = work, recorder, stop, cap
        self._running: set[asyncio.Task[None]] = set()
        self.issued = self.dropped = 0

    async def run(self, due_times: list[int]) -> None:
        """Issue each call when it is due; wait for the last ones."""
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        forget = self._stop.listen(lambda: _soon(loop, stopped.set))
        for due in due_times:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), (due - perf_counter_ns()) / 1e9)
            if stopped.is_set() or self._recorder.lost:
                break
            self._arrive(due)
            await asyncio.sleep(0)  # arrivals that lag behind must still let the calls run
        forget()
        await _until_stopped(iter(self._running), self._stop)

    def _arrive(self, due: int) -> None:
        if len(self._running) >= self._cap:
            self.dropped += 1
            return
        task = asyncio.ensure_future(_one(self._work, self._recorder, self.issued, due))
        self.issued += 1
        self._running.add(task)
        task.add_done_callback(self._running.discard)


def _each(work: Work, recorder: Recorder) -> Iterator[Coroutine[Any, Any, None]]:
    return (_one(work, recorder, index, recorder.origin) for index in range(work.count))


def _crew(work: Work, recorder: Recorder, stop: Stop, width: int) -> Iterator[Coroutine[Any, Any, None]]:
    """`width` workers that take the next call when free: cheaper than a task and a slot per call."""
    line = itertools.count()

    async def serve() -> None:
        while (index := next(line)) < work.count and not stop.is_set() and not recorder.lost:
            await _one(work, recorder, index, recorder.origin)

    return (serve() for _ in range(width))


async def _one(work: Work, recorder: Recorder, index: int, due: int) -> None:
    start = perf_counter_ns()
    try:
        result = await work.acall(index)
    except asyncio.CancelledError:
        recorder.cut(index, due, start, perf_counter_ns())
        raise
    except Exception as error:  # noqa: BLE001 - a timed operation: recorded
        recorder.failed(index, due, start, perf_counter_ns(), error)
    else:
        recorder.done(index, due, start, perf_counter_ns(), result)


async def _until_stopped(
    jobs: Iterator[Coroutine[Any, Any, None]] | Iterator[asyncio.Task[None]], stop: Stop
) -> None:
    """Gather the jobs; a stop cancels those that are still under way."""
    gathered = asyncio.gather(*jobs, return_exceptions=True)
    loop = asyncio.get_running_loop()
    forget = stop.listen(lambda: _soon(loop, gathered.cancel))
    try:
        await gathered
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    finally:
        forget()


def _soon(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    loop.call_soon_threadsafe(function)


class _Watch:
    """How long the loop did not turn at most, and how many calls went to threads meanwhile."""

    def __init__(self) -> None:
        self.longest = self.total = 0.0
        self._jobs = _offloaded()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            try:
                await asyncio.sleep(_TICK)
            finally:
                late = max(loop.time() - before - _TICK, 0.0)
                self.longest = max(self.longest, late)
                self.total += late if late > _NOISE else 0.0

    def seen(self, drive: Drive) -> Drive:
        """The drive, with what was watched."""
        return replace(
            drive,
            stall_ms=self.longest * 1e3,
            stalled=min(self.total / drive.seconds, 1.0),
            offloaded=_offloaded() - self._jobs,
        )


@asynccontextmanager
async def _watched() -> AsyncIterator[_Watch]:
    watch = _Watch()
    task = asyncio.ensure_future(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.wait([task])  # it notes the last stall when it is cancelled


def _offloaded() -> int:
    """Jobs that were handed to threads on this loop so far, where the loop counts them."""
    return getattr(asyncio.get_running_loop(), "offloaded", 0)
