"""The retrieved chunks of both engines, rank by rank, and which of them are shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import Hit
from pages.parts import palette
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

SAME, ALONE = "same chunk", "only here"
_LEFT, _RIGHT = palette.engine("llamaindex"), palette.engine("langchain")


@dataclass(frozen=True)
class Row:
    """One rank: the hit on each side (None past the end of a list), and where the other side has it."""

    rank: int
    left: Hit | None
    right: Hit | None
    left_note: str = ""
    right_note: str = ""

    @property
    def same(self) -> bool:
        """Whether both sides have the same chunk at this rank."""
        return self.right_note == SAME


def rows(left: Sequence[Hit], right: Sequence[Hit]) -> list[Row]:
    """Lay two retrievals side by side."""
    return [_row(rank, left, right) for rank in range(1, max(len(left), len(right)) + 1)]


def _row(rank: int, left: Sequence[Hit], right: Sequence[Hit]) -> Row:
    one = left[rank - 1] if rank <= len(left) else None
    other = right[rank - 1] if rank <= len(right) else None
    if one and other and one.chunk.id == other.chunk.id:
        return Row(rank, one, other, right_note=SAME)
    return Row(rank, one, other, _elsewhere(one, right, _RIGHT), _elsewhere(other, left, _LEFT))


def _elsewhere(hit: Hit | None, others: Sequence[Hit], look: palette.Look) -> str:
    if hit is None:
        return ""
    found = next((other.rank for other in others if other.chunk.id == hit.chunk.id), None)
    return ALONE if found is None else f"rank {found} in {look.label}"


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
    """The rows as a table's records; cells hold markdown. A chunk that both rank alike is quoted once."""
    return [
        {
            "Rank": str(row.rank),
            f"{_LEFT.dot} {_LEFT.label}": _cell(row.left, row.left_note),
            f"{_RIGHT.dot} {_RIGHT.label}": _cell(row.right, row.right_note, brief=row.same),
        }
        for row in rows(left, right)
    ]


def _cell(hit: Hit | None, note: str, *, brief: bool = False) -> str:
    if hit is None:
        return ""
    score = "" if hit.score is None else f" :small[:gray[score {hit.score:.3f}]]"
    text = "" if brief else f" :small[:gray[{plain(shorten(hit.chunk.text, 90))}]]"
    return f"{_BADGES.get(note, _MOVED).format(note)} {plain(place(hit))}{score}{text}".strip()


_MOVED = ":orange-badge[:material/swap_vert: {}]"
_BADGES = {"": "", SAME: ":green-badge[:material/check: {}]", ALONE: ":gray-badge[{}]"}
