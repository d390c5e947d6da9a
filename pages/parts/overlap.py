"""The retrieved chunks of both engines, rank by rank, and which of them are shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import Hit
from pages.parts import palette
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

SAME, ALONE = "Same chunk", "Not shared"


@dataclass(frozen=True)
class Row:
    """One rank: the hit on each side (None past the end of a list) and how they agree."""

    rank: int
    left: Hit | None
    right: Hit | None
    agreement: str


def rows(left: Sequence[Hit], right: Sequence[Hit]) -> list[Row]:
    """Lay two retrievals side by side."""
    places = ({hit.chunk.id: hit.rank for hit in left}, {hit.chunk.id: hit.rank for hit in right})
    paired = []
    for place in range(max(len(left), len(right))):
        one = left[place] if place < len(left) else None
        other = right[place] if place < len(right) else None
        paired.append(Row(place + 1, one, other, _agreement(one, other, *places)))
    return paired


def _agreement(one: Hit | None, other: Hit | None, left: dict[str, int], right: dict[str, int]) -> str:
    if one and other and one.chunk.id == other.chunk.id:
        return SAME
    notes = []
    if one and one.chunk.id in right:
        notes.append(f"{palette.engine('langchain').label} ranks the left one {right[one.chunk.id]}")
    if other and other.chunk.id in left:
        notes.append(f"{palette.engine('llamaindex').label} ranks the right one {left[other.chunk.id]}")
    return "; ".join(notes) if notes else ALONE


def finding(left: Sequence[Hit], right: Sequence[Hit]) -> str:
    """The sentence that the table shows."""
    one, other = [hit.chunk.id for hit in left], [hit.chunk.id for hit in right]
    if not one or not other:
        return "One engine retrieved nothing" if one or other else "Neither engine retrieved anything"
    if one == other:
        return f"Both retrieved the same {count(len(one), 'chunk')} in the same order"
    shared = len(set(one) & set(other))
    if shared == len(one) == len(other):
        return f"Both retrieved the same {count(shared, 'chunk')} in a different order"
    if not shared:
        return "The engines share none of their chunks"
    return f"The engines share {shared} of {max(len(one), len(other))} chunks"


def place(hit: Hit) -> str:
    """Where a chunk comes from: file and page."""
    name = shorten(hit.chunk.source, 48)
    return name if hit.chunk.page is None else f"{name}, p. {hit.chunk.page}"


def records(left: Sequence[Hit], right: Sequence[Hit]) -> list[dict[str, str]]:
    """The rows as a table's records; cells hold markdown. A chunk that both rank alike is shown once."""
    one, other = palette.engine("llamaindex"), palette.engine("langchain")
    return [
        {
            "Rank": str(row.rank),
            "Agreement": _badge(row.agreement),
            f"{one.dot} {one.label}": _cell(row.left),
            f"{other.dot} {other.label}": _cell(row.right, brief=row.agreement == SAME),
        }
        for row in rows(left, right)
    ]


def _badge(agreement: str) -> str:
    if agreement == SAME:
        return f":green-badge[:material/check: {SAME}]"
    color, icon = ("gray", "close") if agreement == ALONE else ("orange", "swap_vert")
    return f":{color}-badge[:material/{icon}: {agreement}]"


def _cell(hit: Hit | None, *, brief: bool = False) -> str:
    if hit is None:
        return ""
    score = "" if hit.score is None else f" :small[:gray[score {hit.score:.3f}]]"
    text = "" if brief else f" :small[:gray[{plain(shorten(hit.chunk.text, 110))}]]"
    return f"{plain(place(hit))}{score}{text}"
