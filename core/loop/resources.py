"""Clients that live as long as the loop: made once, closed in reverse order."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from typing import Any, TypeVar

from core.loop.faults import locate

R = TypeVar("R")
Close = Callable[[R], Awaitable[object] | None]

_log = logging.getLogger("tandem.loop")


class Resources:
    """Everything here runs on the loop thread."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}
        self._opened: dict[Hashable, tuple[Any, Close[Any] | None]] = {}  # in order of completion

    async def get(self, key: Hashable, factory: Callable[[], Awaitable[R]], close: Close[R] | None) -> R:
        """The resource under `key`; one creation serves all who ask, even if some of them give up."""
        flight = self._flights.get(key)
        if flight is None:
            # An empty context: a client that outlives its first user must not carry that user's trace.
            flight = asyncio.get_running_loop().create_task(
                self._make(key, factory, close), context=Context()
            )
            self._flights[key] = flight
        made: R = await asyncio.shield(flight)
        return made

    async def _make(self, key: Hashable, factory: Callable[[], Awaitable[R]], close: Close[R] | None) -> R:
        try:
            made = await factory()
        except BaseException:
            self._flights.pop(key, None)  # the next one who asks tries again
            raise
        self._opened[key] = (made, close)
        return made

    async def release(self, key: Hashable) -> None:
        """Close one resource and forget it; an unknown key is passed over."""
        flight = self._flights.get(key)
        if flight is not None:
            await asyncio.wait([flight])
        self._flights.pop(key, None)
        if key in self._opened:
            await _close(key, *self._opened.pop(key))

    async def close_all(self, seconds: float) -> None:
        """Close what is open, last made first, within `seconds`; a failure does not stop the rest."""
        for flight in self._flights.values():
            flight.cancel()
        try:
            async with asyncio.timeout(seconds):
                while self._opened:
                    key, (made, close) = self._opened.popitem()
                    await _close(key, made, close)
        except TimeoutError:
            _log.warning("%d resources were not closed within %.1f s", len(self._opened) + 1, seconds)


async def _close(key: Hashable, made: Any, close: Close[Any] | None) -> None:
    try:
        closing = close(made) if close is not None else None
        if inspect.isawaitable(closing):
            await closing
    except Exception as error:  # noqa: BLE001 - a client that fails to close must not keep the others open
        _log.warning("Closing a resource (%s) failed: %s", type(made).__name__, locate(error))
