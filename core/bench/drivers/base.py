"""What every driver is given and gives back, and the recorder that costs each call least."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter_ns, process_time_ns
from typing import Any, Protocol

from core.bench.samples import Samples, Status
from core.milvus.explain import is_lost

# So many failures in a row of a kind that means "nobody answers" end the round.
LOST_IN_A_ROW = 3
_MOST_KINDS = 100


@dataclass(frozen=True)
class Work:
    """The calls of one round, with their data made beforehand.

    `call(i)` blocks; `acall(i)` is its asynchronous twin; `batch()` does all of them in one call, or
    is None where there is no such API. `check(i, result)` names what is wrong with a result, or
    returns "". `verify(ok, failed)` blocks, looks at the effect of the whole round, and names what
    is wrong with it, or returns "".
    """

    count: int
    call: Callable[[int], Any]
    acall: Callable[[int], Awaitable[Any]]
    batch: Callable[[], Any] | None = None
    check: Callable[[int, Any], str] = lambda index, result: ""
    check_batch: Callable[[Any], str] = lambda result: ""
    verify: Callable[[int, int], str] = lambda ok, failed: ""


@dataclass(frozen=True)
class Drive:
    """One round, driven. Times in seconds; `cpu` is processor time of this process over `seconds`.

    `ok` counts items, so a batch of 100 counts 100 while `samples` holds its one call. `stall_ms` is
    the longest time that the loop stood still, `stalled` the share of `seconds` that such times make
    up. `offloaded` counts the calls that the code under test handed to threads.
    """

    samples: Samples
    seconds: float
    ok: int
    errors: int = 0
    incomplete: int = 0
    dropped: int = 0
    cpu: float = 0.0
    stall_ms: float | None = None
    stalled: float = 0.0
    offloaded: int = 0
    lost: bool = False
    first_error: BaseException | None = None

    @property
    def in_flight(self) -> float:
        """Mean number of calls under way: the sum of the service times over the duration."""
        samples = self.samples
        busy = sum(samples.end) - sum(samples.start)
        return busy / 1e9 / self.seconds if self.seconds > 0 else 0.0


class Driver(Protocol):
    """One way to issue the calls of a round; awaited on the loop that belongs to the run."""

    async def drive(self, work: Work, stop: Stop) -> Drive:
        """Issue the calls, and return when all have ended or `stop` is set."""
        ...


class Stop:
    """Tells drivers to issue no more calls; safe from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self.is_set = self._event.is_set

    def set(self) -> None:
        """Stop; every listener is called once, on this thread."""
        self._event.set()
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when stopped (now, if that has happened); returns how to unsubscribe."""
        self._listeners.append(listener)
        if self.is_set():
            listener()
        return lambda: self._listeners.remove(listener)


@dataclass
class Recorder:
    """Columns that calls write into by index. `origin` is the `perf_counter_ns` of the round's start."""

    size: int
    check: Callable[[int, Any], str]
    origin: int = 0
    lost: bool = False
    first_error: BaseException | None = None
    _lost_in_a_row: int = 0
    _kinds: dict[str, int] = field(default_factory=lambda: {"": 0})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        zeros = bytes(8 * self.size)
        self.due, self.start, self.end = array("q", zeros), array("q", zeros), array("q", zeros)
        self.status = array("b", [Status.INCOMPLETE]) * self.size
        self.kind = array("h", bytes(2 * self.size))

    def begin(self) -> None:
        """The round starts now."""
        self._cpu = process_time_ns()
        self.origin = perf_counter_ns()

    def done(self, index: int, due: int, start: int, end: int, result: Any) -> None:
        """The call returned; all three are `perf_counter_ns`."""
        self.due[index], self.start[index], self.end[index] = due, start, end
        if wrong := self.check(index, result):
            self._fail(index, f"wrong result: {wrong}")
            return
        self.status[index] = Status.OK
        self._lost_in_a_row = 0

    def failed(self, index: int, due: int, start: int, end: int, error: BaseException) -> None:
        """The call raised."""
        self.due[index], self.start[index], self.end[index] = due, start, end
        if self.first_error is None:
            self.first_error = error
        if is_lost(error):
            self._lost_in_a_row += 1
            self.lost = self.lost or self._lost_in_a_row >= LOST_IN_A_ROW
        else:
            self._lost_in_a_row = 0
        self._fail(index, type(error).__name__)

    def cut(self, index: int, due: int, start: int, end: int) -> None:
        """The call was cancelled while under way; it stays incomplete."""
        self.due[index], self.start[index], self.end[index] = due, start, end

    def finish(self, end: int, *, used: int | None = None, dropped: int = 0, items: int = 1) -> Drive:
        """The round ended at `end`; calls that were never issued are incomplete, without a sample.

        `used` is how many columns were filled in order, when the rest were dropped; `items` is how
        many items one call stands for.
        """
        seconds = (end - self.origin) / 1e9
        cpu = (process_time_ns() - self._cpu) / 1e9
        samples = self._samples(self.size if used is None else used)
        ok, errors = samples.count(Status.OK), samples.count(Status.ERROR)
        return Drive(
            samples=samples,
            seconds=seconds,
            ok=ok * items,
            errors=errors * items,
            incomplete=(self.size - ok - errors) * items - dropped,
            dropped=dropped,
            cpu=cpu / seconds if seconds > 0 else 0.0,
            lost=self.lost,
            first_error=self.first_error,
        )

    def _fail(self, index: int, kind: str) -> None:
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= _MOST_KINDS:
                kind = "other"
            self.kind[index] = self._kinds.setdefault(kind, len(self._kinds))
        self.status[index] = Status.ERROR

    def _samples(self, used: int) -> Samples:
        """The columns of the calls that were issued, as nanoseconds from the round's start."""
        issued = [index for index in range(used) if self.end[index]]
        whole = len(issued) == self.size
        pick = _all if whole else lambda column: array(column.typecode, (column[index] for index in issued))
        due, start, end = (
            array("q", (value - self.origin for value in pick(column)))
            for column in (self.due, self.start, self.end)
        )
        return Samples(due, start, end, pick(self.status), pick(self.kind), tuple(self._kinds))


def _all(column: array[int]) -> array[int]:
    return column
