"""A vote as a file: made when the button is pressed, not on every drawing."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from core import vote

_FORMS = {
    "JSON": ("json", "application/json", "Everything, each vote included; another Tandem can import it"),
    "CSV": ("csv", "text/csv", "A row a vote, for a spreadsheet"),
    "HTML": ("html", "text/html", "A report that needs no network, to be sent or printed"),
}


def buttons(result: vote.VoteResult, note: str = "") -> None:
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


def make(suffix: str, result: vote.VoteResult, note: str = "") -> str:
    """The vote in one of the forms."""
    if suffix == "json":
        return vote.export_json(result, note=note)
    return vote.export_csv(result) if suffix == "csv" else vote.export_html(result, note=note)


def file_name(result: vote.VoteResult) -> str:
    """`tandem-blind-vote-2025-01-31`."""
    name = re.sub(r"[^a-z0-9]+", "-", result.name.lower()).strip("-")[:40] or "vote"
    return f"tandem-{name}-{result.started_at[:10]}".rstrip("-")
