"""An async generator on the loop thread, consumed by a plain `for` on another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from contextvars import Context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from core.loop.handle import CHECKPOINT_SECONDS, Checkpoint

if TYPE_CHECKING:
    from collections.abc import Hashable

    from core.loop.thread import EventLoopThread

T = TypeVar("T")


class Buffer(Generic[T]):
    """At most `limit` items between the one pump task and the one consumer.

    The consumer takes all there is at once, so a fast generator costs one hand-over a batch; a full
    buffer holds the generator up until it has been taken.
    """

    def __init__(self, home: EventLoopThread, limit: int) -> None:
        self._home = home
        self._limit = limit
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._ended = False
        self._filled = threading.Event()
        self._hungry = False
        self._space = asyncio.Event()

    async def pump(self, source: AsyncGenerator[T, None]) -> None:
        """Move every item over; the generator is closed by the task that drove it."""
        async with aclosing(source):
            async for item in source:
                if self._put(item):
                    await self._space.wait()

    def _put(self, item: T) -> bool:
        with self._lock:
            self._items.append(item)
            full = len(self._items) >= self._limit
            if full:
                self._space.clear()
            wake, self._hungry = self._hungry, False
        if wake:
            self._filled.set()
        return full

    def end(self) -> None:
        """Nothing more comes: the pump is done, whether it ran or not."""
        with self._lock:
            self._ended = True
        self._filled.set()

    def take(self, checkpoint: Checkpoint | None) -> list[T]:
        """Everything that is there, waiting for something; empty once the stream has ended."""
        while True:
            if checkpoint is not None:
                checkpoint()
            ended = self._ended  # read before the items: the last ones come before it is set
            batch = self._swap()
            if batch or ended:
                return batch
            self._filled.wait(None if checkpoint is None else CHECKPOINT_SECONDS)

    def _swap(self) -> list[T]:
        with self._lock:
            batch, self._items = self._items, []
            self._hungry = not batch
            if self._hungry and not self._ended:
                self._filled.clear()
        if len(batch) >= self._limit:
            self._home.call(self._space.set)
        return batch


def drain(
    home: EventLoopThread,
    source: AsyncGenerator[T, None],
    context: Context,
    owner: Hashable,
    checkpoint: Checkpoint | None,
    limit: int,
) -> Iterator[T]:
    """Start the pump and yield what it brings; leaving early cancels it and waits for its end."""
    home.check_waiter()
    buffer: Buffer[T] = Buffer(home, limit)
    name = getattr(source, "__qualname__", type(source).__name__)
    handle: Any = context.run(
        lambda: home.submit(buffer.pump(source), name=name, owner=owner, on_done=buffer.end)
    )
    try:
        while batch := buffer.take(checkpoint):
            yield from batch
        handle.result()
    finally:
        handle.abandon()
