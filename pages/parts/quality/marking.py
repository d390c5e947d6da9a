"""Where accepted answers and labelled passages stand in a text, and the text with them marked.

They are looked for as the metrics look for them: answers word by word, punctuation and English
articles apart; passages letter by letter, white space apart.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from pages.parts.safe_text import plain

_WORD = re.compile(r"\S+")
_ARTICLES = frozenset({"a", "an", "the"})
Span = tuple[int, int]


def markdown(text: str, answers: Sequence[str], passages: Sequence[str] = ()) -> str:
    """The text, safe, on as many lines as it has, with answers green and passages blue."""
    found = [span for answer in answers for span in answer_spans(text, answer)]
    around = [span for passage in passages for span in passage_spans(text, passage)]
    edges = sorted({0, len(text), *(edge for span in (*found, *around) for edge in span)})
    pieces = []
    for start, end in pairwise(edges):
        color = "green" if _inside(start, found) else "blue" if _inside(start, around) else ""
        pieces.append(_lines(text[start:end], color))
    return "".join(pieces)


def answer_spans(text: str, answer: str) -> list[Span]:
    """Every place where the words of an answer stand in a row."""
    words = [(match.start(), match.end(), _bare(match[0])) for match in _WORD.finditer(text)]
    told = [word for word in words if word[2] and word[2] not in _ARTICLES]
    bare = [_bare(word) for word in answer.split()]
    wanted = [word for word in bare if word and word not in _ARTICLES]
    size = len(wanted)
    if not size:
        return []
    return [
        _trimmed(text, told[place][0], told[place + size - 1][1])
        for place in range(len(told) - size + 1)
        if [word[2] for word in told[place : place + size]] == wanted
    ]


def passage_spans(text: str, passage: str) -> list[Span]:
    """The place where a passage stands, if it does."""
    places, letters = [], []
    for place, letter in enumerate(text):
        for folded in _folded(letter):
            places.append(place)
            letters.append(folded)
    wanted = _folded(passage)
    start = "".join(letters).find(wanted) if wanted else -1
    return [(places[start], places[start + len(wanted) - 1] + 1)] if start >= 0 else []


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _bare(word: str) -> str:
    return "".join(letter for letter in word.lower() if not _is_mark(letter))


def _is_mark(letter: str) -> bool:
    return letter in string.punctuation or unicodedata.category(letter).startswith("P")


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without punctuation around it."""
    while start < end and _is_mark(text[start]) and text[start] not in "$%":
        start += 1
    while start < end and _is_mark(text[end - 1]) and text[end - 1] != "%":
        end -= 1
    return start, end


def _inside(place: int, spans: Iterable[Span]) -> bool:
    return any(start <= place < end for start, end in spans)


def _lines(piece: str, color: str) -> str:
    """One piece as markdown: what `plain` would strip from its ends is kept, and so are line ends."""
    return "  \n".join(_marked(line, color) for line in piece.split("\n"))


def _marked(line: str, color: str) -> str:
    core = line.strip()
    if not core:
        return " " if line else ""
    before, after = (" " if line[0].isspace() else ""), (" " if line[-1].isspace() else "")
    safe = plain(core)
    return f"{before}:{color}-background[{safe}]{after}" if color else f"{before}{safe}{after}"
