"""What changed between two votes on the same questions, drawn."""

from __future__ import annotations

import streamlit as st

from core import vote
from pages.parts.lab import drawing
from pages.parts.voting import score


def draw(now: vote.VoteResult, found: vote.VoteComparison) -> None:
    """Both scores, one above the other."""
    for label, counted in (("Before", found.counted_before), ("Now", found.counted_now)):
        st.markdown(f"**{label}**")
        key = f"change-{label}-{found.before}-{found.now}"
        drawn = score.figure(counted, ahead=found.engine)
        st.plotly_chart(drawn, config=drawing.CONFIG, key=key, alt=counted.sentence)
    st.caption(
        "Share of the decided votes with its 95% Wilson interval. Fisher's exact test gives "
        f"p = {found.p:.2g}; it takes the votes for independent of each other."
    )
