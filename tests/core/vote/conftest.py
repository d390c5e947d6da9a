"""Votes made from figures, and a history to keep them in."""

import pytest

from core.documents.records import Chunk
from core.history import History
from core.settings import Settings
from core.vote import Ballot, Plan, Side, Vote, VoteResult

CHUNK = Chunk("c1", "d1", "ferry.txt", 0, "The ferry leaves every forty minutes.", page=2, end=37)
STARTED = "2026-11-20T10:00:00+00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return Settings.load({"home": tmp_path, "database_url": url})


@pytest.fixture
def history(settings):
    opened = History.open(settings)
    yield opened
    opened.close()


def ballot(number, *, a="llamaindex", texts=("Every forty minutes [1].", "Often [1]."), errors=(None, None)):
    b = "langchain" if a == "llamaindex" else "llamaindex"
    sides = [
        Side(engine, text, (CHUNK,), seconds, error)
        for engine, text, seconds, error in zip((a, b), texts, (0.4, 0.9), errors, strict=True)
    ]
    return Ballot(f"b{number}", number, f"How often does ferry {number} leave?", *sides, 1000.0 + number)


def votes(choices, voter="ada", name="Ada"):
    """One voter's choices, ballot by ballot; None where the voter did not vote."""
    return [
        Vote(f"b{place}", voter, choice, 2000.0 + place, name, revealed=True)
        for place, choice in enumerate(choices)
        if choice
    ]


def result(*cast, ballots=None, **more):
    """A vote in which LlamaIndex is A on every even question."""
    several = [votes(choices, f"v{place}", f"Voter {place}") for place, choices in enumerate(cast)]
    longest = max([len(choices) for choices in cast], default=0)
    made = ballots or [
        ballot(place, a=("llamaindex", "langchain")[place % 2]) for place in range(max(longest, 1))
    ]
    whole = VoteResult(Plan(), tuple(made), started_at=STARTED, **more)
    for vote in (vote for group in several for vote in group):
        whole = whole.with_vote(vote)
    return whole


def choices_for(engine, wins, total):
    """One voter's choices: so many votes for an engine, the others against it."""
    mine = [("a", "b")[(place % 2 == 1) == (engine == "llamaindex")] for place in range(total)]
    other = {"a": "b", "b": "a"}
    return [choice if place < wins else other[choice] for place, choice in enumerate(mine)]
