"""Who is here, so that work ends when nobody is left to see it.

Streamlit says that a session is gone on every dropped websocket: a closed tab, but also a network
blip or F5, which comes back within seconds. So an owner's work is ended at once only where that costs a
person nothing (answers, which belong to one session), and after a pause where it would (an ingest,
which belongs to the workspace and which F5 must find again).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

PAUSE = 45.0


class Presence:
    """Counts who is present for each owner; calls `ended(owner)` when the last one has been gone a while."""

    def __init__(self, ended: Callable[[str], None], pause: float = PAUSE) -> None:
        self._ended = ended
        self._pause = pause
        self._here: Counter[str] = Counter()
        self._timers: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    def enter(self, owner: str) -> None:
        """Somebody is here for this owner; a pending end is called off."""
        with self._lock:
            self._here[owner] += 1
            timer = self._timers.pop(owner, None)
        if timer:
            timer.cancel()

    def leave(self, owner: str) -> None:
        """Somebody left; the owner ends after the pause unless somebody enters."""
        with self._lock:
            self._here[owner] -= 1
            if self._here[owner] > 0:
                return
            del self._here[owner]
            earlier = self._timers.pop(owner, None)
            timer = self._timers[owner] = threading.Timer(self._pause, self._end, (owner,))
            timer.daemon = True
        if earlier:
            earlier.cancel()
        timer.start()

    def _end(self, owner: str) -> None:
        with self._lock:
            if owner in self._here or threading.current_thread() is not self._timers.get(owner):
                return
            del self._timers[owner]
        self._ended(owner)
