"""What flows through a blind vote. Frozen, no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from core.documents.records import Chunk
from core.engines.base import ENGINE_NAMES, EngineName, Mode, Retrieval

Letter = Literal["a", "b"]
Choice = Literal["a", "b", "tie", "bad", "skip"]
"""A, B, equally good, both bad; "skip" passes a question over and counts for nothing."""
State = Literal["open", "complete"]

LETTERS: tuple[Letter, ...] = get_args(Letter)
CHOICES: tuple[Choice, ...] = get_args(Choice)
SCHEMA_VERSION = 1
MOST_QUESTIONS = 200
LONGEST_VOTER = 60


@dataclass(frozen=True)
class Side:
    """One engine's answer; `chunks` best first, cited by their place, which counts from 1.

    `seconds` is how long the whole answer took. `error` is fit to show.
    """

    engine: EngineName
    text: str = ""
    chunks: tuple[Chunk, ...] = ()
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Ballot:
    """One question with both answers. Which engine is A was drawn by lot, and is the same for everybody.

    `number` is the question's place in the vote, from 0; `asked_at` seconds since the epoch.
    """

    id: str
    number: int
    question: str
    a: Side
    b: Side
    asked_at: float = 0.0

    def side(self, letter: Letter) -> Side:
        """The answer under A or B."""
        return self.a if letter == "a" else self.b

    def letter(self, engine: EngineName) -> Letter:
        """Under which letter an engine's answer stands."""
        return "a" if self.a.engine == engine else "b"

    @property
    def error(self) -> str | None:
        """Why there is nothing to vote on; which engine failed is not said."""
        return self.a.error or self.b.error

    @property
    def identical(self) -> bool:
        """Whether both answers say the same, white space apart."""
        return self.error is None and self.a.text.split() == self.b.text.split()

    def preferred(self, choice: Choice) -> EngineName | None:
        """The engine that a choice is for; None for a tie, both bad and a skip."""
        return self.a.engine if choice == "a" else self.b.engine if choice == "b" else None


@dataclass(frozen=True)
class Vote:
    """What one voter thinks of one ballot; it may be changed until it is `revealed` who was who.

    `voter` is an id without meaning, `name` what the voter wants to be called, or empty. `at` is
    seconds since the epoch.
    """

    ballot: str
    voter: str
    choice: Choice
    at: float = 0.0
    name: str = ""
    revealed: bool = False

    @property
    def passed(self) -> bool:
        """Whether the voter is done with the ballot."""
        return self.revealed or self.choice == "skip"


@dataclass(frozen=True)
class Plan:
    """How a vote goes, decided before it starts.

    `questions` are asked in their order; with none, voters type them. `mode`, `retrieval`, `top_k` and
    `documents` are as in `AskOptions`. `hide_score` keeps the score back until the vote is closed.
    `host` is the id of the voter who began it.
    """

    questions: tuple[str, ...] = ()
    mode: Mode = Mode.CONTROLLED
    retrieval: Retrieval | None = None
    top_k: int | None = None
    documents: tuple[str, ...] | None = None
    hide_score: bool = False
    host: str = ""
    engines: tuple[EngineName, ...] = ENGINE_NAMES


@dataclass(frozen=True)
class VoteResult:
    """A vote as far as it came: open to votes until somebody closes it, then complete.

    `ballots` are in the order of their questions, `votes` in that of the ballots, then of time.
    """

    plan: Plan
    ballots: tuple[Ballot, ...] = ()
    votes: tuple[Vote, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    state: State = "open"
    run_id: str = ""
    name: str = "Blind vote"
    workspace: str = ""
    started_at: str = ""
    seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION

    @property
    def closed(self) -> bool:
        """Whether the vote is over."""
        return self.state == "complete"

    def ballot(self, ballot_id: str) -> Ballot | None:
        """One ballot, None when it is not among them."""
        return next((ballot for ballot in self.ballots if ballot.id == ballot_id), None)

    def of(self, ballot_id: str) -> tuple[Vote, ...]:
        """Every vote on one ballot."""
        return tuple(vote for vote in self.votes if vote.ballot == ballot_id)

    def vote(self, ballot_id: str, voter: str) -> Vote | None:
        """What one voter voted on a ballot, None when that is nothing yet."""
        return next((vote for vote in self.of(ballot_id) if vote.voter == voter), None)

    def waiting(self, voter: str) -> Ballot | None:
        """The first ballot that this voter is not done with."""
        done = {vote.ballot for vote in self.votes if vote.voter == voter and vote.passed}
        return next((ballot for ballot in self.ballots if ballot.id not in done), None)

    def to_ask(self) -> tuple[int, str] | None:
        """The first question of the plan that nobody has asked yet, with its number; None without any."""
        asked = {ballot.number for ballot in self.ballots}
        return next(((n, text) for n, text in enumerate(self.plan.questions) if n not in asked), None)

    @property
    def next_number(self) -> int:
        """The number of a question that somebody types now."""
        return max([len(self.plan.questions), *(ballot.number + 1 for ballot in self.ballots)])

    @property
    def voters(self) -> dict[str, str]:
        """Everybody who voted, by id, with the last name given, or a number for want of one."""
        names: dict[str, str] = {}
        for vote in sorted(self.votes, key=lambda vote: vote.at):
            names[vote.voter] = vote.name or names.get(vote.voter, "")
        return {voter: name or f"Voter {place}" for place, (voter, name) in enumerate(names.items(), 1)}

    @property
    def questions_hash(self) -> str:
        """Hash (16 hex digits) of the questions that were voted on, whatever their order."""
        return hashlib.sha256(repr(sorted(self.questions)).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def questions(self) -> set[str]:
        """The questions on which somebody voted, in one writing."""
        voted = {vote.ballot for vote in self.votes if vote.choice != "skip"}
        return {" ".join(ballot.question.split()) for ballot in self.ballots if ballot.id in voted}

    def with_vote(self, new: Vote) -> VoteResult:
        """The same with this vote in the place of the voter's earlier one."""
        others = [v for v in self.votes if (v.ballot, v.voter) != (new.ballot, new.voter)]
        return replace(self, votes=in_order(self.ballots, [*others, new]))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with the tallies that follow from the votes."""
        from core.vote import jsonform

        return jsonform.result_to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VoteResult:
        """What `to_json` gave; `UsageError` for what is no vote, or of a later Tandem."""
        from core.vote import jsonform

        return jsonform.result_from_json(data)


def in_order(ballots: tuple[Ballot, ...], votes: list[Vote]) -> tuple[Vote, ...]:
    """Votes by ballot, then by time; those on ballots that are not there are left out."""
    places = {ballot.id: place for place, ballot in enumerate(ballots)}
    known = [vote for vote in votes if vote.ballot in places]
    return tuple(sorted(known, key=lambda vote: (places[vote.ballot], vote.at, vote.voter)))
