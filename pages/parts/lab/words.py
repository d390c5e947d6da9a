"""Cells, numbers, flags and states of a benchmark in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core import bench
from pages.parts import palette
from pages.parts.units import count

_NO_NAME = re.compile(r"[^\w .+-]")

FAMILIES = {
    "insert": "Inserts",
    "search": "Searches",
    "read": "Reads",
    "upsert": "Upserts",
    "delete": "Deletes",
    "clear": "Clearing",
    "question": "Whole questions",
}

MODES = {
    "sequential": "one call after the other",
    "threads": "a pool of threads, each with a blocking call",
    "asyncio": "all calls at once on an event loop",
    "batch": "one call with all items, where the API has one",
    "open": "calls that arrive at random at a set rate, whether or not the last has ended",
}

FLAGS = {
    "unstable": "Unstable rounds",
    "slow_first": "Slow first round",
    "drift": "Drift",
    "client_cpu": "Client at its limit",
    "errors": "Failed calls",
    "fake_async": "Async in name only",
    "rtt": "Round trip off target",
}

FLAG_MEANINGS = {
    "unstable": "The rounds differ a lot: something else used the machine or the server. Trust the interval, "
    "not the single number, or run again when it is quiet.",
    "slow_first": "The first measured round was much slower than the rest: something was still warming up.",
    "drift": "The rounds became steadily slower or faster, which the mean hides: look at the rounds in the "
    "table.",
    "client_cpu": "This process kept a whole core busy, so part of what was measured is Python, not Milvus.",
    "errors": "Failed calls are counted and not timed, so the speed is that of the calls that worked.",
    "fake_async": "The method is declared async but did not let other calls go on while it waited.",
    "rtt": "The network round trip that was achieved is not the one that was asked for.",
}

ASYNC = {
    "native": "Calls truly overlap on the event loop: waiting costs nothing.",
    "threads": "The method hands its work to threads: it gains what threads gain, and no more.",
    "blocking": "The method blocks the event loop: while one call waits, so does everything else.",
}

STATES = {
    "running": ":blue-badge[:material/progress_activity: running]",
    "open": ":blue-badge[:material/how_to_vote: open]",
    "complete": ":green-badge[:material/check: complete]",
    "incomplete": ":orange-badge[:material/warning: incomplete]",
    "cancelled": ":gray-badge[:material/stop_circle: cancelled]",
}


@dataclass(frozen=True, order=True)
class Condition:
    """Under what cells were measured that are compared with each other."""

    count: int
    consistency: str
    rtt_ms: float

    @classmethod
    def of(cls, key: bench.CellKey) -> Condition:
        """The condition of a cell."""
        return cls(key.count, key.consistency, key.rtt_ms)

    @property
    def label(self) -> str:
        """`100 calls · Strong · +50 ms round trip`."""
        parts = [count(self.count, "call"), self.consistency]
        return " · ".join([*parts, f"+{self.rtt_ms:g} ms round trip"] if self.rtt_ms else parts)


def brief(condition: Condition, among: Sequence[Condition]) -> str:
    """Only what tells this condition from the others; the whole label when it is the only one."""
    parts = []
    if len({item.count for item in among}) > 1:
        parts.append(count(condition.count, "call"))
    if len({item.consistency for item in among}) > 1:
        parts.append(condition.consistency)
    if len({item.rtt_ms for item in among}) > 1:
        parts.append(f"+{condition.rtt_ms:g} ms" if condition.rtt_ms else "no added round trip")
    return " · ".join(parts) or condition.label


def work(key: bench.CellKey) -> str:
    """What was called: `LlamaIndex query`."""
    return f"{palette.engine(key.framework).label} {operation(key)}"


def operation(key: bench.CellKey) -> str:
    """Its name; a colleague's file may hold anything, and charts understand tags."""
    return _NO_NAME.sub("", key.operation)[:60]


def how(key: bench.CellKey) -> str:
    """How the calls were issued, briefly: `64 threads`, `asyncio ≤ 32`."""
    if key.mode == "threads":
        return count(key.concurrency, "thread")
    if key.mode == "asyncio":
        return f"asyncio ≤ {key.concurrency}" if key.concurrency else "asyncio"
    if key.mode == "open":
        return f"open loop {key.load}".strip()
    return {"sequential": "one by one", "batch": "one batch"}.get(key.mode, "another way")


def factor(value: float) -> str:
    """A speed-up with as many digits as it deserves: two below 1, none from 10 on."""
    if value >= 9.95:
        return f"{value:,.0f}×"
    return f"{value:.1f}×" if value >= 0.95 else f"{value:.2f}×"


def interval(low: float | None, high: float | None) -> str:
    """`3.6 to 17`; empty without an interval."""
    if low is None or high is None:
        return ""
    return f"{factor(low)[:-1]} to {factor(high)[:-1]}"


def rate(value: float | None) -> str:
    """Calls a second: `0.42/s`, `37/s`, `1,240/s`; a dash for None."""
    if value is None:
        return "–"
    if value < 0.995:
        return f"{value:.2f}/s"
    return f"{value:.1f}/s" if value < 9.95 else f"{value:,.0f}/s"


def clock(seconds: float) -> str:
    """A time that goes on, in whole seconds: `7 s`, `1 min 05 s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """A duration that was foretold, with no more digits than it deserves: `20 s`, `3 min`, `1.5 h`."""
    if seconds < 1.5:
        return "1 s"
    if seconds < 10:
        return f"{seconds:.0f} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"


def done(result: bench.RunResult) -> str:
    """How much of a benchmark is there, as the beginning of a sentence."""
    whole = sum(cell.state == "complete" and bool(cell.counted) for cell in result.cells)
    part = sum(bool(cell.rounds) for cell in result.cells if cell.state != "complete")
    begun = f" and {part:,} measured in part" if part else ""
    return f"{count(whole, 'cell is', 'cells are')} whole{begun}"
