"""An evaluation as a file: made when the button is pressed, not on every drawing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core import evaluate


@dataclass(frozen=True)
class Form:
    """One kind of file: what is in it, and what makes it of a result and a note."""

    suffix: str
    mime: str
    meaning: str
    make: Callable[[evaluate.EvaluationResult, str], str]


def _json(result: evaluate.EvaluationResult, note: str) -> str:
    return json.dumps(result.to_json() | {"note": note}, ensure_ascii=False, indent=1)


def _csv(result: evaluate.EvaluationResult, note: str) -> str:
    return evaluate.export_csv(result)


FORMS = {
    "JSON": Form(
        "json", "application/json", "Everything, chunks included; another Tandem can import it", _json
    ),
    "CSV": Form("csv", "text/csv", "A row for each question under each variant, for a spreadsheet", _csv),
}


def buttons(result: evaluate.EvaluationResult, name: str = "", note: str = "") -> None:
    """A button a form, behind one."""
    with st.popover("Export", icon=":material/download:"):
        for label, form in FORMS.items():
            st.download_button(
                label,
                partial(form.make, result, note),
                f"{file_name(result, name)}.{form.suffix}",
                form.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"export-{form.suffix}-{result.run_id}",
            )
            st.caption(form.meaning)


def file_name(result: evaluate.EvaluationResult, name: str) -> str:
    """`tandem-sample-questions-2025-01-31`."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "evaluation"
    return f"tandem-{short}-{result.started_at[:10]}".rstrip("-")
