"""What a list in the plan sweeps over: series for charts, and the scalability law where it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.bench.plan import CellKey
from core.bench.records import CellResult
from core.bench.usl import Scalability, fit

Axis = Literal["count", "concurrency", "consistency", "rtt_ms", "load"]
_NEUTRAL: dict[str, object] = {
    "count": 0,
    "concurrency": 0,
    "consistency": "Strong",
    "rtt_ms": 0.0,
    "load": "",
}


@dataclass(frozen=True)
class Series:
    """Cells that differ in the axis alone, in its order. `of` is the key with the axis left neutral."""

    axis: Axis
    of: CellKey
    cells: tuple[CellResult, ...]

    @property
    def values(self) -> tuple[object, ...]:
        """Where each cell lies on the axis; a concurrency of "all at once" is the number of calls."""
        if self.axis == "concurrency":
            return tuple(cell.key.limit for cell in self.cells)
        return tuple(getattr(cell.key, self.axis) for cell in self.cells)

    @property
    def throughputs(self) -> tuple[float | None, ...]:
        """Calls a second of each cell."""
        return tuple(cell.throughput for cell in self.cells)

    def scalability(self) -> Scalability:
        """The scalability law over this series' rounds; only a concurrency sweep has one."""
        if self.axis != "concurrency":
            return Scalability(False, "Only a sweep of the concurrency follows this law.")
        pairs = [(cell.key.limit, item.throughput) for cell in self.cells for item in cell.counted]
        return fit([level for level, _ in pairs], [throughput for _, throughput in pairs])


def series(cells: Sequence[CellResult], axis: Axis) -> tuple[Series, ...]:
    """Every series of at least two measured cells along the axis."""
    groups: dict[CellKey, list[CellResult]] = {}
    for cell in cells:
        if cell.valid:
            groups.setdefault(_without(cell.key, axis), []).append(cell)
    return tuple(
        Series(axis, key, tuple(_ordered(group, axis))) for key, group in groups.items() if len(group) > 1
    )


def swept(cells: Sequence[CellResult]) -> tuple[Axis, ...]:
    """The axes along which a run has series."""
    axes: tuple[Axis, ...] = ("count", "concurrency", "consistency", "rtt_ms", "load")
    return tuple(axis for axis in axes if series(cells, axis))


def _without(key: CellKey, axis: Axis) -> CellKey:
    return CellKey(**{**key.to_json(), axis: _NEUTRAL[axis]})


def _ordered(cells: Iterable[CellResult], axis: Axis) -> list[CellResult]:
    levels = ("Strong", "Session", "Bounded", "Eventually")
    orders = {
        "concurrency": lambda cell: cell.key.limit,
        "consistency": lambda cell: levels.index(cell.key.consistency),
        "load": lambda cell: cell.offered_rate or 0.0,
    }
    return sorted(cells, key=orders.get(axis, lambda cell: getattr(cell.key, axis)))
