"""Starting a run; a Milvus that is not on this machine is asked for first."""

from __future__ import annotations

import streamlit as st

from core import Workspace, bench
from pages.parts.lab import estimates, runs, shown, words
from pages.parts.safe_text import plain
from pages.parts.units import count

PAGE = "benchmark"


def start(workspace: Workspace, plan: bench.Plan) -> None:
    """Start at once on this machine; elsewhere say what will be sent, and ask. Ends this run of the page."""
    if not workspace.backend.address.local:
        _confirm(workspace, plan)
        return
    _begin(workspace, plan)


def _begin(workspace: Workspace, plan: bench.Plan) -> None:
    estimates.stop(workspace)
    shown.show(PAGE, runs.start(workspace, plan))
    st.rerun()


@st.dialog("Measure a server that is not on this machine?")
def _confirm(workspace: Workspace, plan: bench.Plan) -> None:
    st.markdown(
        f"**{plain(plan.name)}** sends up to **{count(bench.outline(plan).operations, 'operation')}** to "
        f"**{plain(workspace.backend.address.shown)}** ({plain(workspace.backend.label)})."
    )
    limit = f" It ends after {words.about(plan.time_budget_s)} at the latest." if plan.time_budget_s else ""
    st.markdown(
        "It makes collections of its own, whose names begin with `tandem_bench_`, and drops them at the end. "
        f"Your own collections are not touched. Others who use this server may notice the load.{limit}"
    )
    with st.container(horizontal=True):
        if st.button("Measure it", type="primary", icon=":material/play_arrow:"):
            _begin(workspace, plan)
        if st.button("Not now"):
            st.rerun()
