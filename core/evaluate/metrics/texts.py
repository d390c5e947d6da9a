"""How texts are compared: folded, cut into words, looked for in one another."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

from core.models.prompt import NO_ANSWER

_CITATION = re.compile(r"\s?\[(\d{1,6}(?:\s*[,;]\s*\d{1,6})*)\]")
_ARTICLES = frozenset({"a", "an", "the"})
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
# A retrieved chunk is looked at once for each variant that finds it, and neighbours in time find the same.
_REMEMBERED = 2048
# How models say that the context does not hold the answer, when no sentence was given to them for it.
_REFUSALS = re.compile(
    r"\bi (?:do not|don['’]t) know\b"
    r"|\b(?:context|passages?|documents?|information|text)\b[^.]{0,60}\b"
    r"(?:do(?:es)? not|doesn['’]t|don['’]t) (?:answer|contain|mention|provide|specify|state|include|say)\b"
    r"|\b(?:not|isn['’]t) (?:mentioned|specified|stated|provided|given) in the\b"
    r"|\b(?:cannot|can['’]t|unable to) (?:be )?(?:answer|determine)",
    re.IGNORECASE,
)
# A longer text that says so somewhere also says something else.
_LONGEST_REFUSAL = 400


class _Punctuation(dict[int, int | None]):
    """A table for `str.translate` that takes punctuation out, that of every script."""

    def __missing__(self, code: int) -> int | None:
        letter = chr(code)
        marks = letter in string.punctuation or unicodedata.category(letter).startswith("P")
        self[code] = None if marks else code
        return self[code]


_PUNCTUATION = _Punctuation()


def squash(text: str) -> str:
    """The text folded for containment: letter case, white space and compatibility forms apart.

    White space goes altogether, because text from PDF has it where a line ended, or lacks it there.
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(_REMEMBERED)
def squashed_chunk(text: str) -> str:
    """`squash`, remembered."""
    return squash(text)


def normal_words(text: str) -> tuple[str, ...]:
    """The words that exact match and token F1 compare: SQuAD's normalization.

    Lower case, punctuation taken out (that of other scripts as well), English articles left out
    unless there is nothing else.
    """
    words = text.lower().translate(_PUNCTUATION).split()
    return tuple(word for word in words if word not in _ARTICLES) or tuple(words)


@lru_cache(_REMEMBERED)
def chunk_words(text: str) -> str:
    """`normal_words` of a chunk, joined for `holds`, remembered."""
    return _joined(normal_words(text))


def rouge_words(text: str) -> list[str]:
    """The words that ROUGE-L compares: runs of letters and digits, lower case."""
    return _WORD.findall(text.lower())


def holds(words: str, answer: str) -> bool:
    """Whether the words of `answer` stand in a row in `words` (from `chunk_words`)."""
    wanted = normal_words(answer)
    return bool(wanted) and _joined(wanted) in words


def without_citations(text: str) -> str:
    """An answer without its `[2]` marks."""
    return _CITATION.sub("", text).strip()


def citations(text: str) -> frozenset[int]:
    """The numbers of the passages that an answer cites."""
    return frozenset(int(number) for group in _CITATION.findall(text) for number in _NUMBER.findall(group))


def refuses(text: str) -> bool:
    """Whether an answer says that the context does not hold it; an empty one counts as that."""
    plain = without_citations(text)
    if not plain or plain == NO_ANSWER:
        return True
    return len(plain) <= _LONGEST_REFUSAL and bool(NO_ANSWER in plain or _REFUSALS.search(plain))


def _joined(words: tuple[str, ...]) -> str:
    return f" {' '.join(words)} "
