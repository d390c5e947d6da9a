"""One benchmark per backend at a time: the others wait their turn, and see their place."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from core.loop.kept import kept


class _Ticket:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.moved = asyncio.Event()


class _Lines:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[Hashable, list[_Ticket]] = {}

    def join(self, key: Hashable, ticket: _Ticket) -> None:
        with self.lock:
            self.waiting.setdefault(key, []).append(ticket)

    def leave(self, key: Hashable, ticket: _Ticket) -> None:
        with self.lock:
            line = self.waiting[key]
            line.remove(ticket)
            for other in line:
                other.loop.call_soon_threadsafe(other.moved.set)
            if not line:
                del self.waiting[key]

    def place(self, key: Hashable, ticket: _Ticket) -> int:
        with self.lock:
            return self.waiting[key].index(ticket)


@asynccontextmanager
async def turn(key: Hashable, waiting: Callable[[int], None]) -> AsyncIterator[None]:
    """Hold the backend of that key; until then `waiting` is told the place, 1 being the next."""
    lines, ticket = kept("bench turns", _Lines), _Ticket()
    lines.join(key, ticket)
    try:
        while place := lines.place(key, ticket):
            waiting(place)
            await ticket.moved.wait()
            ticket.moved.clear()
        yield
    finally:
        lines.leave(key, ticket)


def running() -> int:
    """How many backends are being benchmarked by this process now."""
    lines = kept("bench turns", _Lines)
    with lines.lock:
        return len(lines.waiting)
