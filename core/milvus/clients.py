"""pymilvus clients that carry a timeout, record wire timings, and serialize writes where needed.

Importing this module imports pymilvus (1.7 s): import it inside functions.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from time import perf_counter
from typing import Any

from pymilvus import AsyncMilvusClient, MilvusClient

from core import trace
from core.trace import Span, SpanKind


class WriteLocks:
    """One lock a collection, shared by the sync and the async client; off unless `enabled`.

    Milvus Lite asks that writes to one collection be serialized.
    """

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def hold(self, collection: str) -> Iterator[None]:
        """Hold the collection's lock; blocks."""
        if not self.enabled:
            yield
            return
        with self._locks[collection]:
            yield

    @asynccontextmanager
    async def ahold(self, collection: str) -> AsyncIterator[None]:
        """Hold the collection's lock without blocking the event loop."""
        if not self.enabled:
            yield
            return
        lock = self._locks[collection]
        # Polling beats a thread per waiter: a cancelled waiter must not win the lock afterwards.
        while not lock.acquire(blocking=False):  # noqa: ASYNC110 - the lock is shared with threads
            await asyncio.sleep(0.002)
        try:
            yield
        finally:
            lock.release()


class _Call:
    """Times one call and files its span under the current trace."""

    def __init__(self, kind: SpanKind) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if bound := trace.current():
            bound.add(Span(self._kind, self._start, perf_counter(), ok=error is None))


class Defaults:
    """What both clients of a pair add to a call.

    `timeout` in seconds; `consistency` for reads, None leaves it to the collection.
    """

    def __init__(self, timeout: float, consistency: str | None, locks: WriteLocks) -> None:
        self.timeout = timeout
        self._consistency = consistency
        self._locks = locks

    def complete(self, kind: SpanKind, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what the caller left out; frameworks pass `timeout=None` explicitly."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        if kind == "search" and self._consistency:
            kwargs.setdefault("consistency_level", self._consistency)
        return kwargs

    def guard(self, kind: SpanKind, collection: str) -> AbstractContextManager[None]:
        """What a blocking call holds while it runs."""
        return self._locks.hold(collection) if kind == "write" else nullcontext()

    def aguard(self, kind: SpanKind, collection: str) -> AbstractAsyncContextManager[None]:
        """What a call on the event loop holds while it runs."""
        return self._locks.ahold(collection) if kind == "write" else nullcontext()


def _sync(name: str, kind: SpanKind) -> Any:
    plain = getattr(MilvusClient, name)

    def call(self: TimedMilvusClient, collection_name: str, *args: Any, **kwargs: Any) -> Any:
        with self.defaults.guard(kind, collection_name), _Call(kind):
            return plain(self, collection_name, *args, **self.defaults.complete(kind, kwargs))

    call.__doc__ = f"`MilvusClient.{name}`, timed, with a timeout."
    return call


def _async(name: str, kind: SpanKind) -> Any:
    plain = getattr(AsyncMilvusClient, name)

    async def call(self: TimedAsyncMilvusClient, collection_name: str, *args: Any, **kwargs: Any) -> Any:
        async with self.defaults.aguard(kind, collection_name):
            with _Call(kind):
                return await plain(self, collection_name, *args, **self.defaults.complete(kind, kwargs))

    call.__doc__ = f"`AsyncMilvusClient.{name}`, timed, with a timeout."
    return call


class TimedMilvusClient(MilvusClient):  # type: ignore[misc]  # pymilvus publishes no types
    """`MilvusClient` whose data calls are timed and always end."""

    def __init__(self, *, defaults: Defaults, **kwargs: Any) -> None:
        self.defaults = defaults
        super().__init__(**kwargs)

    search = _sync("search", "search")
    hybrid_search = _sync("hybrid_search", "search")
    query = _sync("query", "search")
    insert = _sync("insert", "write")
    upsert = _sync("upsert", "write")
    delete = _sync("delete", "write")

    def create_index(self, collection_name: str, index_params: Any, **kwargs: Any) -> Any:
        """Create without waiting: the load that follows waits, and the wait polls every 0.5 s."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.defaults.timeout
        return super().create_index(collection_name, index_params, **{"sync": False, **kwargs})


class TimedAsyncMilvusClient(AsyncMilvusClient):  # type: ignore[misc]  # pymilvus publishes no types
    """`AsyncMilvusClient` whose data calls are timed and always end; bound to the loop thread."""

    def __init__(self, *, defaults: Defaults, **kwargs: Any) -> None:
        self.defaults = defaults
        super().__init__(**kwargs)

    search = _async("search", "search")
    hybrid_search = _async("hybrid_search", "search")
    query = _async("query", "search")
    insert = _async("insert", "write")
    upsert = _async("upsert", "write")
    delete = _async("delete", "write")
