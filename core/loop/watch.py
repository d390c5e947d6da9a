"""Watches that nothing blocks the event loop, and says what did."""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, replace
from types import FrameType

PERIOD_SECONDS = 0.1
STALL_SECONDS = 0.25

_log = logging.getLogger("tandem.loop")


@dataclass(frozen=True)
class Stall:
    """The loop thread was blocked: when (seconds since the epoch), how long (s), and by what."""

    at: float
    seconds: float
    stack: str


@dataclass(frozen=True)
class Metrics:
    """The health of the loop; lags are seconds over the last minute.

    `oldest` is the name and age in seconds of the longest-running task. `stalls` keeps the last 20.
    """

    lag_p50: float
    lag_max: float
    in_flight: int
    oldest: tuple[str, float] | None
    stalls: tuple[Stall, ...]


class Watcher:
    """A thread that pings the loop ten times a second (0.3% of a core)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        self._loop = loop
        self._ident = ident
        self._lags: deque[float] = deque([0.0], maxlen=600)
        self._stalls: deque[Stall] = deque(maxlen=20)
        self._sent: float | None = None
        self._stalled = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tandem-watch", daemon=True)
        self._thread.start()

    def lags(self) -> tuple[float, float]:
        """Median and largest lag in seconds, a ping that is still unanswered included."""
        sent, lags = self._sent, list(self._lags)
        waiting = 0.0 if sent is None else time.monotonic() - sent
        return statistics.median(lags), max(waiting, *lags)

    def stalls(self) -> tuple[Stall, ...]:
        """The last stalls, oldest first."""
        return tuple(self._stalls)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            try:
                self._look(time.monotonic())
            except RuntimeError:  # the loop has been closed
                return

    def _look(self, now: float) -> None:
        sent = self._sent
        if sent is None:
            self._sent = now
            self._loop.call_soon_threadsafe(self._answer, now)
        elif now - sent >= STALL_SECONDS and not self._stalled:
            self._accuse(now - sent)

    def _accuse(self, seconds: float) -> None:
        frame = sys._current_frames().get(self._ident)  # noqa: SLF001 - the documented way to see another thread
        if frame is None or frame.f_code.co_filename.endswith("selectors.py"):
            return  # it waits for work: the whole process was starved, nobody blocks the loop
        stack = _describe(frame)
        self._stalls.append(Stall(time.time(), seconds, stack))
        self._stalled = True
        _log.warning("The event loop has been blocked for %.2f s by:\n%s", seconds, stack)

    def _answer(self, sent: float) -> None:
        lag = time.monotonic() - sent
        self._lags.append(lag)
        if self._stalled:
            self._stalls[-1] = replace(self._stalls[-1], seconds=lag)
            self._stalled = False
        self._sent = None


def _describe(frame: FrameType) -> str:
    return "".join(traceback.format_list(traceback.extract_stack(frame)[-10:]))
