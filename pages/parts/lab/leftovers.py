"""Temporary collections whose run was killed: found, and offered for removal."""

from __future__ import annotations

import time

import streamlit as st

import core
from core import Workspace, bench
from pages.parts import session
from pages.parts.safe_text import plain
from pages.parts.units import count

_SEEN = "leftovers"
# Looking costs a round trip to the server.
_SECONDS = 60.0


def offer(workspace: Workspace) -> None:
    """Say that there are some, with a button that removes them; nothing otherwise."""
    names = _found(workspace)
    if not names:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="leftovers"):
        st.markdown(
            f":orange[:material/cleaning_services:] A run that was killed left "
            f"{count(len(names), 'temporary collection')} in {plain(workspace.backend.label)}.",
            width="stretch",
        )
        if st.button("Remove them", icon=":material/delete:", help=plain(", ".join(names[:8]))):
            with st.spinner("Removing"):
                remove = core.get_loop().blocking(bench.drop_all, workspace.backend, names)
                core.run(remove, checkpoint=session.checkpoint())
            st.session_state.pop(_SEEN, None)
            st.rerun()


def _found(workspace: Workspace) -> list[str]:
    key, now = workspace.backend.address.uri, time.monotonic()
    kept = st.session_state.get(_SEEN)
    if kept is not None and kept[0] == key and now - kept[1] < _SECONDS:
        names: list[str] = kept[2]
        return names
    look = core.get_loop().blocking(bench.leftovers, workspace.backend)
    try:
        names = core.run(look, checkpoint=session.checkpoint())
    except Exception:  # noqa: BLE001 - no more than an offer: what is wrong shows when a run starts
        names = []
    st.session_state[_SEEN] = (key, now, names)
    return names
