"""How far long work has come: written by the work, read by whoever shows it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One part of the work, such as a file: its name, its state in a word, and why, when that helps."""

    name: str
    state: str
    detail: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The state of the work at one moment.

    `done` of `total` counts what the stage counts (files, chunks, calls); `total` is None while
    unknown. `started` is seconds since the epoch, `elapsed` seconds since then.
    """

    stage: str
    done: int
    total: int | None
    message: str
    started: float
    elapsed: float
    items: tuple[Item, ...]

    @property
    def fraction(self) -> float | None:
        """`done` of `total` from 0 to 1, None while the total is unknown."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else 1.0


class Progress:
    """Plain and thread-safe; knows nothing of jobs or pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stage = ""
        self._message = ""
        self._done = 0
        self._total: int | None = None
        self._items: dict[str, Item] = {}
        self.started = time.time()
        self._clock = time.monotonic()

    def update(
        self,
        *,
        stage: str | None = None,
        done: int | None = None,
        total: int | None = None,
        message: str | None = None,
    ) -> None:
        """Set what is given and leave the rest; another stage starts with nothing done or known."""
        with self._lock:
            if stage is not None and stage != self._stage:
                self._stage, self._done, self._total, self._message = stage, 0, None, ""
            self._done = self._done if done is None else done
            self._total = self._total if total is None else total
            self._message = self._message if message is None else message

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        with self._lock:
            self._done += count

    def item(self, name: str, state: str, detail: str = "") -> None:
        """Set the state of one part; parts keep the order in which they were first named."""
        with self._lock:
            self._items[name] = Item(name, state, detail)

    def file(self, name: str, state: str, detail: str = "") -> None:
        """`item`, under the name by which an ingest calls it."""
        self.item(name, state, detail)

    def snapshot(self) -> Snapshot:
        """A consistent copy of everything."""
        with self._lock:
            return Snapshot(
                self._stage,
                self._done,
                self._total,
                self._message,
                self.started,
                time.monotonic() - self._clock,
                tuple(self._items.values()),
            )
