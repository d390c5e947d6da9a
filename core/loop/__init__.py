"""The event-loop thread: the one place where async work runs.

Pages and the command line hand coroutines over with `run`, `submit` and `stream`. Milvus and HTTP
clients bind to the loop of their first use, so there is exactly one loop a process.
"""

from __future__ import annotations

import atexit
import contextlib
import signal
import threading
from collections.abc import AsyncGenerator, Coroutine, Hashable, Iterator
from types import FrameType
from typing import Any, TypeVar

from core.loop.handle import Checkpoint, Handle
from core.loop.kept import drop, kept
from core.loop.progress import Item, Progress, Snapshot
from core.loop.thread import EventLoopThread
from core.loop.watch import Metrics, Stall

__all__ = [
    "Checkpoint",
    "EventLoopThread",
    "Handle",
    "Item",
    "Metrics",
    "Progress",
    "Snapshot",
    "Stall",
    "cancel_owner",
    "get_loop",
    "run",
    "stream",
    "submit",
]

T = TypeVar("T")

EXIT_SECONDS = 0.3  # what `finally` blocks and closing clients may take when the process ends


def get_loop() -> EventLoopThread:
    """The event-loop thread of this process, started on first use; a forked child gets its own.

    It survives module reloads. After `shutdown` the next call starts a fresh one, except while the
    process ends. Started from the main thread it also turns SIGTERM into SystemExit, unless
    somebody else handles that signal.
    """
    thread = kept("loop", EventLoopThread)
    if thread.started and not thread.closed:
        return thread
    if thread.closed and thread.replaceable:
        drop("loop", thread)
        thread = kept("loop", EventLoopThread)
    if not thread.started and not thread.closed:
        kept("exit hook", _arm_exit)
        _arm_sigterm()
        thread.start()
    return thread


def run(
    coro: Coroutine[Any, Any, T],
    timeout: float | None = None,
    *,
    checkpoint: Checkpoint | None = None,
    owner: Hashable = None,
) -> T:
    """`EventLoopThread.run` on this process's loop."""
    return get_loop().run(coro, timeout, checkpoint=checkpoint, owner=owner)


def submit(
    coro: Coroutine[Any, Any, T],
    *,
    name: str = "",
    owner: Hashable = None,
    progress: Progress | None = None,
) -> Handle[T]:
    """`EventLoopThread.submit` on this process's loop."""
    return get_loop().submit(coro, name=name, owner=owner, progress=progress)


def stream(
    source: AsyncGenerator[T, None], *, checkpoint: Checkpoint | None = None, owner: Hashable = None
) -> Iterator[T]:
    """`EventLoopThread.stream` on this process's loop."""
    return get_loop().stream(source, checkpoint=checkpoint, owner=owner)


def cancel_owner(owner: Hashable) -> None:
    """`EventLoopThread.cancel_owner` on this process's loop."""
    get_loop().cancel_owner(owner)


def _arm_exit() -> bool:
    """Clean up when the process ends: before executors are joined, and at the latest in atexit."""
    with contextlib.suppress(AttributeError, RuntimeError):
        # The stock atexit runs after the interpreter has joined and closed all executors: too late
        # for a `finally` that needs a thread. There is no public hook this early.
        threading._register_atexit(_at_exit)  # type: ignore[attr-defined]  # noqa: SLF001
    atexit.register(_at_exit)
    return True


def _at_exit() -> None:
    thread = kept("loop", EventLoopThread)
    thread.replaceable = False
    thread.shutdown(EXIT_SECONDS)


def _arm_sigterm() -> None:
    """The default action ends the process without running a single `finally`."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise SystemExit(128 + number)
