"""What a reader of the figures should know: what was held equal, where it ran, and what is odd."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core import bench
from pages.parts.lab import words
from pages.parts.safe_text import plain
from pages.parts.units import count

_ICONS = {
    "native": ":green[:material/bolt:]",
    "threads": ":orange[:material/layers:]",
    "blocking": ":red[:material/block:]",
}


def native(result: bench.RunResult) -> list[tuple[str, str, str]]:
    """What was called, how its async method was judged, and the evidence: once for each operation."""
    judged: dict[str, list[bench.CellResult]] = {}
    for cell in result.cells:
        if cell.native_async:
            judged.setdefault(words.work(cell.key), []).append(cell)
    rows = []
    for name, cells in judged.items():
        widest = max(cells, key=lambda cell: cell.limit)
        rows.append((name, str(widest.native_async), _evidence(widest)))
    return rows


def _evidence(cell: bench.CellResult) -> str:
    stall = f", the loop stood still for {cell.stall_ms:.0f} ms at most" if cell.stall_ms else ""
    return f"{cell.in_flight or 0:.1f} of {cell.limit} calls under way on average{stall}"


def draw_native(result: bench.RunResult) -> None:
    """Is async truly async? One card for each operation that was judged."""
    rows = native(result)
    if not rows:
        return
    st.subheader("Is the async method truly async?", anchor=False)
    with st.grid(3, min_column_width=280):
        for name, kind, evidence in rows:
            with st.container(border=True, gap="xsmall", height="stretch"):
                label = bench.ASYNC_LABELS.get(kind, kind)  # type: ignore[call-overload]  # a colleague's
                st.markdown(f"{_ICONS.get(kind, '')} **{name}: {label}**")
                st.caption(f"{words.ASYNC.get(kind, '')} Measured: {evidence}.")


def draw_oddities(result: bench.RunResult) -> None:
    """Warnings of the run and flags of its cells, explained."""
    flagged = flags(result)
    if not result.warnings and not flagged:
        return
    total = len(result.warnings) + len(flagged)
    with st.expander(f"What to keep in mind: {count(total, 'remark')}", icon=":material/flag:"):
        for warning in result.warnings:
            st.markdown(f":orange[:material/warning:] {plain(warning)}")
        for name, cells in flagged.items():
            title, meaning = words.FLAGS.get(name, name), words.FLAG_MEANINGS.get(name, "")
            st.markdown(
                f":orange[:material/flag:] **{plain(title)}**, {count(len(cells), 'cell')}. {meaning}"
            )
            st.markdown(_listed(cells, name))


def flags(result: bench.RunResult) -> dict[str, list[bench.CellResult]]:
    """The cells that carry each flag."""
    found: dict[str, list[bench.CellResult]] = {}
    for cell in result.cells:
        for flag in cell.flags:
            found.setdefault(flag.name, []).append(cell)
    return found


def _listed(cells: Iterable[bench.CellResult], name: str, most: int = 6) -> str:
    told = [
        f"- :small[{words.work(cell.key)}, {words.how(cell.key)}: {plain(flag.text)}]"
        for cell in cells
        for flag in cell.flags
        if flag.name == name
    ]
    more = (
        [f"- :small[and {count(len(told) - most, 'more cell')}, see the table]"] if len(told) > most else []
    )
    return "\n".join(told[:most] + more)


def held_equal(result: bench.RunResult) -> list[tuple[str, str]]:
    """What is the same for every framework and mode of the run."""
    plan = result.plan
    rows = [
        ("Data", f"seeded vectors of {plan.dimension} numbers (seed {plan.seed}), the same for all"),
        ("Collection", f"{count(plan.rows, 'row')} before it is read; fresh ones wherever data change"),
        ("Metric", plan.metric),
        ("Hits a search", f"{plan.top_k}"),
        ("Warm-up", f"{count(plan.warmup_calls, 'call')} a cell, kept and not counted; clients open before"),
        ("Order", "rounds interleaved, the order reversed on every other pass"),
        ("Rounds", _rounds(result)),
        ("Effect", "row counts and ids verified after each round"),
    ]
    if plan.embedding_ms:
        rows.append(("Embedding", f"a pretended {plan.embedding_ms:g} ms a request"))
    if plan.first_token_ms or plan.token_ms:
        rows.append(("Answer", f"first token {plan.first_token_ms:g} ms, then {plan.token_ms:g} ms a token"))
    return rows


def _rounds(result: bench.RunResult) -> str:
    counted = {len(cell.counted) for cell in result.cells if cell.counted}
    if not counted:
        return f"{result.plan.rounds} planned, none measured"
    low, high = min(counted), max(counted)
    measured = f"{low}" if low == high else f"{low} to {high}"
    budget = result.plan.time_budget_s
    limit = f" in a time budget of {words.about(budget)}" if budget else ""
    return f"{measured} of {result.plan.rounds} planned{limit}"


def environment(result: bench.RunResult) -> list[tuple[str, str]]:
    """Where the run was made."""
    found: dict[str, Any] = dict(result.environment)
    backend = found.get("backend") or {}
    rows = [
        ("Milvus", f"{backend.get('label', 'unknown')}, {backend.get('address', '')}".rstrip(", ")),
        ("Round trip", _round_trips(backend, found.get("rtts_ms") or {})),
        (
            "Machine",
            f"{found.get('cpu', '')}, {found.get('cores', '?')} cores, {found.get('memory_gib', '?')} GiB",
        ),
        ("System", f"Python {found.get('python', '?')}, {found.get('platform', '')}"),
    ]
    packages = found.get("packages") or {}
    return rows + [(str(name), str(version)) for name, version in packages.items()]


def _round_trips(backend: dict[str, Any], achieved: dict[str, Any]) -> str:
    own = f"{backend.get('rtt_ms', '?')} ms"
    added = [f"+{asked} ms asked, {got} ms measured" for asked, got in achieved.items() if float(asked)]
    return "; ".join([own, *added])


def draw_parity(result: bench.RunResult) -> None:
    """What was held equal beside where it ran."""
    with st.expander("What was held equal, and where it ran", icon=":material/balance:"):
        left, right = st.columns(2)
        with left:
            _pairs("Held equal", held_equal(result))
        with right:
            _pairs("Environment", environment(result))


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> None:
    st.markdown(f"**{title}**")
    st.table(
        [{"What": f":gray[{plain(name)}]", "Value": plain(value)} for name, value in rows],
        border="horizontal",
        hide_header=True,
        hide_index=True,
        alt=title,
    )
