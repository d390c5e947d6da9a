"""What an operation is, and what its calls are built on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from core.bench.drivers import Work
from core.bench.lab import Target
from core.bench.plan import CellKey, Framework, Plan
from core.milvus import Backend, quote_all

T = TypeVar("T")
Family = Literal["insert", "search", "read", "upsert", "delete", "clear", "question"]
Needs = Literal["", "hybrid", "model"]

# Items beyond this many are made while the run goes on: lists of 768 numbers are 6 kB each.
MADE_BEFOREHAND = 5000
NO_BATCH = "no batch API"


@dataclass(frozen=True)
class Stage:
    """One collection and one way to it, for the calls of one cell.

    `rows` is how many rows the collection holds before the first call; `model` is the client of the
    built-in endpoint, for whole questions.
    """

    plan: Plan
    key: CellKey
    backend: Backend
    target: Target
    collection: str
    rows: int
    model: Any = None

    @property
    def count(self) -> int:
        """Calls in one round."""
        return self.key.count

    @property
    def effects(self) -> Effects:
        """A way to look at the collection that does not pass the proxy."""
        return Effects(self.backend, self.collection)


class Kit(Protocol):
    """How one framework makes and fills its collections; every method blocks."""

    def open(self, stage: Stage) -> Any:
        """The framework's store over the collection, which is made, indexed and loading when new."""
        ...

    def fill(self, store: Any, stage: Stage) -> None:
        """Put `stage.rows` rows in."""
        ...


@dataclass(frozen=True)
class Operation:
    """One call pair of one framework.

    `family` groups what is worth comparing; `baseline` is the bare operation that does the same.
    `fresh` operations change data, so each round gets a collection of its own; `filled` ones need
    rows before the clock starts. `batch` is "" where there is a batch call, else why there is none.
    `round_trips` is how many a call waits for. `most` is the largest count that can be prepared.
    """

    framework: Framework
    name: str
    family: Family
    kit: Kit
    build: Callable[[Any, Stage], Work]
    baseline: str = ""
    fresh: bool = False
    filled: bool = True
    batch: str = NO_BATCH
    round_trips: int = 1
    most: int = 100_000
    needs: Needs = ""
    shape: str = ""
    note: str = ""


@dataclass(frozen=True)
class Effects:
    """What a collection holds, read at Strong consistency over the direct way; blocks."""

    backend: Backend
    collection: str

    def rows(self) -> int:
        """Number of rows."""
        return self.backend.count(self.collection)

    def having(self, field: str, values: Iterable[str]) -> int:
        """Number of rows whose field is one of the values."""
        return self.backend.count(self.collection, tuple(values), field)

    def grew(self, before: int, ok: int, failed: int) -> str:
        """What is wrong when each good call should have added a row; a failed one may have."""
        return _between(self.rows(), before + ok, before + ok + failed)

    def shrank(self, before: int, ok: int, failed: int) -> str:
        """What is wrong when each good call should have removed a row; a failed one may have."""
        return _between(self.rows(), before - ok - failed, before - ok)

    def unchanged(self, before: int) -> str:
        """What is wrong when the number of rows should be as before."""
        return _between(self.rows(), before, before)

    def all_there(self, field: str, values: Iterable[str]) -> str:
        """What is wrong unless a row is found for each of the values (a few hundred are looked at)."""
        wanted = list(values)[:300]
        found = self.having(field, wanted) if wanted else 0
        return "" if found == len(wanted) else f"{found} of {len(wanted)} ids were found"


def lazily(count: int, make: Callable[[int], T]) -> Callable[[int], T]:
    """Items by index: made now when they are few, else when asked for."""
    if count > MADE_BEFOREHAND:
        return make
    return [make(index) for index in range(count)].__getitem__


def first_wrong(*problems: str) -> str:
    """The first problem that is one."""
    return next((problem for problem in problems if problem), "")


def filter_in(field: str, values: list[str]) -> str:
    """A Milvus filter: the field is one of the values."""
    return f"{field} in {quote_all(values)}"


def _between(found: int, low: int, high: int) -> str:
    if low <= found <= high:
        return ""
    expected = str(low) if low == high else f"{low} to {high}"
    return f"{found} rows where {expected} should be"
