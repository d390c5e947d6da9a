"""From a plan to its cells: the product of its lists, less what means nothing, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from core.bench.operations import TABLE, Operation, find, names, resolve
from core.bench.plan import DEFAULT_THREADS, CellKey, Framework, ModeName, Plan
from core.errors import UsageError
from core.milvus import Backend


@dataclass(frozen=True)
class Cell:
    """A key with its operation; `note` says why it will not be measured, else ""."""

    key: CellKey
    operation: Operation
    note: str = ""


def unfold(plan: Plan, backend: Backend | None = None) -> tuple[Cell, ...]:
    """Every cell of the plan, in the order of its blocks; raise `UsageError` when there is none.

    With a backend, cells that it cannot do carry a note.
    """
    _check_names(plan)
    cells = [
        Cell(key, operation, _note(key, operation, plan, backend))
        for framework in plan.frameworks
        for operation in resolve(framework, plan.operations)
        for key in _keys(plan, framework, operation.name)
    ]
    if not cells:
        raise UsageError(
            f"None of {', '.join(plan.frameworks)} has the operation {', '.join(plan.operations)}: "
            "choose another framework or operation."
        )
    return tuple(sorted(dict.fromkeys(cells), key=_block_key))


def blocks(cells: Sequence[Cell]) -> list[tuple[Cell, ...]]:
    """Cells that are compared with each other, and so share their rounds: one family, one count."""
    return [tuple(group) for _, group in groupby(cells, key=_block_key)]


def _block_key(cell: Cell) -> tuple[int, str]:
    return cell.key.count, cell.operation.family


def _keys(plan: Plan, framework: Framework, operation: str) -> Iterator[CellKey]:
    modes = [*plan.modes, *(["open"] if plan.loads and "open" not in plan.modes else [])]
    for count, consistency, rtt, mode in product(plan.counts, plan.consistencies, plan.rtts_ms, modes):
        for width, load in _variants(plan, mode, count):  # type: ignore[arg-type]  # a list of literals
            yield CellKey(framework, operation, mode, count, width, consistency, rtt, load)  # type: ignore[arg-type]


def _variants(plan: Plan, mode: ModeName, count: int) -> list[tuple[int, str]]:
    """(concurrency, load) pairs of a mode."""
    if mode in {"sequential", "batch"}:
        return [(1, "")]
    if mode == "open":
        return [(plan.open_cap, load) for load in plan.loads or ("70%",)]
    widths = [
        width or (min(DEFAULT_THREADS, count) if mode == "threads" else 0) for width in plan.concurrencies
    ]
    return [(width, "") for width in dict.fromkeys(widths)]


def _note(key: CellKey, operation: Operation, plan: Plan, backend: Backend | None) -> str:
    if key.mode == "batch" and operation.batch:
        return operation.batch
    if key.count > operation.most:
        return f"at most {operation.most} calls can be prepared"
    if key.mode in {"threads", "asyncio"} and key.concurrency > key.count:
        return f"{key.count} calls cannot fill {key.concurrency} places"
    if backend is not None and operation.needs == "hybrid" and not backend.capabilities.hybrid:
        return f"{backend.label} has no BM25 functions"
    return ""


def _check_names(plan: Plan) -> None:
    for name in plan.operations:
        framework, _, rest = name.rpartition(".")
        known = (framework, rest) in TABLE if framework else any(find(item, rest) for item in plan.frameworks)
        if not known and not (
            framework and any(find(item, rest) for item in plan.frameworks if item == framework)
        ):
            raise UsageError(
                f"There is no operation {name!r} for {', '.join(plan.frameworks)}: choose from "
                f"insert, search, read, {', '.join(names())}."
            )
