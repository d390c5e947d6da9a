"""Sequential, threads and batch: blocking calls, on threads of their own."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TypeVar

from core.bench.drivers.base import Drive, Recorder, Stop, Work

T = TypeVar("T")


@dataclass(frozen=True)
class Sequential:
    """One call after the other, on one thread: what a plain loop does."""

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`."""
        return await on_thread(lambda: _one_by_one(work, stop))


@dataclass(frozen=True)
class Threads:
    """A pool of threads, each taking the next call when it is free."""

    size: int

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`."""
        return await on_thread(lambda: _pooled(work, stop, min(self.size, work.count)))


@dataclass(frozen=True)
class Batch:
    """All items in one call."""

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """See `Driver.drive`; the work must have a batch call."""
        return await on_thread(lambda: _at_once(work))


async def on_thread(function: Callable[[], T]) -> T:
    """Await a blocking function on a new daemon thread, in a copy of the context.

    Not an executor: a call that never ends must not hold up the end of the run or of the process.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            result = context.run(function)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits it
            future.set_exception(error)
        else:
            future.set_result(result)

    future.set_running_or_notify_cancel()
    threading.Thread(target=work, name="tandem-bench", daemon=True).start()
    return await asyncio.shield(asyncio.wrap_future(future))


def _one_by_one(work: Work, stop: Stop) -> Drive:
    recorder = Recorder(work.count, work.check)
    call, now, stopped = work.call, perf_counter_ns, stop.is_set
    recorder.begin()
    for index in range(work.count):
        if stopped() or recorder.lost:
            break
        start = now()
        try:
            result = call(index)
        except Exception as error:  # noqa: BLE001 - a timed operation: recorded
            recorder.failed(index, start, start, now(), error)
        else:
            recorder.done(index, start, start, now(), result)
    return recorder.finish(now())


def _pooled(work: Work, stop: Stop, size: int) -> Drive:
    recorder = Recorder(work.count, work.check)
    line = itertools.count()
    gate = threading.Barrier(size + 1)
    context = contextvars.copy_context()

    def serve() -> None:
        call, now, stopped, count = work.call, perf_counter_ns, stop.is_set, work.count
        gate.wait()
        origin = recorder.origin
        while (index := next(line)) < count and not stopped() and not recorder.lost:
            start = now()
            try:
                result = call(index)
            except Exception as error:  # noqa: BLE001 - a timed operation: recorded
                recorder.failed(index, origin, start, now(), error)
            else:
                recorder.done(index, origin, start, now(), result)

    crew = [
        threading.Thread(target=context.copy().run, args=(serve,), name="tandem-bench", daemon=True)
        for _ in range(size)
    ]
    for thread in crew:
        thread.start()
    recorder.begin()  # the threads exist and wait at the gate: starting them is not timed
    gate.wait()
    for thread in crew:
        thread.join()
    return recorder.finish(perf_counter_ns())


def _at_once(work: Work) -> Drive:
    assert work.batch is not None
    recorder = Recorder(1, lambda _, result: work.check_batch(result))
    recorder.begin()
    start = recorder.origin
    try:
        result = work.batch()
    except Exception as error:  # noqa: BLE001 - a timed operation: recorded
        recorder.failed(0, start, start, perf_counter_ns(), error)
    else:
        recorder.done(0, start, start, perf_counter_ns(), result)
    return recorder.finish(perf_counter_ns(), items=work.count)
