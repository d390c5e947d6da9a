"""Where a run happens: an event loop of its own, and the clients to Milvus, direct or delayed.

A run has its own loop thread, so that neither a thousand calls at once nor an "async" method that
blocks can hold up the pages' loop, and so that what is measured is not disturbed by the pages.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

from core.bench.drivers.blocking import on_thread
from core.errors import UsageError
from core.milvus import Backend, Clients
from core.milvus.proxy import DelayProxy

if TYPE_CHECKING:
    from core.bench.cells import Cell
    from core.bench.plan import Plan
    from core.milvus.clients import Defaults
    from core.models import ModelClient

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_PINGS = 9
_CLOSE_SECONDS = 2.0


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts what is handed to threads on it: an unmasked `to_thread`."""

    offloaded = 0

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Count, and do as ever."""
        self.offloaded += 1
        return super().run_in_executor(executor, func, *args)


class LoopThread:
    """A loop on a daemon thread, for one run."""

    def __init__(self) -> None:
        self.loop = CountingLoop()
        self._thread = threading.Thread(target=self._serve, name="tandem-bench-loop", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine there; from any thread."""
        return asyncio.run_coroutine_threadsafe(coro, self.loop)

    async def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Await, on the caller's loop, a coroutine that runs there."""
        return await asyncio.wrap_future(self.submit(coro))

    def close(self) -> None:
        """Stop the loop; a blocked one stops when it turns again."""
        self.loop.call_soon_threadsafe(self.loop.stop)


@dataclass(frozen=True)
class Target:
    """One way to the Milvus: direct (`rtt_ms` 0) or through a delay proxy.

    `achieved_rtt_ms` is the median of the cheapest call that Milvus answers, over this way.
    `connection_args` are what the frameworks open their own clients with.
    """

    rtt_ms: float
    achieved_rtt_ms: float
    clients: Clients
    defaults: Defaults
    connection_args: dict[str, Any]
    proxy: DelayProxy | None = None


class Lab:
    """The loop, the targets and the backend of one run; make it with `Lab.open`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.thread = LoopThread()
        self.targets: dict[float, Target] = {}
        self.model: ModelClient | None = None

    @classmethod
    async def open(cls, backend: Backend, rtts_ms: tuple[float, ...]) -> Lab:
        """Start the loop and the proxies, open and warm every client.

        Raises `UsageError` when a round trip cannot be added here, `BackendError` when a proxy does
        not start.
        """
        lab = cls(backend)
        try:
            for rtt_ms in sorted({0.0, *rtts_ms}):
                lab.targets[rtt_ms] = await lab._open_target(rtt_ms)
        except BaseException:
            await lab.close()
            raise
        return lab

    async def open_model(self, plan: Plan, cells: Sequence[Cell]) -> None:
        """Start the built-in endpoint when the cells ask whole questions."""
        from core.bench.operations.questions import open_model

        if any(cell.operation.needs == "model" for cell in cells):
            self.model = await on_thread(lambda: open_model(self.backend.settings, plan))

    async def reopen(self, rtt_ms: float) -> None:
        """Replace a target whose proxy has ended."""
        await on_thread(partial(_close_blocking, self.targets[rtt_ms]))
        self.targets[rtt_ms] = await self._open_target(rtt_ms)

    async def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Await a coroutine that runs on the run's own loop."""
        return await self.thread.run(coro)

    async def close(self) -> None:
        """Close clients and proxies; gives up on a loop that is blocked."""
        with suppress(TimeoutError):  # a blocked loop is a daemon's, and ends with the process
            await asyncio.wait_for(asyncio.shield(self.run(self._close_clients())), _CLOSE_SECONDS)
        for target in self.targets.values():
            await on_thread(partial(_close_blocking, target))
        self.thread.close()

    async def _open_target(self, rtt_ms: float) -> Target:
        target = await on_thread(lambda: _connect(self.backend, rtt_ms))
        await self.run(_warm(target))
        achieved = await on_thread(lambda: _ping(target.clients.sync, target.defaults.timeout))
        return replace(target, achieved_rtt_ms=achieved)

    async def _close_clients(self) -> None:
        from pymilvus.client.connection_manager import AsyncConnectionManager

        if self.model is not None:
            await self.model.aclose()
        for target in self.targets.values():
            await target.clients.aio.close()
        manager = AsyncConnectionManager.get_instance()
        await manager.close_all()
        # Kept under the id of the loop, which the next loop may be given again.
        AsyncConnectionManager._instances.pop(id(asyncio.get_running_loop()), None)  # noqa: SLF001


def _connect(backend: Backend, rtt_ms: float) -> Target:
    from core.bench.clients import open_clients

    args = dict(backend.connection_args)
    proxy = None
    if rtt_ms:
        proxy = DelayProxy(_tcp_address(args), rtt_ms).start()
        args["uri"] = f"http://{proxy.address}"
    try:
        clients, defaults = open_clients(args, backend.settings.milvus_timeout, lite=backend.kind == "lite")
    except BaseException:
        if proxy is not None:
            proxy.stop()
        raise
    return Target(rtt_ms, 0.0, clients, defaults, args, proxy)


def _tcp_address(args: dict[str, Any]) -> str:
    from pymilvus.client.connection_manager import ConnectionConfig

    config = ConnectionConfig.from_uri(**args)
    if config.get_handler_kwargs().get("secure") or config.uri.startswith("unix:"):
        raise UsageError(
            "A round trip can only be added to a Milvus at a plain http:// address: "
            "leave it at 0 for this one, which is reached over TLS."
        )
    return str(config.address)


async def _warm(target: Target) -> None:
    """Open the asynchronous channel, and let it answer once."""
    await target.clients.aio.list_collections(timeout=target.defaults.timeout)


def _ping(client: Any, timeout: float) -> float:
    taken = []
    for _ in range(_PINGS):
        start = perf_counter()
        client.get_server_version(timeout=timeout)
        taken.append((perf_counter() - start) * 1e3)
    return median(taken)


def _close_blocking(target: Target) -> None:
    target.clients.sync.close()
    if target.proxy is not None:
        target.proxy.stop()
