"""Vote: two answers under A and B, names hidden, people choose; counted, kept, compared.

Names are imported when first used, so that importing this room costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.vote.asking import ask_ballot, make_ballot
    from core.vote.comparison import VoteComparison, compare_votes
    from core.vote.counting import (
        Agreement,
        BallotTally,
        Tally,
        agreement,
        by_ballot,
        by_voter,
        interval,
        sentences,
        tally,
    )
    from core.vote.exports import export_csv, export_json
    from core.vote.imports import FiledVote, read_votes
    from core.vote.recording import Poll, load_votes, store_votes
    from core.vote.records import (
        LETTERS,
        MOST_QUESTIONS,
        Ballot,
        Choice,
        Letter,
        Plan,
        Side,
        Vote,
        VoteResult,
    )
    from core.vote.report import export_html

_ROOMS = {
    "asking": ("ask_ballot", "make_ballot"),
    "comparison": ("VoteComparison", "compare_votes"),
    "exports": ("export_csv", "export_json"),
    "imports": ("FiledVote", "read_votes"),
    "recording": ("Poll", "load_votes", "store_votes"),
    "records": (
        *("LETTERS", "MOST_QUESTIONS", "Ballot", "Choice", "Letter"),
        *("Plan", "Side", "Vote", "VoteResult"),
    ),
    "report": ("export_html",),
    "counting": (
        *("Agreement", "BallotTally", "Tally", "agreement", "by_ballot", "by_voter"),
        *("interval", "sentences", "tally"),
    ),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "LETTERS",
    "MOST_QUESTIONS",
    "Agreement",
    "Ballot",
    "BallotTally",
    "Choice",
    "FiledVote",
    "Letter",
    "Plan",
    "Poll",
    "Side",
    "Tally",
    "Vote",
    "VoteComparison",
    "VoteResult",
    "agreement",
    "ask_ballot",
    "by_ballot",
    "by_voter",
    "compare_votes",
    "export_csv",
    "export_html",
    "export_json",
    "interval",
    "load_votes",
    "make_ballot",
    "read_votes",
    "sentences",
    "store_votes",
    "tally",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
