"""The sidebar's badge: what we are connected to, and who answers."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import TandemError
from pages.parts import session, who


def draw(place: DeltaGenerator) -> None:
    """Fill `place`; connects first when nothing else on the page has."""
    try:
        workspace = session.workspace()
    except TandemError:
        with place:
            st.markdown(":red[:material/cloud_off:] **Not connected**")
            st.caption("The page says what is wrong.")
        return
    with place, st.container(gap="xsmall", key="badge"):
        for icon, name, meaning in (who.stored_in(workspace), who.answers_with(workspace)):
            st.markdown(f":material/{icon}: **{name}**")
            st.caption(meaning)
        private = session.current().private
        st.markdown(f":material/{'lock' if private else 'group'}: **{_workspace_label()}**")
        st.caption(
            "Only this page's address leads here." if private else "Shared with whoever knows its name."
        )


def _workspace_label() -> str:
    here = session.current()
    return "Private workspace" if here.private else f"Workspace {here.workspace_name}"
