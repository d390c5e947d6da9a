"""What stands around every page: the title, the sidebar's badge, the session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

_HEADLINES = {"Home": "One question, two frameworks, side by side"}


def run(page: StreamlitPage) -> None:
    """Draw the title, then everything else."""
    st.title(_HEADLINES.get(page.title, page.title), anchor=False)
    # In a fresh process core takes 0.3 s to import: the first text does not wait for it.
    from pages.parts import badge, session, warm

    # Connecting takes seconds there: the badge comes as soon as the page has connected.
    session.attach(partial(badge.draw, st.sidebar.container()))
    page.run()
    session.tell()
    warm.start()
