"""The one number of each kind of operation, for whoever reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import bench
from pages.parts.lab import scope, speedup, words
from pages.parts.lab.speedup import Bar


@dataclass(frozen=True)
class Hero:
    """What stands large, what above it, and what below it."""

    title: str
    number: str
    meaning: str


def heroes(result: bench.RunResult) -> list[Hero]:
    """One for each family whose modes were compared, under the most demanding condition."""
    found = []
    for family in scope.families(result.cells):
        chosen = scope.of(result, family)
        bars = speedup.panels(speedup.bars(result, chosen).get("modes", ())).get(chosen.condition)
        if bars:
            found.append(_hero(words.FAMILIES.get(family, family), chosen.condition.label, bars))
    return found


def _hero(name: str, condition: str, bars: list[Bar]) -> Hero:
    title = f"{name} · {condition}"
    bars = [bar for bar in bars if bar.key.framework != "pymilvus"] or bars
    clear = [bar for bar in bars if bar.different and bar.value > 1]
    if not clear and any(bar.low is not None for bar in bars):
        return Hero(title, "≈ 1×", "No mode is measurably faster than one call after the other")
    best = max(clear or bars, key=lambda bar: bar.value)
    spread = words.interval(best.low, best.high) or "one round, no interval"
    how = f"{words.work(best.key)} by {words.how(best.key)}, against one call after the other"
    return Hero(title, words.factor(best.value), f"{how} ({spread})")


def draw(result: bench.RunResult) -> None:
    """A row of cards; nothing when no modes were compared."""
    found = heroes(result)
    if not found:
        return
    with st.grid(min(len(found), 4), min_column_width=260):
        for hero in found:
            with st.container(border=True, gap=None, height="stretch"):
                st.caption(hero.title)
                st.markdown(f"# {hero.number}", anchors=False)
                st.caption(hero.meaning)
