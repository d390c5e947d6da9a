"""One coroutine under way on the event-loop thread, as the other threads see it."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import CancelledError
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from core.loop.faults import locate
from core.loop.progress import Progress

if TYPE_CHECKING:
    from core.loop.thread import EventLoopThread

T = TypeVar("T")
Checkpoint = Callable[[], object]

CHECKPOINT_SECONDS = 0.05  # how often a waiting thread looks whether it is still wanted
CLEANUP_SECONDS = 5.0  # how long a cancelled coroutine's `finally` is waited for

_log = logging.getLogger("tandem.loop")


class Handle(Generic[T]):
    """A submitted coroutine; every method may be called from any thread.

    It is done only after the coroutine has ended, its `finally` blocks included.
    """

    __slots__ = (
        "__weakref__", "_abandoned", "_begun", "_cancel_asked", "_cancelled", "_context", "_coro", "_done",
        "_error", "_gate", "_home", "_name", "_on_done", "_progress", "_seen", "_traceback", "_value",
        "created", "finished", "owner", "task",
    )  # fmt: skip

    def __init__(
        self,
        home: EventLoopThread,
        coro: Coroutine[Any, Any, T],
        name: str,
        owner: Hashable,
        progress: Progress | None,
        on_done: Callable[[], None] | None,
    ) -> None:
        self.owner = owner
        self.created = monotonic()
        self.finished: float | None = None
        self._home = home
        self._coro = coro
        self._name = name
        self._progress = progress
        self._on_done = on_done
        self._context = contextvars.copy_context()
        self.task: asyncio.Task[None] | None = None
        self._abandoned = self._begun = self._cancel_asked = self._cancelled = self._done = self._seen = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None
        # Held until done, and passed on from waiter to waiter: half the cost of a threading.Event.
        self._gate = threading.Lock()
        self._gate.acquire()

    @property
    def name(self) -> str:
        """What it is called in logs and metrics."""
        return self._name or getattr(self._coro, "__qualname__", type(self._coro).__name__)

    @property
    def progress(self) -> Progress:
        """What the coroutine reports, when `submit` was given a `Progress`; else an empty one."""
        if self._progress is None:
            self._progress = Progress()
        return self._progress

    def done(self) -> bool:
        """Whether the coroutine has ended, by whatever way."""
        return self._done

    def cancelled(self) -> bool:
        """Whether it ended by being cancelled."""
        return self._cancelled

    def error(self) -> BaseException | None:
        """What the ended coroutine raised; None while it runs, when it returned or was cancelled."""
        self._seen = True
        return self._error

    def cancel(self) -> None:
        """Ask the coroutine to stop; returns at once. One that has not begun never begins."""
        if not self._done:
            self._home.call(self._cancel)

    def wait(self, timeout: float | None = None, *, checkpoint: Checkpoint | None = None) -> bool:
        """Watch until it is done, at most `timeout` seconds; return whether it is.

        The coroutine is left alone, also when `checkpoint` raises. RuntimeError on the loop thread.
        """
        if self._done:
            return True
        self._home.check_waiter()
        return self._pass_gate(timeout) if checkpoint is None else self._poll(timeout, checkpoint)

    def result(self, timeout: float | None = None, *, checkpoint: Checkpoint | None = None) -> T:
        """The coroutine's value, or what it raised, or `concurrent.futures.CancelledError`.

        Whatever ends the wait early cancels the coroutine and waits for its `finally`: `timeout`
        seconds passing (TimeoutError), `checkpoint` raising (it is called every 50 ms), Ctrl-C.
        RuntimeError on the loop thread, where waiting would hang for ever.
        """
        if not self._done:
            self._home.check_waiter()
            self._wait_or_abandon(timeout, checkpoint)
        if self._cancelled:
            raise CancelledError(f"{self.name} was cancelled.")
        if self._error is not None:
            self._seen = True
            try:
                # The stored traceback: each repeat would otherwise add its own frames for good.
                raise self._error.with_traceback(self._traceback)
            finally:
                del self  # the traceback holds this frame: no cycle
        return self._value  # type: ignore[return-value]  # T may itself include None

    def abandon(self) -> None:
        """Cancel, and wait (a bounded time) for the coroutine's `finally`, where waiting is possible."""
        if self._done or self._abandoned:
            return
        self._abandoned = True
        self.cancel()
        if not self._home.can_wait() or self._pass_gate(CLEANUP_SECONDS):
            return
        _log.warning("%s was cancelled but has not stopped within %g s", self.name, CLEANUP_SECONDS)

    def _wait_or_abandon(self, timeout: float | None, checkpoint: Checkpoint | None) -> None:
        try:
            in_time = self._pass_gate(timeout) if checkpoint is None else self._poll(timeout, checkpoint)
        except BaseException:
            self.abandon()
            raise
        if in_time:
            return
        self.abandon()
        if not self._done or self._cancelled or self._error is not None:
            raise TimeoutError(
                f"{self.name} did not finish within {timeout:g} s and was cancelled."
            ) from self._error

    def _pass_gate(self, timeout: float | None) -> bool:
        limit = -1 if timeout is None else min(max(timeout, 0.0), threading.TIMEOUT_MAX)
        if not self._gate.acquire(timeout=limit):
            return False
        self._gate.release()
        return True

    def _poll(self, timeout: float | None, checkpoint: Checkpoint) -> bool:
        end = None if timeout is None else monotonic() + timeout
        while True:
            left = CHECKPOINT_SECONDS if end is None else min(CHECKPOINT_SECONDS, end - monotonic())
            if self._pass_gate(left):
                return True
            if end is not None and monotonic() >= end:
                return False
            checkpoint()

    # What follows runs on the loop thread, or after it has ended.

    def start(self) -> None:
        """Begin the coroutine, unless it has been cancelled or the loop takes no more work."""
        if self._done:
            return
        if self._home.refusing:
            self.discard()
            return
        self.task = self._home.loop.create_task(self._drive(), context=self._context)

    def discard(self) -> None:
        """End as cancelled without (further) running."""
        if self._done:
            return
        self._cancelled = True
        if not self._begun:
            self._coro.close()
        self._settle()

    async def _drive(self) -> None:
        if self._done:
            return
        self._begun = True
        try:
            self._value = await self._coro
        except asyncio.CancelledError:
            self._cancelled = True
        except BaseException as error:  # noqa: BLE001 - its own caller gets it; on a bare loop it ends the thread
            self._error = error
            # Without this frame, which holds `self`, there is no cycle that keeps the error alive.
            self._traceback = error.__traceback__ and error.__traceback__.tb_next
            error.__traceback__ = self._traceback
        finally:
            self._settle()
            del self  # from Python 3.12 on the traceback's first frame remembers this one

    def _cancel(self) -> None:
        if self._cancel_asked:
            return  # a second cancellation would break off the `finally` that the first one set going
        self._cancel_asked = True
        if not self._begun or self.task is None:
            self.discard()
        elif not self._done:
            self.task.cancel()

    def _settle(self) -> None:
        try:
            self._home.handles.remove(self)  # atomic: only one of several threads gets past it
        except KeyError:
            return  # given up at shutdown, and now collected
        self.finished = monotonic()
        self._done = True
        self._gate.release()
        if self._on_done is not None:
            self._on_done()

    def __del__(self) -> None:
        if self._error is not None and not self._seen:
            _log.warning("%s failed and nobody asked: %s", self.name, locate(self._error))
