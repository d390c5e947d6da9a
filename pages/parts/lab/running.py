"""A run under way: how far it is, each cell as it comes, and the way to end it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import bench
from pages.parts import palette
from pages.parts.lab import drawing, scope, words
from pages.parts.lab.drawing import Drawing
from pages.parts.lab.runs import Run
from pages.parts.lab.words import Condition
from pages.parts.safe_text import plain
from pages.parts.units import count

# Each drawing costs processor time that a run on Milvus Lite would use: 20 ms a second are 2%.
TICK = 1.0
_ROW = 40
_MARKS = {
    "waiting": ":gray[:material/pending:]",
    "running": ":blue[:material/progress_activity:]",
    "done": ":green[:material/check_circle:]",
}


def draw(run: Run) -> None:
    """Draw it, and go on drawing every second while it is under way; then run the page again."""

    @st.fragment(run_every=TICK if run.active else None)
    def panel() -> None:
        if not run.active:
            st.rerun()
        _panel(run, run.now)

    panel()


def _panel(run: Run, now: bench.LiveRun) -> None:
    with st.container(border=True, key="running"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = f":shimmer[**{plain(now.plan.name)}**] · {words.clock(now.elapsed)}"
            st.markdown(title, width="stretch")
            st.button("Cancel", icon=":material/close:", key=f"cancel-{run.run_id}", on_click=run.job.cancel)
        if now.phase == "queued":
            st.progress(0.0, text=_queue(now.place))
        elif now.phase == "probing":
            st.progress(0.0, text="A short probe tells how long it will take, and opens every client")
        else:
            st.progress(now.share, text=_progress(now))
    for warning in now.warnings:
        st.caption(f":orange[:material/warning:] {plain(warning)}")
    if now.cells:
        _so_far(run, now)


def _queue(place: int) -> str:
    """One benchmark per Milvus at a time."""
    ahead = "it is next" if place == 1 else f"place {place} in the queue"
    return f"Another benchmark uses this Milvus: {ahead}. It starts by itself, also when you leave the page"


def _progress(now: bench.LiveRun) -> str:
    left = f"about {words.about(now.seconds_left)} left" if now.seconds_left is not None else ""
    doing = f"{words.work(now.doing)} by {words.how(now.doing)}" if now.doing else "preparing"
    rounds = f"round {min(now.done + 1, now.total)} of {now.total}" if now.total else ""
    return " · ".join(part for part in (left, rounds, doing) if part)


def _so_far(run: Run, now: bench.LiveRun) -> None:
    block = block_of(now)
    left, right = st.columns([4, 5], gap="medium")
    if any(cell.throughputs for cell in block):
        with left:
            family = scope.family_of(block[0].key)
            st.markdown(f"**{words.FAMILIES.get(family, family)} so far, calls a second**")
            name = f"Throughput of each cell so far, {words.FAMILIES.get(family, family).lower()}"
            st.plotly_chart(figure(block), config=drawing.CONFIG, key=f"live-{run.run_id}", alt=name)
    with right:
        done = sum(cell.state in ("done", "skipped") for cell in now.cells)
        st.markdown(f"**{done} of {count(len(now.cells), 'cell')} finished**")
        with st.container(height=430, border=False, key="cells"):
            st.table(records(now), border="horizontal", hide_index=True, alt="Every cell of the run")


def block_of(now: bench.LiveRun) -> list[bench.LiveCell]:
    """The cells that are being compared with each other now: one kind of operation, one count."""
    current = now.doing or now.cells[0].key
    wanted = scope.family_of(current), current.count
    return [cell for cell in now.cells if (scope.family_of(cell.key), cell.key.count) == wanted]


def figure(block: Sequence[bench.LiveCell]) -> Drawing:
    """A row for each framework and condition; every round a small mark, their mean a large one."""
    conditions = sorted({Condition.of(cell.key) for cell in block})
    names = dict.fromkeys(_row_name(cell.key, conditions) for cell in block)
    rows = {name: place for place, name in enumerate(names)}
    values = [value for cell in block for value in cell.throughputs]
    modes = dict.fromkeys(cell.key.mode for cell in block if cell.throughputs)
    traces = []
    for mode in modes:
        mine = [cell for cell in block if cell.key.mode == mode and cell.throughputs]
        places = [rows[_row_name(cell.key, conditions)] for cell in mine]
        traces += [_rounds(mode, mine, places), _means(mode, mine, places)]
    return drawing.drawing(
        traces,
        96 + _ROW * len(rows),
        annotations=[drawing.heading(name, place - 0.42) for name, place in rows.items()],
        xaxis=drawing.log_axis(*drawing.spanning(values, least=10), drawing.per_second),
        yaxis={"range": [len(rows) - 0.5, -0.75], "visible": False, "fixedrange": True},
        uirevision="live",
    )


def _row_name(key: bench.CellKey, conditions: Sequence[Condition]) -> str:
    if len(conditions) == 1:
        return words.work(key)
    return f"{words.work(key)} · {words.brief(Condition.of(key), conditions)}"


def _rounds(mode: str, mine: Sequence[bench.LiveCell], places: Sequence[int]) -> dict[str, Any]:
    look = palette.mode(mode)
    points = [(value, place) for cell, place in zip(mine, places, strict=True) for value in cell.throughputs]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [value for value, _ in points],
        "y": [place for _, place in points],
        "marker": {"color": drawing.translucent(look.color, 0.5), "size": 6, "symbol": look.symbol},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _means(mode: str, mine: Sequence[bench.LiveCell], places: Sequence[int]) -> dict[str, Any]:
    look = palette.mode(mode)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": look.label,
        "x": [cell.throughput for cell in mine],
        "y": list(places),
        "marker": {"color": look.color, "size": 13, "symbol": look.symbol},
        "customdata": [[words.work(cell.key), words.how(cell.key), len(cell.throughputs)] for cell in mine],
        "hovertemplate": "<b>%{customdata[0]}</b>, %{customdata[1]}<br>%{x:.0f}/s, "
        "%{customdata[2]} rounds<extra></extra>",
    }


def records(now: bench.LiveRun) -> list[dict[str, str]]:
    """A row for each framework's operation and condition, a column for each mode."""
    modes = dict.fromkeys(cell.key.mode for cell in now.cells)
    conditions = sorted({Condition.of(cell.key) for cell in now.cells})
    widths = len({cell.key.concurrency for cell in now.cells if cell.key.mode in ("threads", "asyncio")}) > 2
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for cell in now.cells:
        name = words.work(cell.key)
        where = words.brief(Condition.of(cell.key), conditions) if len(conditions) > 1 else ""
        width = f"{cell.key.limit} at once" if widths else ""
        row = rows.setdefault((name, where, width), {"Cell": _named(name, where, width)})
        row[palette.mode(cell.key.mode).label] = _state(cell, now.rounds)
    labels = [palette.mode(mode).label for mode in modes]
    return [{"Cell": row["Cell"], **{label: row.get(label, "") for label in labels}} for row in rows.values()]


def _named(name: str, *details: str) -> str:
    told = " · ".join(detail for detail in details if detail)
    return f"**{plain(name)}**" + (f" :small[:gray[{plain(told)}]]" if told else "")


def _state(cell: bench.LiveCell, rounds: int) -> str:
    if cell.state == "skipped":
        return f":small[:gray[{plain(cell.note) or 'not measured'}]]"
    failed = f" :red[{cell.errors} failed]" if cell.errors else ""
    if cell.throughput is None:
        return f"{_MARKS[cell.state]}{failed}"
    speed = words.rate(cell.throughput)
    if cell.state == "running":
        return f"{speed}\u00a0:small[:gray[{len(cell.throughputs)}/{rounds}]]{failed}"
    return f"{speed}\u00a0{_MARKS[cell.state]}{failed}"
