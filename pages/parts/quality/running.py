"""An evaluation under way: how far it is, the leaderboard so far, and the way to end it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import evaluate
from pages.parts.lab import words as clock
from pages.parts.quality import words
from pages.parts.quality.live import Line
from pages.parts.quality.runs import Run
from pages.parts.safe_text import plain
from pages.parts.units import count, seconds

# As for benchmarks: drawing takes processor time that a run on Milvus Lite would use.
TICK = 1.0
_STAGES = {"parse": "reading", "embed": "embedding", "index": "indexing", "flush": "making it searchable"}


def draw(run: Run) -> None:
    """Draw it, and go on drawing every second while it is under way; then run the page again."""

    @st.fragment(run_every=TICK if run.active else None)
    def panel() -> None:
        if not run.active:
            st.rerun()
        _panel(run)

    panel()


def _panel(run: Run) -> None:
    live = run.live
    with st.container(border=True, key="running"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = f":shimmer[**{plain(run.order.name)}**] · {clock.clock(live.elapsed)}"
            st.markdown(title, width="stretch")
            st.button("Cancel", icon=":material/close:", key=f"cancel-{run.run_id}", on_click=run.job.cancel)
        share, text = progress(run)
        st.progress(share, text=text)
        st.caption("Every answer is kept as it comes: it goes on when you leave this page.")
    for warning in live.warnings:
        st.caption(f":orange[:material/warning:] {plain(warning)}")
    board = live.board()
    if any(line.outcomes for line in board):
        names = live.headlines()
        st.markdown(f"**{so_far(board, names)}**")
        st.table(records(board, names), border="horizontal", hide_index=True, alt="The leaderboard so far")
        st.caption("In points of a hundred; median latency of the answers so far.")


def progress(run: Run) -> tuple[float, str]:
    """The share that is done, and the line that says so."""
    live = run.live
    if live.begun is None:
        doing = live.indexing
        if doing is None or not doing.total:
            return 0.0, "Preparing: every corpus and client is opened first"
        what = _STAGES.get(doing.stage, doing.stage)
        return 0.0, f"First the corpus is cut and indexed: {what} {doing.done:,} of {doing.total:,}"
    now = live.progress
    if now is None:
        return 0.0, "Asking the first question"
    left = f"about {clock.about(now.seconds_left)} left" if now.seconds_left else ""
    failed = f"{now.errors:,} failed" if now.errors else ""
    parts = (left, f"{now.done:,} of {count(now.total, 'answer')}", failed)
    return min(1.0, now.done / max(1, now.total)), " · ".join(part for part in parts if part)


def so_far(board: Sequence[Line], names: Sequence[str]) -> str:
    """Who leads; no more than that, for nothing is tested yet."""
    if not names or not board:
        return "So far"
    best = board[0]
    told = words.brief(best.variant, [line.variant for line in board])
    same = sum(line.metrics.get(names[0]) == best.metrics.get(names[0]) for line in board)
    if same == len(board) > 1:
        return f"So far all are equal in {words.quoted(names[0])}"
    if same > 1:
        return f"So far {same} variants share the lead in {words.quoted(names[0])}"
    return f"So far {told} leads in {words.quoted(names[0])}"


def records(board: Sequence[Line], names: Sequence[str]) -> list[dict[str, str]]:
    """A row a variant."""
    among: list[evaluate.Variant] = [line.variant for line in board]
    return [
        {
            "Variant": words.tag(line.variant, among),
            "Asked": f"{line.outcomes:,}",
            **{words.metric(name): words.points(line.metrics.get(name)) for name in names},
            "Median": seconds(line.latency),
            "Failed": f":red[{line.errors:,}]" if line.errors else "0",
        }
        for line in board
    ]
