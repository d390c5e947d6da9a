"""Threads for blocking calls that never hold up the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Job = tuple["Future[Any]", Callable[[], Any]]


class Workers(ThreadPoolExecutor):
    """An executor of daemon threads.

    The stock one joins its threads when the interpreter exits: one call that blocks for a minute
    would hold up Ctrl-C for a minute. Asyncio insists on the stock type, hence the inheritance; none
    of its threads is ever started. One thread is always kept spare, up to the size: Python 3.12
    starts none while it exits, and the last `finally` blocks need one.
    """

    def __init__(self, size: int, name: str) -> None:
        super().__init__(size, name)
        self._size = size
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._free = 0
        self._crew: list[threading.Thread] = []
        self._crew_lock = threading.Lock()
        self._closed = False
        self._hire()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; a thread is added when none would be spare and fewer than the size exist."""
        future: Future[T] = Future()
        with self._crew_lock:
            if self._closed:
                raise RuntimeError(f"The threads of {self._name} have been shut down.")
            self._jobs.put((future, partial(fn, *args, **kwargs)))
            self._free -= 1
            if self._free <= 0 and len(self._crew) < self._size:
                with suppress(RuntimeError):  # exiting: those that are there will get to it
                    self._hire()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; running ones go on, and end with the process at the latest."""
        with self._crew_lock:
            self._closed = True
            if cancel_futures:
                self._cancel_queued()
            for _ in self._crew:
                self._jobs.put(None)
        if wait:
            for thread in self._crew:
                thread.join()

    def _hire(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._crew)}", daemon=True)
        thread.start()
        self._crew.append(thread)
        self._free += 1

    def _cancel_queued(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is not None:
                job[0].cancel()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _perform(*job)
            del job  # an idle thread must not keep a result alive
            with self._crew_lock:
                self._free += 1


def _perform(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the call, whatever it is
        future.set_exception(error)
    else:
        future.set_result(result)
