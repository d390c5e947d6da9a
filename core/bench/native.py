"""Is an async method truly asynchronous? Judged from how its calls overlapped."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from core.bench.plan import CellKey
from core.bench.records import AsyncKind, Flag, Round

FEWEST_CALLS = 8
FEWEST_AT_ONCE = 4
# Below this, calls did not overlap; from the next on, they did.
ALONE, OVERLAPPING = 1.5, 2.0
# Share of the round in which the loop stood still; less while not even computing is suspicious, and
# proof only together with the next.
STUCK, IDLE = 0.5, 0.25
# Share of a call's own time that it kept the loop from turning.
HELD = 0.6


def judge(key: CellKey, rounds: Sequence[Round], alone: float | None = None) -> AsyncKind | None:
    """What the counted rounds of an asyncio cell prove; None when they prove nothing.

    Calls that were handed to threads unmask `to_thread`. A loop that stood still while one call was
    under way, or that stood still without this process computing, was blocked by the method. Calls
    that overlapped otherwise are native. `alone` is the seconds that one call takes by itself, where
    the run has measured it: on a busy machine a loop also stands still because it waits for the
    processor, but then by a small part of each call.
    """
    counted = [item for item in rounds if item.counted]
    if key.mode not in {"asyncio", "open"} or key.limit < FEWEST_AT_ONCE or key.count < FEWEST_CALLS:
        return None
    if not counted:
        return None
    if median(item.offloaded / max(len(item.samples), 1) for item in counted) >= STUCK:
        return "threads"
    if _blocks(counted, alone):
        return "blocking"
    overlapping = median(item.in_flight for item in counted) >= OVERLAPPING
    return "native" if overlapping else None


def flag(kind: AsyncKind | None, rounds: Sequence[Round]) -> Flag | None:
    """What to tell the reader of a method that is async in name only."""
    if kind == "threads":
        return Flag("fake_async", "This async method hands its work to threads: it gains what threads gain.")
    if kind == "blocking":
        still = median(item.stalled for item in rounds if item.counted)
        text = f"This async method blocks the event loop, which stood still for {still:.0%} of the time."
        return Flag("fake_async", text)
    return None


def _blocks(counted: Sequence[Round], alone: float | None) -> bool:
    stuck = median(item.stalled for item in counted)
    idle = median(item.stalled - item.cpu for item in counted)
    if median(item.in_flight for item in counted) <= ALONE:
        return stuck >= STUCK
    if alone is None:
        return idle >= STUCK
    held = median(item.stalled * item.seconds / max(len(item.samples), 1) for item in counted)
    return idle >= IDLE and held >= HELD * alone
