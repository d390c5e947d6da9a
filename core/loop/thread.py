"""The one thread whose event loop owns every async client of the process."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Hashable, Iterator
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from core.loop.faults import locate
from core.loop.handle import Checkpoint, Handle
from core.loop.progress import Progress
from core.loop.resources import Close, Resources
from core.loop.streaming import drain
from core.loop.watch import Metrics, Watcher
from core.loop.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 32
BUFFER_ITEMS = 256

_log = logging.getLogger("tandem.loop")


class EventLoopThread:
    """An asyncio loop on a daemon thread; ask `core.loop.get_loop` for it, never make your own."""

    def __init__(self) -> None:
        self.handles: set[Handle[Any]] = set()
        self.refusing = False
        self.closed = False
        self.replaceable = True
        self._pid = os.getpid()
        self._ended = False
        self._lock = threading.Lock()
        self._ident: int | None = None
        self._resources = Resources()

    def start(self) -> EventLoopThread:
        """Start the thread, once; return this object."""
        with self._lock:
            if self._ident is None:
                # Never uvloop, whatever policy somebody installed: it gains nothing with grpc.aio.
                self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop()
                self.loop.set_exception_handler(_report)
                # Asyncio's own is small (6 threads on 2 cores): nested calls deadlock, DNS waits in line.
                self.loop.set_default_executor(Workers(WORKERS, "tandem-worker"))
                self._blocking = Workers(WORKERS, "tandem-blocking")
                # An empty context: the thread belongs to no user, whoever starts it.
                run = functools.partial(contextvars.Context().run, self._main)
                self._thread = threading.Thread(target=run, name="tandem-loop", daemon=True)
                self._thread.start()
                self._watcher = Watcher(self.loop, self._thread.ident or 0)
                self._ident = self._thread.ident
        return self

    @property
    def started(self) -> bool:
        """Whether `start` has been called."""
        return self._ident is not None

    # Handing work over

    def run(
        self,
        coro: Coroutine[Any, Any, T],
        timeout: float | None = None,
        *,
        checkpoint: Checkpoint | None = None,
        owner: Hashable = None,
    ) -> T:
        """Wait for the coroutine's value, or raise what it raised. See `Handle.result`."""
        handle = Handle(self, coro, "", owner, None, None)
        try:
            self._launch(handle, waits=True)
            return handle.result(timeout, checkpoint=checkpoint)
        except BaseException:
            # Ctrl-C may also fall between the launch and the wait.
            handle.abandon()
            raise
        finally:
            del handle  # the traceback holds this frame: no cycle

    def submit(
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str = "",
        owner: Hashable = None,
        progress: Progress | None = None,
        on_done: Callable[[], None] | None = None,
    ) -> Handle[T]:
        """Start the coroutine in a copy of the caller's context; never blocks.

        `on_done` is called on the loop thread and must neither block nor raise. RuntimeError when
        the loop is shutting down, or belongs to the process this one was forked from.
        """
        handle = Handle(self, coro, name, owner, progress, on_done)
        try:
            self._launch(handle)
        except BaseException:
            handle.cancel()  # Ctrl-C, after the coroutine has been handed over
            raise
        return handle

    def stream(
        self,
        source: AsyncGenerator[T, None],
        *,
        checkpoint: Checkpoint | None = None,
        owner: Hashable = None,
        limit: int = BUFFER_ITEMS,
    ) -> Iterator[T]:
        """Iterate an async generator from this thread; it starts with the first `next`.

        At most `limit` items are made ahead. Leaving the loop early (break, `close()`, `checkpoint`
        raising) closes the generator and waits for its `finally`.
        """
        self.check_waiter()
        self._check_open()
        return drain(self, source, contextvars.copy_context(), owner, checkpoint, limit)

    def cancel_owner(self, owner: Hashable) -> None:
        """Cancel everything that was submitted for `owner`; returns at once."""
        for handle in tuple(self.handles):
            if handle.owner == owner:
                handle.cancel()

    # On the loop

    async def resource(
        self, key: Hashable, factory: Callable[[], Awaitable[T]], close: Close[T] | None = None
    ) -> T:
        """The client under `key`, made by `factory` on first use, closed by `close` at shutdown.

        Await it on the loop. `factory` runs once however many ask at once; when it fails, all who
        wait get its error and the next one who asks tries again.
        """
        self._check_on_loop()
        return await self._resources.get(key, factory, close)

    async def release(self, key: Hashable) -> None:
        """Close the client under `key` now; an unknown key is passed over."""
        self._check_on_loop()
        await self._resources.release(key)

    async def blocking(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a blocking SDK call on a thread of its own pool, in a copy of the context."""
        call = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._blocking, call)

    # Looking at it

    def on_thread(self) -> bool:
        """Whether the caller runs on the loop thread."""
        return threading.get_ident() == self._ident and os.getpid() == self._pid

    def metrics(self) -> Metrics:
        """How the loop is doing now."""
        lag_p50, lag_max = self._watcher.lags()
        running = tuple(self.handles)
        first = min(running, key=lambda handle: handle.created, default=None)
        oldest = None if first is None else (first.name, monotonic() - first.created)
        return Metrics(lag_p50, lag_max, len(running), oldest, self._watcher.stalls())

    # Ending

    def shutdown(self, timeout: float = 5.0) -> None:
        """Refuse work, cancel, wait for every `finally`, close resources, stop and join.

        Takes `timeout` seconds at most. The second call, and one in a forked child,
        do nothing.
        """
        if os.getpid() != self._pid:
            return
        self.check_waiter()
        with self._lock:
            first, self.refusing = not self.refusing, True
        if not self.started:
            self.closed = True
            return
        if first:
            self.call(self._begin_wind_down, 0.9 * timeout)  # the rest is for the thread to end
        self._thread.join(timeout)
        if self._thread.is_alive():
            _log.warning("The event loop did not stop within %.1f s", timeout)
        self._watcher.stop()
        self._blocking.shutdown(wait=False, cancel_futures=True)
        self.closed = True

    def _launch(self, handle: Handle[Any], *, waits: bool = False) -> None:
        self.handles.add(handle)
        try:
            if waits:
                self.check_waiter()
            self._check_open()
            self.loop.call_soon_threadsafe(handle.start)
        except RuntimeError:
            handle.discard()
            raise

    # For the modules of this package

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Run `function` on the loop soon; passed over when the loop is gone."""
        if os.getpid() != self._pid:
            return  # the pipe that wakes the loop is shared with the parent
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            _log.debug("The event loop is closed: %r is passed over", function)

    def can_wait(self) -> bool:
        """Whether the calling thread may wait for the loop."""
        return threading.get_ident() != self._ident and os.getpid() == self._pid

    def check_waiter(self) -> None:
        """RuntimeError where waiting for the loop would hang for ever."""
        self._check_process()
        if threading.get_ident() == self._ident:
            raise RuntimeError(
                "Waiting for a result on the event-loop thread would hang: await it there instead."
            )

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(
                f"This event loop runs in process {self._pid}, from which this one was forked: "
                "call core.loop.get_loop() here to get one of its own."
            )

    def _check_open(self) -> None:
        self._check_process()
        if self.refusing:
            raise RuntimeError("The event loop is shutting down and takes no more work.")

    def _check_on_loop(self) -> None:
        if not self.on_thread():
            raise RuntimeError(
                "Resources live on the event-loop thread: ask for them in a coroutine given to it."
            )

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._ended:
            try:
                self.loop.run_forever()
            except BaseException as error:  # noqa: BLE001 - SystemExit in a child task: its parent has it too
                _log.warning("A task raised %s; the event loop goes on", locate(error))
        self.loop.close()
        for handle in tuple(self.handles):
            handle.discard()  # so that nobody waits for ever

    def _begin_wind_down(self, timeout: float) -> None:
        self._last = self.loop.create_task(self._wind_down(monotonic() + timeout))

    async def _wind_down(self, end: float) -> None:
        try:
            reserve = (end - monotonic()) / 3  # for the resources, however stubborn the tasks are
            await self._end_handles(end - reserve)
            await self._resources.close_all(max(end - monotonic(), 0.05))
            await self._end_strays(end)
            await self.loop.shutdown_asyncgens()
        finally:
            self._ended = True
            self.loop.stop()

    async def _end_handles(self, end: float) -> None:
        handles = tuple(self.handles)
        for handle in handles:
            handle.cancel()
        await _wait({handle.task for handle in handles if handle.task is not None}, end)
        for handle in tuple(self.handles):
            _log.warning("%s ignored its cancellation at shutdown", handle.name)

    async def _end_strays(self, end: float) -> None:
        strays = asyncio.all_tasks() - {asyncio.current_task()}
        for task in strays:
            task.cancel()
        await _wait(strays, end)


async def _wait(tasks: set[asyncio.Task[Any]], end: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=max(end - monotonic(), 0.0))


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no task was there to receive, in one line that is free of secrets."""
    error = context.get("exception")
    _log.error("%s: %s", context.get("message", "event loop"), "" if error is None else locate(error))
