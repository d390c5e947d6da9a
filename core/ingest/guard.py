"""One writer a workspace: a lock inside the process, a lease across processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from core.catalogue.lease import RENEW, Lease
from core.errors import StorageError, TandemError
from core.ingest.records import Progress
from core.loop import get_loop
from core.loop.kept import kept

if TYPE_CHECKING:
    from core.workspace import Workspace

T = TypeVar("T")

_LOOK_AGAIN = 0.25


async def alone(workspace: Workspace, progress: Progress, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` while nobody else writes to the workspace, waiting for whoever does."""
    lock = _lock(workspace)
    if lock.locked():
        _say_waiting(progress)
    async with lock:
        lease = Lease(workspace.catalogue, workspace.name)
        while not await get_loop().blocking(lease.acquire):
            _say_waiting(progress)
            await asyncio.sleep(_LOOK_AGAIN)  # another process holds it: there is nothing to await
        return await _holding(lease, work)


async def alone_or_not_at_all(workspace: Workspace, work: Callable[[], Awaitable[T]]) -> T | None:
    """Do `work` if nobody writes to the workspace, else return None at once."""
    lock = _lock(workspace)
    if lock.locked():
        return None
    async with lock:
        lease = Lease(workspace.catalogue, workspace.name)
        return await _holding(lease, work) if await get_loop().blocking(lease.acquire) else None


async def _holding(lease: Lease, work: Callable[[], Awaitable[T]]) -> T:
    try:
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(_keep(lease))
            try:
                return await work()
            finally:
                keeper.cancel()
    except BaseExceptionGroup as failures:
        raise reason(failures) from failures
    finally:
        with suppress(StorageError):  # on a full disk; the next one takes it over
            await asyncio.shield(get_loop().blocking(lease.release))


async def _keep(lease: Lease) -> None:
    while True:
        await asyncio.sleep(RENEW)
        if not await get_loop().blocking(lease.renew):
            raise StorageError(
                "This ingest was interrupted for so long that another one has taken over: run it again."
            )


def reason(failures: BaseException) -> BaseException:
    """The one failure to report of a group: what a person can act on, else the first."""
    if not isinstance(failures, BaseExceptionGroup):
        return failures
    each = [reason(failure) for failure in failures.exceptions]
    return next((failure for failure in each if isinstance(failure, TandemError)), each[0])


def _lock(workspace: Workspace) -> asyncio.Lock:
    key = (id(asyncio.get_running_loop()), workspace.catalogue.url, workspace.name)
    locks: WeakValueDictionary[tuple[int, str, str], asyncio.Lock] = kept("ingest locks", WeakValueDictionary)
    return locks.setdefault(key, asyncio.Lock())


def _say_waiting(progress: Progress) -> None:
    progress.update(
        stage="waiting",
        done=0,
        total=0,
        message="Another ingest is writing to this workspace; waiting for it.",
    )
