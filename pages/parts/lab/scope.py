"""Which part of a run is looked at: one kind of operation, one condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from core import bench
from pages.parts.lab import words
from pages.parts.lab.words import Condition

_STRICTNESS = ("Eventually", "Bounded", "Session", "Strong")


@dataclass(frozen=True)
class Scope:
    """The measured cells of one family, the conditions that they have, and the one to look at closely."""

    family: str
    cells: tuple[bench.CellResult, ...]
    conditions: tuple[Condition, ...]
    condition: Condition

    @property
    def close(self) -> tuple[bench.CellResult, ...]:
        """The cells of the condition that is looked at closely."""
        return tuple(cell for cell in self.cells if Condition.of(cell.key) == self.condition)

    @property
    def widths(self) -> tuple[int, ...]:
        """Every concurrency that was measured, 0 for "all at once"."""
        return tuple(sorted({cell.key.concurrency for cell in self.cells}))

    @property
    def suffix(self) -> str:
        """What to add to a title when the condition had to be chosen."""
        return f", {words.brief(self.condition, self.conditions)}" if len(self.conditions) > 1 else ""


def family_of(key: bench.CellKey) -> str:
    """What an operation does; a name that is not known (a colleague's newer Tandem) stands for itself."""
    operation = bench.TABLE.get((key.framework, key.operation))
    return operation.family if operation else key.operation


def families(cells: Iterable[bench.CellResult]) -> tuple[str, ...]:
    """The families that were measured, in the order of the run."""
    return tuple(dict.fromkeys(family_of(cell.key) for cell in cells if cell.valid))


def conditions(cells: Iterable[bench.CellResult]) -> tuple[Condition, ...]:
    """The conditions of some cells: few calls before many, lenient before strict, near before far."""
    found = {Condition.of(cell.key) for cell in cells}
    return tuple(sorted(found, key=lambda it: (it.count, _STRICTNESS.index(it.consistency), it.rtt_ms)))


def of(result: bench.RunResult, family: str, condition: Condition | None = None) -> Scope:
    """The scope of a family; without a condition, the most demanding one is looked at."""
    cells = tuple(cell for cell in result.cells if cell.valid and family_of(cell.key) == family)
    known = conditions(cells)
    return Scope(family, cells, known, condition if condition in known else known[-1])


def choose(result: bench.RunResult) -> Scope | None:
    """Let the reader choose; None when nothing was measured."""
    offered = families(result.cells)
    if not offered:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        family = _family(result, offered)
        scope = of(result, family)
        if len(scope.conditions) > 1:
            condition = st.selectbox(
                "Condition",
                scope.conditions[::-1],
                format_func=lambda item: item.label,
                key=f"condition-{result.run_id}-{family}",
                label_visibility="collapsed",
                width=330,
            )
            scope = of(result, family, condition)
    return scope


def _family(result: bench.RunResult, offered: tuple[str, ...]) -> str:
    if len(offered) == 1:
        return offered[0]
    chosen: str = st.segmented_control(
        "Operation",
        offered,
        format_func=lambda name: words.FAMILIES.get(name, name),
        default=most_telling(result, offered),
        required=True,
        label_visibility="collapsed",
        key=f"family-{result.run_id}",
    )
    return chosen


def most_telling(result: bench.RunResult, offered: tuple[str, ...]) -> str:
    """The family in which the modes differ most."""
    greatest = dict.fromkeys(offered, 0.0)
    keys = {cell.key.label: cell.key for cell in result.cells}
    for ratio in result.ratios:
        of_key, over = keys.get(ratio.of), keys.get(ratio.over)
        if of_key and over and over.mode == "sequential" and family_of(of_key) in greatest:
            family = family_of(of_key)
            greatest[family] = max(greatest[family], ratio.low or 0.0)
    return max(greatest, key=lambda name: greatest[name])
