"""A run as a file: made when the button is pressed, not on every drawing."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import streamlit as st

from core import history, kinds


def buttons(kind: history.RunKind, result: Any, name: str, note: str = "") -> None:
    """A button a form, behind one; `result` is a run of that kind."""
    stem = file_name(name, result.started_at)
    with st.popover("Export", icon=":material/download:"):
        for key, form in kinds.KINDS[kind].forms.items():
            extra = "" if key == form.suffix else f"-{key}"
            st.download_button(
                form.label,
                partial(form.make, result, kinds.About(name, note)),
                f"{stem}{extra}.{form.suffix}",
                form.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"export-{key}-{result.run_id}",
            )
            st.caption(form.meaning)


def file_name(name: str, started_at: str) -> str:
    """`tandem-quick-look-2025-01-31`."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
    return f"tandem-{short}-{started_at[:10]}".rstrip("-")
