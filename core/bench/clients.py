"""The clients of a run. Importing this module imports pymilvus: import it inside functions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from core.milvus import Clients
from core.milvus.clients import Defaults, TimedAsyncMilvusClient, TimedMilvusClient, WriteLocks

_CONNECT_SECONDS = 10.0


class _QueueLocks(WriteLocks):
    """Write locks whose asynchronous side queues.

    A collection of a run is written by threads or by coroutines, never by both at once, so the
    coroutines need not poll a thread's lock: a hundred that poll would be measured as slowness.
    """

    def __init__(self, enabled: bool) -> None:
        super().__init__(enabled)
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def ahold(self, collection: str) -> AsyncIterator[None]:
        """Hold the collection's lock, first come first served."""
        if not self.enabled:
            yield
            return
        async with self._queues[collection]:
            yield


def open_clients(args: dict[str, Any], timeout: float, *, lite: bool) -> tuple[Clients, Defaults]:
    """A blocking client and its twin over connections of their own; `timeout` may be changed later.

    They leave the consistency level to the collection, as the frameworks' own clients do.
    """
    defaults = Defaults(timeout, None, _QueueLocks(enabled=lite))
    clients = Clients(
        TimedMilvusClient(defaults=defaults, timeout=_CONNECT_SECONDS, dedicated=True, **args),
        TimedAsyncMilvusClient(defaults=defaults, timeout=_CONNECT_SECONDS, dedicated=True, **args),
    )
    return clients, defaults
