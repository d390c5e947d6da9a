"""An evaluation's results: which variant answers better, by how much, and at what cost in time."""

from __future__ import annotations

import streamlit as st

from core import Workspace, evaluate
from pages.parts import states
from pages.parts.quality import board, explore, facts, finding, pairs, reading
from pages.parts.safe_text import plain


def draw(workspace: Workspace, result: evaluate.EvaluationResult) -> None:
    """Draw everything; `result.run_id` keeps the widgets of different runs apart."""
    if told := facts.incomplete(result):
        st.warning(plain(told), icon=":material/warning:")
    if not result.outcomes:
        states.empty("hourglass_empty", "Nothing was asked", "Go on with it, or plan another evaluation.")
        facts.draw(result)
        return
    found = reading.of(result)
    finding.draw(found)
    board.draw(found)
    metric = explore.choose_metric(found) if found.metrics else ""
    if metric:
        if points := evaluate.points(result, metric):
            explore.draw_speed(found, metric, points)
        pairs.draw(found, metric)
    explore.draw(found, metric)
    facts.draw(result)
