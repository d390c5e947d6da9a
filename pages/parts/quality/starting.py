"""Starting an evaluation, and going on with one that was stopped."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import TandemError, Workspace, evaluate
from pages.parts import states
from pages.parts.lab import shown
from pages.parts.quality import runs, variants, working
from pages.parts.quality.runs import Order
from pages.parts.quality.variants import Chosen
from pages.parts.safe_text import plain
from pages.parts.units import count

PAGE = "evaluate"


def draw(
    workspace: Workspace, questions: Sequence[evaluate.Question], chosen: Chosen | None, *, busy: bool
) -> None:
    """The grid, what it costs, and the way to start."""
    if chosen is None or not questions:
        return
    with st.container(border=True, key="sum"):
        variants.show(chosen.grid)
        try:
            cost = variants.cost(workspace, questions, chosen)
        except TandemError as error:
            states.error(error)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(cost.sentence)}**", width="stretch")
            begun = st.button(
                "Evaluate", type="primary", icon=":material/play_arrow:", key="start", disabled=busy
            )
        if drafts := sum(item.drafted for item in questions):
            st.caption(
                f":orange[:material/edit_note:] {count(drafts, 'draft')} that nobody has accepted yet "
                f"{'runs' if drafts == 1 else 'run'} as well."
            )
        if busy:
            st.caption("The documents are being changed: wait until that is done.")
    if begun:
        now = working.current(workspace)
        start(workspace, order(now.name if now else "", questions, chosen))


def order(name: str, questions: Sequence[evaluate.Question], chosen: Chosen) -> Order:
    """What the page asks for."""
    return Order(
        f"{name or 'Questions'}, {count(len(chosen.grid.variants), 'variant')}",
        tuple(questions),
        chosen.grid.variants,
        chosen.retrieval_only,
        chosen.repeats,
        chosen.judgements,
    )


def start(workspace: Workspace, wanted: Order, *, go_on: str = "", retry_failed: bool = False) -> None:
    """Start it, or go on with the run of that id; shows it and ends this run of the page."""
    shown.show(PAGE, runs.start(workspace, wanted, go_on=go_on, retry_failed=retry_failed))
    st.rerun()


def offer_to_go_on(workspace: Workspace, result: evaluate.EvaluationResult, name: str) -> None:
    """Buttons that finish what was stopped, and ask again what failed; nothing where all is done."""
    left = result.expected - len(result.outcomes)
    wanted = Order.of(result, name)
    if left and st.button("Go on", type="primary", icon=":material/play_arrow:", key="go on"):
        start(workspace, wanted, go_on=result.run_id)
    if result.errors and st.button(
        "Go on, and ask again what failed" if left else "Ask again what failed",
        icon=":material/replay:",
        help=f"{count(result.errors, 'answer')} failed.",
        key="ask again",
    ):
        start(workspace, wanted, go_on=result.run_id, retry_failed=True)
