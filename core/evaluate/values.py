"""Cells of a question file as values, or the reason why they are none."""

from __future__ import annotations

import json
from typing import Any

_YES = {"true", "yes", "y", "1", "ja", "oui", "si", "sí"}
_NO = {"false", "no", "n", "0", "nein", "non"}


class BadValueError(ValueError):
    """A cell that cannot be used; its text is a sentence for the person who wrote it."""


def one_text(value: Any, column: str, longest: int) -> str:
    """A single text, empty when there is none."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise BadValueError(f"The column “{column}” holds a list where one text belongs.")
    text = str(value).replace("\x00", "").strip()
    if len(text) > longest:
        raise BadValueError(f"The column “{column}” has {len(text):,} characters; the limit is {longest:,}.")
    return text


def texts(value: Any, column: str, longest: int) -> tuple[str, ...]:
    """One text or many, each once: a list, `{"text": [...]}` as Hugging Face's SQuAD has it, or `a | b`."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        value = value["text"]
    if isinstance(value, str):
        value = _listed(value)
    if isinstance(value, dict):
        raise BadValueError(f"The column “{column}” holds an object where a text or a list of texts belongs.")
    items = value if isinstance(value, list) else [value]
    found = (one_text(item, column, longest) for item in items)
    return tuple(dict.fromkeys(text for text in found if text))


def flag(value: Any, column: str, *, default: bool) -> bool:
    """Yes or no, in the words that spreadsheets use."""
    text = str(value).strip().lower() if value is not None else ""
    if text in _YES | _NO:
        return text in _YES
    if text:
        raise BadValueError(f"The column “{column}” says “{text[:20]}”: write true or false.")
    return default


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    return text.split("|")
