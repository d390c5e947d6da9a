"""Every cell of a run as a row."""

from __future__ import annotations

import streamlit as st

from core import bench
from pages.parts import palette
from pages.parts.lab import words

_VERIFIED = {True: "yes", False: "WRONG", None: ""}


def records(result: bench.RunResult) -> list[dict[str, object]]:
    """One record a cell, those that were not measured at the end, with the reason."""
    ordered = sorted(result.cells, key=lambda cell: not cell.counted)
    return [_record(cell) for cell in ordered]


def _record(cell: bench.CellResult) -> dict[str, object]:
    key = cell.key
    return {
        "Framework": palette.engine(key.framework).label,
        "Operation": words.operation(key),
        "Mode": palette.mode(key.mode).label if key.mode != "open" else words.how(key),
        "Calls": key.count,
        "At once": key.limit if key.mode in ("threads", "asyncio", "open") else 1,
        "Consistency": key.consistency,
        "Added RTT (ms)": key.rtt_ms,
        "Rounds": len(cell.counted),
        "Calls a second": cell.throughput,
        "Rounds, calls a second": [item.throughput for item in cell.counted],
        "p50 (ms)": cell.latency.p50,
        "p90 (ms)": cell.latency.p90,
        "p95 (ms)": cell.latency.p95,
        "p99 (ms)": cell.latency.p99,
        "Errors": cell.errors.errors,
        "In flight": cell.in_flight if cell.counted else None,
        "Loop stall (ms)": cell.stall_ms,
        "Client CPU": cell.cpu,
        "Async": bench.ASYNC_LABELS.get(cell.native_async, "") if cell.native_async else "",
        "Effect verified": _VERIFIED[cell.verified] if cell.counted else "",
        "Flags": ", ".join(words.FLAGS.get(flag.name, flag.name) for flag in cell.flags),
        "Note": cell.note,
    }


def draw(result: bench.RunResult) -> None:
    """The table, sortable and searchable."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        records(result),
        hide_index=True,
        placeholder="–",
        alt="Every cell of this run",
        column_config={
            "Framework": text(pinned=True),
            "Operation": text(pinned=False),
            "Calls a second": number(format="%.1f"),
            "Rounds, calls a second": st.column_config.LineChartColumn(
                help="One point a round, in their order", y_min=0
            ),
            **{
                f"p{share} (ms)": number(format="%.2f", help="Empty where the calls are too few for it")
                for share in (50, 90, 95, 99)
            },
            "Added RTT (ms)": number(format="%g"),
            "In flight": number(format="%.1f", help="Mean number of calls under way"),
            "Loop stall (ms)": number(format="%.0f", help="Longest time that the event loop stood still"),
            "Client CPU": number(format="percent", help="Share of one core that this process used"),
            "Note": text(width="medium"),
        },
    )
