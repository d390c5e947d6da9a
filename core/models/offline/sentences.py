"""Cut text into pieces that can be quoted: sentences, list items, table rows."""

from __future__ import annotations

import re

LONGEST = 600
"""Characters; a longer sentence is cut at semicolons or line breaks."""

HEADING_WORDS = 5

_ABBREVIATIONS_TEXT = """
mr mrs ms dr prof sr jr st vs etc cf al fig no vol pp p ed eds inc ltd co corp dept gen col lt sgt
capt rev hon gov sen rep jan feb mar apr jun jul aug sep sept oct nov dec art approx ca c
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())
# Full stops with what closes a quote or cites after them, before a space and anything but a small letter.
# Possessive, and begun once a run of stops, so that hostile text costs linear time.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?:\[[^\]\n]{1,30}\])*+(?=\s++[\"'“‘(\[]?[^\sa-z])"
    r"|[。！？]++[」』”’)]*+"
)
_LONGEST_ABBREVIATION = 20
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_BREAK = re.compile(r"\n[ \t]*\n|\n[ \t]*(?=(?:[•▪●◦‣*–-]|\d{1,2}[.)])[ \t]+\S|#{1,6} )")


def split_sentences(text: str) -> list[str]:
    """The pieces of `text` in their order, each with its line breaks turned into single spaces."""
    pieces = [
        " ".join(piece.split())
        for paragraph in _BREAK.split(text)
        for sentence in _sentences(paragraph)
        for piece in _shorten(sentence)
    ]
    return [piece for piece in pieces if re.search(r"\w\w", piece)]


def is_heading(piece: str) -> bool:
    """Whether a piece announces something rather than say it: few words, no figure, no full stop."""
    return piece.startswith("#") or (
        len(piece.split()) <= HEADING_WORDS and re.search(r"[\d.!?。！？]", piece) is None
    )


def _sentences(paragraph: str) -> list[str]:
    found, start = [], 0
    for match in _END.finditer(paragraph):
        near = max(start, match.start() - _LONGEST_ABBREVIATION)
        if match[0] == "." and _is_abbreviation(paragraph[near : match.start()]):
            continue
        found.append(paragraph[start : match.end()])
        start = match.end()
    return [*found, paragraph[start:]]


def _is_abbreviation(before: str) -> bool:
    """Whether a full stop after this text belongs to an abbreviation or an initial."""
    words = before.rsplit(None, 1)
    last = words[-1].lstrip("(\"'[“‘") if words else ""
    return last.lower() in _ABBREVIATIONS or _INITIALS.fullmatch(last) is not None


def _shorten(sentence: str) -> list[str]:
    if len(sentence) <= LONGEST:
        return [sentence]
    return re.split(r"\n" if "\n" in sentence.strip() else r"(?<=;)\s+", sentence)
