"""Which run a page shows: its id is in the address, so that F5, a bookmark and a colleague find it."""

from __future__ import annotations

import streamlit as st

_PARAMETER = "run"


def current(page: str) -> str:
    """The id of the run that this page shows; empty when it shows none."""
    asked = st.query_params.get(_PARAMETER, "")
    if asked:
        st.session_state[_key(page)] = asked
    known: str = st.session_state.get(_key(page), "")
    if known and not asked:
        # Another page's link dropped the query.
        st.query_params[_PARAMETER] = known
    return known


def show(page: str, run_id: str) -> None:
    """Show this run from the next run of the page on."""
    st.session_state[_key(page)] = run_id
    st.query_params[_PARAMETER] = run_id


def leave(page: str) -> None:
    """Show no run."""
    st.session_state.pop(_key(page), None)
    if _PARAMETER in st.query_params:
        del st.query_params[_PARAMETER]


def _key(page: str) -> str:
    return f"run on {page}"
