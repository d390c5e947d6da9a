"""Two runs of the history side by side: what became faster or slower, and whether that can be told."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, bench, history
from pages.parts import palette, states
from pages.parts.lab import drawing, runs, scope, speedup, words
from pages.parts.lab.speedup import Bar
from pages.parts.safe_text import plain
from pages.parts.units import count

_PARAMETER = "with"
_MARKS = {
    "regression": ":red-badge[:material/trending_down: slower]",
    "improvement": ":green-badge[:material/trending_up: faster]",
    "same": ":gray-badge[≈ no measurable difference]",
    "unknown": ":gray-badge[one round, no interval]",
    "invalid": ":orange-badge[not comparable]",
}


def wanted() -> str:
    """The id of the earlier run that the open one is to be compared with; empty for none."""
    found: str = st.query_params.get(_PARAMETER, "")
    return found


def against(run_id: str) -> None:
    """Compare the open run with this one; for callbacks. Empty ends the comparison."""
    if run_id:
        st.query_params[_PARAMETER] = run_id
    elif _PARAMETER in st.query_params:
        del st.query_params[_PARAMETER]


def draw(workspace: Workspace, now: bench.RunResult, before_id: str) -> None:
    """The comparison, or why there is none."""
    with st.container(border=True, key="comparison"):
        try:
            before = runs.open_history(workspace).result(before_id)
        except TandemError as error:
            _head("Compare")
            states.error(error)
            return
        _head(_title(before, now))
        try:
            found = history.compare(before, now)
        except TandemError as error:
            st.warning(plain(str(error)), icon=":material/balance:")
            return
        st.markdown(f"### {plain(found.summary)}", anchors=False)
        _chart(now, found)
        _details(found)


def _title(before: bench.RunResult, now: bench.RunResult) -> str:
    return (
        f"**{plain(now.plan.name)}** ({plain(now.started_at[:10])}) against the earlier "
        f"**{plain(before.plan.name)}** ({plain(before.started_at[:10])})"
    )


def _head(title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(title, width="stretch")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=against, args=("",))


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


def _details(found: history.Comparison) -> None:
    st.caption(
        f"Runs of the same thing may differ by {found.tolerance:.0%}: only an interval that lies wholly "
        "beyond that is called faster or slower."
    )
    with st.expander(f"{count(len(found.cells), 'cell')} in both runs", icon=":material/table:"):
        st.table([_record(change) for change in found.cells], border="horizontal", hide_index=True)
    if found.differences:
        total = count(len(found.differences), "difference")
        with st.expander(f"{total} of the environments", icon=":material/difference:"):
            st.markdown("\n".join(f"- {plain(text)}" for text in found.differences))
    for labels, where in ((found.only_before, "earlier"), (found.only_now, "later")):
        if labels:
            st.caption(f"Only in the {where} run: {plain(', '.join(labels))}")


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
