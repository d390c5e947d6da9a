"""A run as a file: made when the button is pressed, not on every drawing."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from core import bench, history

_FORMS = {
    "JSON": ("json", "application/json", "Everything, each call included; another Tandem can import it"),
    "CSV": ("csv", "text/csv", "A row a cell, for a spreadsheet"),
    "HTML": ("html", "text/html", "A report that needs no network, to be sent or printed"),
}


def buttons(result: bench.RunResult, note: str = "") -> None:
    """A button a form, behind one."""
    with st.popover("Export", icon=":material/download:"):
        for label, (suffix, mime, meaning) in _FORMS.items():
            st.download_button(
                label,
                partial(make, suffix, result, note),
                f"{file_name(result)}.{suffix}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"export-{suffix}-{result.run_id}",
            )
            st.caption(meaning)


def make(suffix: str, result: bench.RunResult, note: str = "") -> str:
    """The run in one of the forms."""
    if suffix == "json":
        return history.export_json(result, note=note, samples=True)
    return history.export_csv(result) if suffix == "csv" else history.export_html(result, note=note)


def file_name(result: bench.RunResult) -> str:
    """`tandem-quick-look-2025-01-31`."""
    name = re.sub(r"[^a-z0-9]+", "-", result.plan.name.lower()).strip("-")[:40] or "run"
    return f"tandem-{name}-{result.started_at[:10]}".rstrip("-")
