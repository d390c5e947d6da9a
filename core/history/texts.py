"""Names and notes that people give to runs, and durations in words."""

from __future__ import annotations

import unicodedata

from core.errors import UsageError

LONGEST_NAME = 200
LONGEST_NOTE = 10_000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def clean_name(text: str) -> str:
    """A name on one line; `UsageError` when nothing is left of it, or too much."""
    name = " ".join(clean(text).split())
    if not name:
        raise UsageError("A run needs a name: write a few words.")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"A run's name has at most {LONGEST_NAME} characters: shorten it.")
    return name


def clean_note(text: str) -> str:
    """A note, which may have lines and be empty; `UsageError` when it is too long."""
    note = clean(text).strip()
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"A run's note has at most {LONGEST_NOTE:,} characters: shorten it.")
    return note


def clean(text: str) -> str:
    """Text without control characters but line ends and tabs, and without halves of characters.

    PostgreSQL keeps no NUL, and no database half a character.
    """
    return "".join(
        letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"}
    )


def no_formula(text: str) -> str:
    """Text that no spreadsheet takes for a formula: it may come from anywhere."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 90:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
