"""Where sentences begin; one rule for the shared splitter and for LlamaIndex's."""

from __future__ import annotations

import re
from itertools import pairwise

# Each alternative looks at a bounded stretch before its run of white space, so hostile text costs
# linear time. Initials and a few titles end no sentence; Chinese and Japanese need no space.
_BOUNDARY = re.compile(
    r"""
    (?<=[.!?…]) (?<!\b[A-Z]\.) (?<!\b(?:Mr|Ms|Dr|St|vs)\.) (?<!\b(?:Mrs|e\.g|i\.e)\.) ["'”’»)\]]{0,3} \s+
    | (?<=[。！？]) ["'”’」』】）)]{0,3}
    | \n{2,}
    """,
    re.VERBOSE,
)


def sentence_starts(text: str) -> list[int]:
    """Offsets, ascending and inside the text, at which a new sentence or paragraph begins."""
    starts = (match.end() for match in _BOUNDARY.finditer(text) if _ends_sentence(text, match))
    return [start for start in starts if 0 < start < len(text)]


def sentences(text: str) -> list[str]:
    """The text cut at every sentence start; joined again, the pieces give the text."""
    return [text[start:end] for start, end in pairwise([0, *sentence_starts(text), len(text)]) if start < end]


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """A lower-case letter after a full stop means an abbreviation, unless a paragraph lies between."""
    following = text[match.end() : match.end() + 1]
    return not following.islower() or "\n\n" in match[0]
