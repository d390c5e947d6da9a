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
# Share of the round in which the loop stood still.
STUCK = 0.5


def judge(key: CellKey, rounds: Sequence[Round]) -> AsyncKind | None:
    """What the counted rounds of an asyncio cell prove; None when they prove nothing.

    Calls that were handed to threads unmask `to_thread`. A loop that stood still while one call was
    under way, or that stood still without this process computing, was blocked by the method. Calls
    that overlapped otherwise are native.
    """
    counted = [item for item in rounds if item.counted]
    if key.mode not in {"asyncio", "open"} or key.limit < FEWEST_AT_ONCE or key.count < FEWEST_CALLS:
        return None
    if not counted:
        return None
    if median(item.offloaded / max(len(item.samples), 1) for item in counted) >= STUCK:
        return "threads"
    stuck = median(item.stalled for item in counted)
    idle = median(item.stalled - item.cpu for item in counted)
    at_once = median(item.in_flight for item in counted)
    if (at_once <= ALONE and stuck >= STUCK) or idle >= STUCK:
        return "blocking"
    return "native" if at_once >= OVERLAPPING else None


def flag(kind: AsyncKind | None, in_flight: float, limit: int) -> Flag | None:
    """What to tell the reader of a method that is async in name only."""
    if kind == "threads":
        return Flag("fake_async", "This async method hands its work to threads: it gains what threads gain.")
    if kind == "blocking":
        text = f"This async method blocks the event loop: {in_flight:.1f} of {limit} calls were under way."
        return Flag("fake_async", text)
    return None
