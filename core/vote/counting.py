"""What a vote says: shares with Wilson intervals, by voter and by question, and how far voters agree."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from core.bench.records import ErrorRate
from core.bench.statistics import CONFIDENCE, error_rate
from core.engines.base import ENGINE_LABELS, EngineName
from core.vote.records import Ballot, Choice, Vote, VoteResult

TOLD_APART = 0.6
"""The preference that `needed` is about: 60 to 40."""
POWER = 0.8


@dataclass(frozen=True)
class Tally:
    """Votes counted. Ties and both-bad are votes that decide nothing; a skipped question is no vote."""

    first: EngineName
    second: EngineName
    for_first: int = 0
    for_second: int = 0
    ties: int = 0
    bad: int = 0
    skipped: int = 0

    @property
    def decided(self) -> int:
        """Votes for one of the two."""
        return self.for_first + self.for_second

    @property
    def votes(self) -> int:
        """All votes."""
        return self.decided + self.ties + self.bad

    def count(self, engine: EngineName) -> int:
        """Votes for one engine."""
        return self.for_first if engine == self.first else self.for_second

    def share(self, engine: EngineName) -> ErrorRate:
        """An engine's share of the decided votes, with its 95% Wilson interval."""
        return wilson(self.count(engine), self.decided)

    @property
    def leader(self) -> EngineName | None:
        """The engine with more votes, None while they are level."""
        if self.for_first == self.for_second:
            return None
        return self.first if self.for_first > self.for_second else self.second

    @property
    def order(self) -> tuple[EngineName, EngineName]:
        """Both engines, the one with more votes first: the one that the verdict speaks of."""
        return (self.second, self.first) if self.leader == self.second else (self.first, self.second)

    @property
    def measurable(self) -> bool:
        """Whether an even split is ruled out, by the interval and by the exact binomial test.

        The interval alone would say so of 4 to 0, which a fair coin gives once in 8 times.
        """
        if self.leader is None or self.share(self.leader).low <= 0.5:
            return False
        return even_p(self.count(self.leader), self.decided) < 1 - CONFIDENCE

    @property
    def needed(self) -> int:
        """How many more decided votes would tell a preference of 60 to 40, as a rule."""
        return max(0, votes_needed() - self.decided)

    @property
    def apart(self) -> str:
        """The votes that decide nothing, in words; empty without any."""
        parts = (
            (self.ties, "vote for a tie", "votes for a tie"),
            (self.bad, "vote for both bad", "votes for both bad"),
        )
        told = (f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number)
        return " and ".join(told)

    @property
    def sentence(self) -> str:
        """The verdict."""
        if not self.votes:
            return "Nobody has voted yet."
        if not self.decided:
            return f"No vote decided for either: {self.apart}."
        told = self._told()
        if self.measurable:
            return f"{told}."
        more = f"about {self.needed:,} more decided votes" if self.needed else "more votes than these"
        return f"{told}: no measurable preference yet. To tell 60:40 from chance takes {more}."

    def _told(self) -> str:
        engine = self.leader
        if engine is None:
            return f"Level, {self.for_first} to {self.for_second} in {_decided(self.decided)}"
        return (
            f"{ENGINE_LABELS[engine]} preferred in {self.count(engine)} of {_decided(self.decided)}, "
            f"{interval(self.share(engine))}"
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        shares = {name: self.share(name) for name in (self.first, self.second)}
        return {
            "preferred": {name: self.count(name) for name in shares},
            "ties": self.ties,
            "both_bad": self.bad,
            "skipped": self.skipped,
            "decided": self.decided,
            "votes": self.votes,
            "share": {
                name: {"share": item.rate if item.n else None, "low": item.low, "high": item.high}
                for name, item in shares.items()
            },
            "measurable": self.measurable,
            "needed": self.needed,
        }


@dataclass(frozen=True)
class Agreement:
    """How often two voters chose the same on one ballot, over every pair of voters and ballot."""

    same: int
    pairs: int

    @property
    def sentence(self) -> str:
        """The finding; empty where no two voters met on a ballot."""
        if not self.pairs:
            return ""
        pairs = "1 pair" if self.pairs == 1 else f"{self.pairs:,} pairs"
        share = percent(self.same / self.pairs)
        return f"Of {pairs} of votes on the same question, {self.same:,} agree ({share})."


@dataclass(frozen=True)
class BallotTally:
    """One ballot with its votes counted."""

    ballot: Ballot
    tally: Tally


def tally(result: VoteResult, voter: str | None = None) -> Tally:
    """All votes, or those of one voter."""
    return _count(result, [vote for vote in result.votes if voter in (None, vote.voter)])


def by_voter(result: VoteResult) -> dict[str, Tally]:
    """The votes of each voter, by id, in the order in which they came."""
    votes: dict[str, list[Vote]] = {voter: [] for voter in result.voters}
    for vote in result.votes:
        votes[vote.voter].append(vote)
    ballots = {ballot.id: ballot for ballot in result.ballots}
    return {voter: _count(result, mine, ballots) for voter, mine in votes.items()}


def by_ballot(result: VoteResult) -> tuple[BallotTally, ...]:
    """The votes on each ballot, in order."""
    return tuple(BallotTally(ballot, _count(result, votes)) for ballot, votes in _grouped(result))


def agreement(result: VoteResult) -> Agreement:
    """How far those agree who voted on the same ballots."""
    same = pairs = 0
    for _, votes in _grouped(result):
        choices = Counter(vote.choice for vote in votes if vote.choice != "skip")
        pairs += math.comb(choices.total(), 2)
        same += sum(math.comb(number, 2) for number in choices.values())
    return Agreement(same, pairs)


def position(result: VoteResult) -> ErrorRate:
    """The share of decided votes that went to A: far from half, where an answer stood mattered."""
    choices = [vote.choice for vote in result.votes if vote.choice in ("a", "b")]
    return wilson(choices.count("a"), len(choices))


def sentences(result: VoteResult) -> tuple[str, ...]:
    """The verdict, then what to know of it."""
    whole = tally(result)
    found = [whole.sentence]
    if agreement(result).pairs:
        found += _of_several(result)
    found.append(_of_position(position(result)))
    return tuple(text for text in found if text)


def conclusions(result: VoteResult) -> dict[str, Any]:
    """What follows from the votes, JSON-ready; it is computed anew whenever a vote is read."""
    names = result.voters
    return {
        "verdict": list(sentences(result)),
        "tally": tally(result).to_json(),
        "voters": [
            {"voter": voter, "name": names[voter], **counted.to_json()}
            for voter, counted in by_voter(result).items()
        ],
        "agreement": asdict(agreement(result)),
    }


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{share * 100:.0f}%"


def interval(found: ErrorRate) -> str:
    """A share in percent, with its interval in brackets."""
    return f"{percent(found.rate)} ({found.low * 100:.0f}–{percent(found.high)})"


# These are asked for again with every drawing of the page, and say the same for the same counts.
@lru_cache(1024)
def wilson(count: int, n: int) -> ErrorRate:
    """A share with its Wilson interval."""
    return error_rate(count, n)


@lru_cache(1024)
def even_p(count: int, n: int) -> float:
    """How likely votes are split so unevenly, or more, when nobody prefers either."""
    from scipy import stats

    return float(stats.binomtest(count, n).pvalue)


@lru_cache(1)
def votes_needed() -> int:
    """Decided votes with which a preference of 60 to 40 is told from an even split in 4 of 5 votes."""
    from scipy import stats

    even = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * 0.5
    told = float(stats.norm.ppf(POWER)) * math.sqrt(TOLD_APART * (1 - TOLD_APART))
    return math.ceil(((even + told) / (TOLD_APART - 0.5)) ** 2)


def _grouped(result: VoteResult) -> list[tuple[Ballot, list[Vote]]]:
    votes: dict[str, list[Vote]] = {ballot.id: [] for ballot in result.ballots}
    for vote in result.votes:
        votes[vote.ballot].append(vote)
    return [(ballot, votes[ballot.id]) for ballot in result.ballots]


def _count(result: VoteResult, votes: Iterable[Vote], known: Mapping[str, Ballot] | None = None) -> Tally:
    ballots = known or {ballot.id: ballot for ballot in result.ballots}
    choices: Counter[Choice] = Counter()
    preferred: Counter[EngineName | None] = Counter()
    for vote in votes:
        choices[vote.choice] += 1
        preferred[ballots[vote.ballot].preferred(vote.choice)] += 1
    first, second = result.plan.engines
    return Tally(
        first,
        second,
        preferred[first],
        preferred[second],
        choices["tie"],
        choices["bad"],
        choices["skip"],
    )


def _decided(number: int) -> str:
    return f"{number:,} decided vote{'' if number == 1 else 's'}"


def _of_several(result: VoteResult) -> list[str]:
    """Votes on one question hang together: what the interval then speaks of, and a count by question."""
    first, second = result.plan.engines
    leaders = [item.tally.leader for item in by_ballot(result) if item.tally.votes]
    parts = [f"{leaders.count(name)} to {ENGINE_LABELS[name]}" for name in (first, second)]
    level = leaders.count(None)
    told = ", ".join([*parts, *([f"{level} to neither"] if level else [])])
    return [
        agreement(result).sentence,
        f"By question, counting each once: {told}.",
        "Several people voted on the same questions: the interval speaks of these questions, not of all.",
    ]


def _of_position(found: ErrorRate) -> str:
    if found.n < 10 or found.low <= 0.5 <= found.high:
        return ""
    letter, share = ("A", found.rate) if found.rate > 0.5 else ("B", 1 - found.rate)
    return (
        f"{letter} was chosen in {percent(share)} of the decided votes: where an answer stood mattered. "
        "Engines change places at random, so neither gains by it, but the difference shrinks."
    )
