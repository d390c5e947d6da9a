"""Which name a file gets in the corpus when names collide."""

from __future__ import annotations

from collections.abc import Mapping

from core.documents import unique_names


class Names:
    """Hands out names for one ingest; `known` maps the corpus' names to content hashes.

    Two different files of one name are both kept: the second is `report (2).txt`, and finds that
    name again in later ingests by its content. Another content under a name replaces what the
    corpus has there.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self._claimed: dict[str, str] = {}
        self._families: dict[str, list[str]] = {}

    def choose(self, name: str, content: str) -> tuple[str, bool]:
        """The name for a file, and whether the same file came before in this ingest."""
        free, place = "", 0
        while True:
            candidate = self._member(name, place)
            claimed, known = self._claimed.get(candidate), self._known.get(candidate)
            if claimed == content:
                return candidate, True
            if claimed is None and known == content:
                free = candidate
                break
            if claimed is None:
                free = free or candidate
            if claimed is None and known is None:
                break
            place += 1
        self._claimed[free] = content
        return free, False

    def _member(self, name: str, place: int) -> str:
        """`report.txt`, `report (2).txt`, ... by place; made in doubling batches, as each is a search."""
        family = self._families.get(name, [])
        if place >= len(family):
            family = self._families[name] = unique_names([name] * max(2, 2 * place))
        return family[place]
