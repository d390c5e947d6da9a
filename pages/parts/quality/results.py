"""An evaluation's results: which variant answers better, by how much, and at what cost in time."""

from __future__ import annotations

import streamlit as st

from core import Workspace, evaluate


def draw(workspace: Workspace, result: evaluate.EvaluationResult) -> None:
    """Draw everything; `result.run_id` keeps the widgets of different runs apart."""
    del workspace
    st.table([{"Variant": line.label, "Asked": str(line.outcomes)} for line in evaluate.summarize(result)])
