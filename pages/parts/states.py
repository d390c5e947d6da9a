"""What a page shows when there is nothing to show, or when something is wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core import TandemError, redact
from pages.parts import session
from pages.parts.safe_text import plain

_log = logging.getLogger("tandem.pages")


def empty(icon: str, title: str, what_to_do: str) -> st.delta_generator.DeltaGenerator:
    """An empty state: what is missing and what to do; put its buttons into what is returned."""
    box = st.container(border=True, horizontal_alignment="center", gap="small")
    with box:
        st.markdown(f"## :gray[:material/{icon}:]", text_alignment="center", anchors=False)
        st.markdown(f"**{title}**", text_alignment="center")
        st.caption(what_to_do, text_alignment="center")
    return box


def error(failure: TandemError | str, *, retry: bool = False) -> None:
    """One sentence that says what is wrong; with `retry`, the ways out of a dead connection."""
    st.error(plain(str(failure)), icon=":material/error:")
    if retry:
        with st.container(horizontal=True):
            st.button("Try again", icon=":material/refresh:", on_click=session.retry, key="retry_connection")
            st.page_link("pages/settings.py", label="Open settings", icon=":material/settings:")


@contextmanager
def guarded() -> Iterator[None]:
    """The page's edge: whatever goes wrong inside becomes one sentence, never a traceback."""
    try:
        yield
    except TandemError as failure:
        error(failure, retry=True)
    except Exception as failure:  # noqa: BLE001 - the page's edge
        _log.error("a page failed: %s", _details(failure))
        error(
            f"This page could not be drawn ({type(failure).__name__}): reload it; if that does not help, "
            "run `python -m core doctor`."
        )


def _details(failure: Exception) -> str:
    """The traceback for the log, without this session's secrets."""
    details = "".join(traceback.format_exception(failure))
    try:
        secrets = session.settings().secrets
    except TandemError:
        secrets = ()
    return redact(details, secrets)
