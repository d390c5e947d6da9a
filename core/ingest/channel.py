"""A bounded queue between two stages, from which many items can be taken at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """`put` waits while `size` items are inside; `take` waits for one and brings what else is there.

    So batches grow by themselves when the stage behind is the slower one, and nothing waits for a
    batch to fill when it is not.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = asyncio.Condition()

    async def put(self, items: Iterable[T]) -> None:
        """Add items in order, waiting for room before each."""
        for item in items:
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._items) < self._size)
                self._items.append(item)
                self._changed.notify_all()

    async def take(self, limit: int) -> list[T]:
        """The next 1 to `limit` items; an empty list once the channel is closed and drained."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._items or self._closed)
            batch = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
            self._changed.notify_all()
            return batch

    async def close(self) -> None:
        """Say that nothing more is put."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()
