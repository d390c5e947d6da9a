"""What changed between two benchmarks, drawn: which cells became faster or slower."""

from __future__ import annotations

import streamlit as st

from core import bench, history
from pages.parts import palette
from pages.parts.lab import drawing, scope, speedup, words
from pages.parts.lab.speedup import Bar
from pages.parts.safe_text import plain
from pages.parts.units import count

_MARKS = {
    "regression": ":red-badge[:material/trending_down: slower]",
    "improvement": ":green-badge[:material/trending_up: faster]",
    "chance": ":gray-badge[≈ perhaps by chance]",
    "same": ":gray-badge[≈ no measurable difference]",
    "unknown": ":gray-badge[one round, no interval]",
    "invalid": ":orange-badge[not comparable]",
}


def draw(now: bench.RunResult, found: history.Comparison) -> None:
    """The ratios of throughputs, then every cell."""
    _chart(now, found)
    st.caption(
        f"Runs of the same thing may differ by {found.tolerance:.0%}: only an interval that lies wholly "
        "beyond that is called faster or slower."
    )
    with st.expander(f"{count(len(found.cells), 'cell')} in both runs", icon=":material/table:"):
        st.table([_record(change) for change in found.cells], border="horizontal", hide_index=True)


def _chart(now: bench.RunResult, found: history.Comparison) -> None:
    bars = [bar for change in found.cells if (bar := _bar(now, change)) is not None]
    if not bars:
        return
    st.markdown("**Throughput of this run over that of the earlier one**")
    span, panels = speedup.limits(bars), speedup.panels(bars)
    with st.grid(2, min_column_width=420):
        for condition in scope.conditions(now.cells):
            if condition in panels:
                name = words.brief(condition, list(panels))
                with st.container(border=True, gap="xsmall"):
                    st.markdown(f"**{name}**")
                    key = f"change-{found.before}-{found.now}-{name}"
                    drawn = speedup.figure(panels[condition], span)
                    st.plotly_chart(drawn, config=drawing.CONFIG, key=key, alt=plain(found.summary))


def _bar(now: bench.RunResult, change: history.CellChange) -> Bar | None:
    cell, ratio = now.cell(change.label), change.ratio
    if cell is None or ratio is None:
        return None
    return Bar(cell.key, cell.key, ratio.ratio, ratio.low, ratio.high, ratio.pairs)


def _record(change: history.CellChange) -> dict[str, str]:
    ratio = change.ratio
    told = "–"
    if ratio is not None:
        told = f"{words.factor(ratio.ratio)} :small[:gray[{words.interval(ratio.low, ratio.high)}]]"
    return {
        "Cell": _name(change.label),
        "Before": words.rate(change.before),
        "Now": words.rate(change.now),
        "Ratio": told,
        "Change": _MARKS[change.change],
    }


def _name(label: str) -> str:
    """`LlamaIndex query, asyncio` and what else the label holds."""
    name, _, details = label.partition("@")
    framework, _, rest = name.partition(".")
    return (
        f"{palette.engine(framework).label} {plain(rest.replace('.', ', '))} :small[:gray[{plain(details)}]]"
    )
