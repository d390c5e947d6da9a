"""Votes in the history: stored one by one, gone on with from any browser and after a kill.

A cell of the stored run is a ballot, a round one voter's vote on it: a voter who votes again replaces the
earlier vote, whatever process either came through. Every call blocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

from core.bench.environment import environment as machine
from core.errors import UsageError
from core.history import History, NewRun, Writer, new_run_id
from core.history.records import StoredRun
from core.history.texts import clean, clean_name
from core.vote.jsonform import ballot_from_json, ballot_to_json, plan_from_json, plan_to_json, vote_from_json
from core.vote.records import (
    LONGEST_VOTER,
    MOST_QUESTIONS,
    SCHEMA_VERSION,
    Ballot,
    Choice,
    Plan,
    State,
    Vote,
    VoteResult,
    in_order,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.workspace import Workspace


class Poll:
    """One vote of the history, to be voted in. Cheap to make; every call reads what is stored now.

    Every method raises `UsageError` when there is no such vote, and `StorageError` when the database
    fails; nothing is half stored.
    """

    def __init__(self, history: History, run_id: str) -> None:
        self.run_id = run_id
        self._history = history

    @classmethod
    def begin(cls, history: History, workspace: Workspace, plan: Plan, *, name: str = "Blind vote") -> Poll:
        """Begin a vote; `UsageError` for too many questions or a name that can't be one."""
        if len(plan.questions) > MOST_QUESTIONS:
            raise UsageError(
                f"A vote has at most {MOST_QUESTIONS} questions, and these are {len(plan.questions):,}: "
                "choose fewer."
            )
        where = environment(workspace)
        begun = VoteResult(plan, environment=where, name=clean_name(name), workspace=workspace.name)
        poll = cls(history, new_run_id())
        with history.write() as writer:
            writer.begin(_new_run(poll.run_id, begun), owner="", state=begun.state)
        return poll

    def result(self) -> VoteResult:
        """The vote as it stands."""
        return load_votes(self._history.stored(self.run_id))

    def add(self, ballot: Ballot) -> None:
        """Put a question with its two answers to the vote; its A and B are settled from now on.

        Where another process has asked the same question meanwhile, its answers stay.
        """
        with self._changing() as (writer, found):
            place = ballot.number, ballot.question
            if any((other.number, other.question) == place for other in found.ballots):
                return
            if len(found.ballots) >= MOST_QUESTIONS:
                raise UsageError(f"This vote has {MOST_QUESTIONS} questions: close it and begin another.")
            _store_ballot(writer, self.run_id, ballot)

    def cast(self, ballot_id: str, voter: str, choice: Choice, *, name: str = "") -> Vote:
        """One voter's vote, in one transaction; it replaces the voter's earlier one.

        `UsageError` when the vote is closed, the ballot is not there or cannot be voted on, or the voter
        has seen who was who.
        """
        with self._changing() as (writer, found):
            ballot = _known(found, ballot_id)
            earlier = found.vote(ballot_id, voter)
            if earlier is not None and earlier.revealed:
                raise UsageError("You have seen who was who, so this vote stays as it is.")
            if ballot.error is not None and choice != "skip":
                raise UsageError("One of the two answers failed, so there is nothing to vote on: go on.")
            vote = Vote(ballot_id, voter, choice, time(), clean_voter(name))
            self._keep(writer, found.with_vote(vote), vote)
        return vote

    def reveal(self, ballot_id: str, voter: str) -> Ballot:
        """Who was who, for a voter who has voted; the vote stays as it is from now on."""
        with self._changing() as (writer, found):
            ballot = _known(found, ballot_id)
            vote = found.vote(ballot_id, voter)
            if vote is None or vote.choice == "skip":
                raise UsageError("Vote first: then you see who was who.")
            vote = replace(vote, revealed=True)
            self._keep(writer, found.with_vote(vote), vote)
        return ballot

    def close(self) -> None:
        """End the vote: nobody can vote any more, and everybody sees the result."""
        self._end("complete")

    def reopen(self) -> None:
        """Go on with a vote that was closed."""
        self._end("open")

    def _end(self, state: State) -> None:
        with self._history.change(self.run_id) as (writer, stored):
            found = replace(load_votes(stored), state=state)
            writer.finish(self.run_id, state, **_columns(found))

    @contextmanager
    def _changing(self) -> Iterator[tuple[Writer, VoteResult]]:
        """One transaction over a vote that is open; others wait for it, whatever process they are in."""
        with self._history.change(self.run_id) as (writer, stored):
            found = load_votes(stored)
            if found.closed:
                raise UsageError("This vote is closed: open it again to go on.")
            yield writer, found

    def _keep(self, writer: Writer, result: VoteResult, vote: Vote) -> None:
        _store_vote(writer, self.run_id, vote)
        writer.update(self.run_id, workload_hash=result.questions_hash, **_columns(result))


def load_votes(stored: StoredRun) -> VoteResult:
    """The vote of a stored run, as far as it came; `UsageError` for a run of another kind."""
    summary = stored.summary
    if summary.kind != "vote":
        raise UsageError(f"The run {summary.name!r} is no vote, it is of the kind {summary.kind}.")
    if summary.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"The run {summary.name!r} was stored by a later Tandem: update this one to open it."
        )
    found = [ballot_from_json(cell.data) for cell in stored.cells]
    ballots = tuple(sorted(found, key=lambda ballot: (ballot.number, ballot.asked_at, ballot.id)))
    votes = [vote_from_json(item.data) for cell in stored.cells for item in cell.rounds]
    return VoteResult(
        plan=plan_from_json(summary.config),
        ballots=ballots,
        votes=in_order(ballots, votes),
        environment=summary.environment,
        state="complete" if summary.state == "complete" else "open",
        run_id=summary.run_id,
        name=summary.name,
        workspace=summary.workspace,
        started_at=datetime.fromtimestamp(summary.started_at, UTC).isoformat(timespec="seconds"),
        seconds=summary.seconds,
        schema_version=summary.schema_version,
    )


def store_votes(
    history: History, result: VoteResult, *, workspace: str = "", note: str = "", imported: bool = False
) -> str:
    """Write a whole vote, such as one from a file, under a new id, which is returned."""
    run_id = new_run_id()
    new = replace(_new_run(run_id, result), workspace=workspace, note=note, imported=imported)
    with history.write() as writer:
        writer.begin(new, owner="", state=result.state)
        for ballot in result.ballots:
            _store_ballot(writer, run_id, ballot)
        for vote in result.votes:
            _store_vote(writer, run_id, vote)
        writer.finish(run_id, result.state, **_columns(result))
    return run_id


def environment(workspace: Workspace) -> dict[str, Any]:
    """Over which Milvus and which models a vote goes; no secret is in it."""
    endpoint = workspace.model.endpoint
    return machine(workspace.backend, {}) | {
        "model": {"name": endpoint.chat_model, "kind": endpoint.kind, "label": endpoint.label},
        "embedding": {"name": endpoint.embedding_model, "kind": endpoint.embedding_kind},
    }


def clean_voter(name: str) -> str:
    """What a voter wants to be called, on one line."""
    return " ".join(clean(name).split())[:LONGEST_VOTER]


def summary_line(result: VoteResult) -> str:
    """What a list of runs says of a vote; the score is kept back as long as it is to be."""
    from core.vote.counting import sentences, tally

    if result.plan.hide_score and not result.closed:
        votes = tally(result).votes
        told = "1 vote" if votes == 1 else f"{votes:,} votes"
        return f"{told} so far; the score is hidden until the vote is closed."
    return sentences(result)[0]


def _known(found: VoteResult, ballot_id: str) -> Ballot:
    ballot = found.ballot(ballot_id)
    if ballot is None:
        raise UsageError("There is no such question in this vote: open the vote's page anew.")
    return ballot


def _columns(result: VoteResult) -> Mapping[str, Any]:
    """Columns that follow from the votes."""
    times = [vote.at for vote in result.votes] + [ballot.asked_at for ballot in result.ballots]
    began = datetime.fromisoformat(result.started_at).timestamp() if result.started_at else 0.0
    return {
        "verdict": [{"topic": "quality", "text": summary_line(result)}],
        "seconds": result.seconds if not began else max(0.0, max(times, default=began) - began),
    }


def _new_run(run_id: str, result: VoteResult) -> NewRun:
    began = datetime.fromisoformat(result.started_at).timestamp() if result.started_at else 0.0
    return NewRun(
        run_id=run_id,
        kind="vote",
        name=result.name,
        config=plan_to_json(result.plan),
        environment=result.environment,
        workspace=result.workspace,
        workload_hash=result.questions_hash,
        schema_version=result.schema_version,
        started_at=began,
    )


def _store_ballot(writer: Writer, run_id: str, ballot: Ballot) -> None:
    writer.cell(run_id, ballot.id, ballot_to_json(ballot), ballot.number)


def _store_vote(writer: Writer, run_id: str, vote: Vote) -> None:
    writer.round(run_id, vote.ballot, _place(vote.voter), asdict(vote))


def _place(voter: str) -> int:
    """A voter's place among the votes on a ballot: always the same, and no database's largest integer."""
    return int.from_bytes(hashlib.sha256(voter.encode()).digest()[:4], "big") >> 1
