"""What stands over an evaluation, and the list of the last ones."""

from __future__ import annotations

import streamlit as st

from core import TandemError, Workspace, evaluate
from pages.parts import states
from pages.parts.lab import listing, runs, words
from pages.parts.quality import starting
from pages.parts.safe_text import plain
from pages.parts.units import count, seconds


def title(result: evaluate.EvaluationResult, name: str, *, elsewhere: bool = False) -> None:
    """Name, state and circumstances of an open evaluation."""
    backend = result.environment.get("backend") or {}
    when = result.started_at.replace("T", " ").partition("+")[0]
    facts = [
        when and f"{when} UTC",
        plain(str(backend.get("label", ""))),
        f"{count(len(result.questions), 'question')} × {count(len(result.plan.variants), 'variant')}",
        f"took {seconds(result.seconds)}",
    ]
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(name or "Evaluation"), anchor=False, width="content")
            st.markdown(words.STATES["running" if elsewhere else result.state])
        st.caption(" · ".join(fact for fact in facts if fact))
    if elsewhere:
        st.info("Another process goes on with it: reload the page to see more.", icon=":material/info:")


def recent(workspace: Workspace) -> None:
    """The last evaluations of the workspace, to be opened; nothing when there is none."""
    try:
        found = runs.open_history(workspace).runs(workspace=workspace.name, kinds=("evaluation",), limit=4)
    except TandemError as error:
        states.error(error)
        return
    if found.runs:
        st.subheader("Recent evaluations", anchor=False)
        listing.rows(found.runs, starting.PAGE, tick=False)
