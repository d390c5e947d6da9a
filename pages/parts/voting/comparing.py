"""Two votes on the same questions side by side: whether the preference changed, and can that be told."""

from __future__ import annotations

import streamlit as st

from core import TandemError, vote
from pages.parts.lab import drawing
from pages.parts.safe_text import plain
from pages.parts.units import count
from pages.parts.voting import score


def draw(before: vote.VoteResult, now: vote.VoteResult) -> None:
    """The comparison, or why there is none."""
    try:
        found = vote.compare_votes(before, now)
    except TandemError as error:
        st.warning(plain(str(error)), icon=":material/balance:")
        return
    st.markdown(f"### {plain(found.summary)}", anchors=False)
    for label, result in (("Before", before), ("Now", now)):
        counted = vote.tally(result)
        st.markdown(f"**{label}:** {plain(result.name)}, {plain(result.started_at[:10])}")
        st.plotly_chart(
            score.figure(counted, ahead=found.engine),
            config=drawing.CONFIG,
            key=f"change-{label}-{found.before}-{found.now}",
            alt=counted.sentence,
        )
    st.caption(
        "Share of the decided votes with its 95% Wilson interval. Fisher's exact test gives "
        f"p = {found.p:.2g}; it takes the votes for independent of each other."
    )
    if found.differences:
        total = count(len(found.differences), "difference")
        with st.expander(f"{total} between the two", icon=":material/difference:"):
            st.markdown("\n".join(f"- {plain(text)}" for text in found.differences))
