"""What stands around every page: the title, the sidebar's badge, the session."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

_APP = Path(__file__).parents[2] / "app.py"
_inside: ContextVar[bool] = ContextVar("inside the frame", default=False)
_PRESENTED = "Compare"
_HEADLINES = {"Home": "One question, two frameworks, side by side"}


def presenting() -> bool:
    """Whether the address asks for a vote with nothing around it, for a screen that many look at."""
    return st.query_params.get("present") == "1" and bool(st.query_params.get("run"))


def run(page: StreamlitPage) -> None:
    """Draw the title, then everything else."""
    if presenting() and page.title != _PRESENTED:
        del st.query_params["present"]
        st.rerun()
    if not presenting():
        st.title(_HEADLINES.get(page.title, page.title), anchor=False)
    # In a fresh process core takes 0.3 s to import: the first text does not wait for it.
    from pages.parts import badge, session, warm

    # Connecting takes seconds there: the badge comes as soon as the page has connected.
    session.attach(_nothing if presenting() else partial(badge.draw, st.sidebar.container()))
    token = _inside.set(True)
    try:
        page.run()
    finally:
        _inside.reset(token)
    session.tell()
    warm.start()


def _nothing() -> None:
    pass


def page(main: Callable[[], None]) -> None:
    """Run a page inside its frame; the last line of a page's file.

    Until `st.navigation` has been called once in a process, Streamlit takes each file of `pages/` for an
    app of its own: whoever opens a bookmark first would get the page with nothing around it.
    """
    if _inside.get():
        main()
    else:
        runpy.run_path(str(_APP))
