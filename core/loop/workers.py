"""Threads for blocking calls that never hold up the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
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
    of its threads is ever started.
    """

    def __init__(self, size: int, name: str) -> None:
        super().__init__(size, name)
        self._size = size
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._free = threading.Semaphore(0)
        self._crew: list[threading.Thread] = []
        self._crew_lock = threading.Lock()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; a thread is added while all are busy and fewer than the size exist."""
        future: Future[T] = Future()
        with self._crew_lock:
            if self._closed:
                raise RuntimeError(f"The threads of {self._name} have been shut down.")
            self._jobs.put((future, partial(fn, *args, **kwargs)))
            if not self._free.acquire(blocking=False) and len(self._crew) < self._size:
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
        self._crew.append(thread)
        thread.start()

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
            self._free.release()


def _perform(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the call, whatever it is
        future.set_exception(error)
    else:
        future.set_result(result)
