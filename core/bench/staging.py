"""The temporary collections of a run: named, made and filled before the clock, and dropped."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from core.bench.operations import Operation, Stage
from core.loop.kept import kept
from core.milvus import Backend

PREFIX = "tandem_bench_"
# A workspace may be called "bench", so the prefix alone proves nothing.
_NAME = re.compile(PREFIX + r"h([0-9a-f]{6})_p(\d+)_t([0-9a-f]+)_\d+(_\d+)?")
_OTHER_HOST_SECONDS = 6 * 3600
_AT_ONCE = 16
_WAIT_SECONDS = 8.0


class Collections:
    """Names, makes and drops the collections of one run; safe from any thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._mark = f"t{time.time_ns():x}"
        self._stem = f"{PREFIX}h{_host()}_p{os.getpid()}_{self._mark}_"
        self._count = 0
        self._preparing = 0
        self._closed = False
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        _active().add(self._mark)

    def name(self) -> str:
        """A fresh collection name."""
        with self._lock:
            self._count += 1
            return f"{self._stem}{self._count}"

    def prepare_all(self, wanted: Sequence[tuple[Operation, Stage]]) -> list[Any]:
        """`prepare` for several at once: on a server one takes seconds, and twelve hardly longer.

        Blocks. In the place of a store that could not be made stands the exception.
        """
        with self._lock:
            self._preparing += 1
        try:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tandem-stage") as pool:
                return list(pool.map(lambda pair: _attempt(*pair), wanted))
        finally:
            self._prepared()

    def drop(self, names: Sequence[str]) -> None:
        """Drop collections, and those whose names go on from theirs; blocks."""
        found = [item for item in self.backend.collections(self._stem) if _stem_of(item) in set(names)]
        drop_all(self.backend, found)

    def close(self) -> None:
        """Drop everything that this run made; blocks, and leaves to `leftovers` what cannot be dropped.

        A run that is cancelled may be making collections: waits some seconds for that, and what is
        made later still is dropped by whoever made it.
        """
        with self._idle:
            self._idle.wait_for(lambda: self._preparing == 0, _WAIT_SECONDS)
            self._closed = True
        self._sweep()
        _active().discard(self._mark)

    def _prepared(self) -> None:
        with self._idle:
            self._preparing -= 1
            self._idle.notify_all()
            late = self._closed
        if late:
            self._sweep()

    def _sweep(self) -> None:
        with suppress(Exception):  # the run's own error matters more; the leftovers can be found
            drop_all(self.backend, self.backend.collections(self._stem))


def prepare(operation: Operation, stage: Stage) -> Any:
    """The store over a collection that is made, filled, visible and loaded; blocks."""
    store = operation.kit.open(stage)
    if operation.family == "clear":
        return store
    if operation.filled:
        operation.kit.fill(store, stage)
        stage.backend.finish_sync(stage.collection)
    else:
        stage.backend.wait_loaded(stage.collection)
    return store


def _attempt(operation: Operation, stage: Stage) -> Any:
    try:
        return prepare(operation, stage)
    except Exception as error:  # noqa: BLE001 - handed to the run, which records it with the cell
        return error


def leftovers(backend: Backend) -> list[str]:
    """Temporary collections whose run no longer exists; blocks. Never a user's own."""
    return [name for name in backend.collections(PREFIX) if _abandoned(name)]


def drop_all(backend: Backend, names: Sequence[str]) -> None:
    """Drop collections, several at once; blocks."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tandem-drop") as pool:
        list(pool.map(backend.drop, names))


def _abandoned(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    host, pid, mark = found[1], int(found[2]), found[3]
    started = int(mark, 16) / 1e9
    if host != _host():
        return time.time() - started > _OTHER_HOST_SECONDS
    if pid == os.getpid():
        return f"t{mark}" not in _active()
    return not _lived_at(pid, started)


def _lived_at(pid: int, moment: float) -> bool:
    """Whether the process of that number lives and is the one that lived at that moment."""
    import psutil

    try:
        return bool(psutil.Process(pid).create_time() <= moment)
    except psutil.Error:
        return False


def _stem_of(name: str) -> str:
    """The collection that a numbered one belongs to."""
    found = _NAME.fullmatch(name)
    return name.removesuffix(found[4] or "") if found else name


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def _active() -> set[str]:
    return kept("bench runs", set)
