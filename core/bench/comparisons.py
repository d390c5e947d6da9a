"""Which cells are set against each other: modes, frameworks, consistency levels, round trips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.bench import statistics
from core.bench.operations import TABLE
from core.bench.plan import CellKey
from core.bench.records import CellResult, Ratio


class Results:
    """Finished cells, found by what differs between them."""

    def __init__(self, cells: Sequence[CellResult]) -> None:
        self.cells = [cell for cell in cells if cell.valid]
        self._by_key = {cell.key: cell for cell in self.cells}

    def twin(self, cell: CellResult, **changes: object) -> CellResult | None:
        """The cell that differs from this one in `changes` alone."""
        return self._by_key.get(replace(cell.key, **changes))  # type: ignore[arg-type]  # field names

    def sequential(self, cell: CellResult) -> CellResult | None:
        """The sequential cell of the same work."""
        return self.twin(cell, mode="sequential", concurrency=1, load="")

    def baseline(self, cell: CellResult) -> CellResult | None:
        """The bare pymilvus cell that does the same, in the same mode."""
        bare = TABLE[cell.key.framework, cell.key.operation].baseline
        return self.twin(cell, framework="pymilvus", operation=bare) if bare else None

    def alternatives(self, cell: CellResult) -> list[CellResult]:
        """The same work in every mode and width, this cell among them."""
        return [other for other in self.cells if _work(other.key) == _work(cell.key)]

    def ratio(self, of: CellResult | None, over: CellResult | None) -> Ratio | None:
        """How many times the throughput of `over` the cell `of` reached."""
        if of is None or over is None:
            return None
        return statistics.ratio(of.key.label, over.key.label, of.rounds, over.rounds)


def ratios(cells: Sequence[CellResult]) -> tuple[Ratio, ...]:
    """Every ratio worth showing, each pair once."""
    results = Results(cells)
    pairs = {(of.key, over.key): (of, over) for of, over in _pairs(results) if of.key != over.key}
    found = (results.ratio(of, over) for of, over in pairs.values())
    return tuple(ratio for ratio in found if ratio is not None)


def _pairs(results: Results) -> Iterator[tuple[CellResult, CellResult]]:
    for cell in results.cells:
        if cell.key.mode == "open":
            continue
        others = [
            results.sequential(cell),
            results.twin(cell, consistency="Strong"),
            results.baseline(cell),
            _other_framework(results, cell),
        ]
        if cell.key.mode == "batch":
            others.append(results.twin(cell, mode="asyncio", concurrency=0))
        if cell.key.mode == "asyncio":
            others += [other for other in results.alternatives(cell) if other.key.mode == "threads"]
        if cell.key.rtt_ms == 0:
            others += [results.twin(cell, rtt_ms=rtt) for rtt in {item.key.rtt_ms for item in results.cells}]
        yield from ((cell, other) for other in others if other is not None)


def _other_framework(results: Results, cell: CellResult) -> CellResult | None:
    """LangChain's counterpart of a LlamaIndex cell, where the run has exactly one."""
    if cell.key.framework != "llamaindex":
        return None
    mine = TABLE[cell.key.framework, cell.key.operation]
    found = [
        other
        for other in results.cells
        if other.key == replace(cell.key, framework="langchain", operation=other.key.operation)
        and TABLE[other.key.framework, other.key.operation].family == mine.family
    ]
    return found[0] if len(found) == 1 else None


def _work(key: CellKey) -> tuple[object, ...]:
    return key.framework, key.operation, key.count, key.consistency, key.rtt_ms, key.load
