"""The shape that a vote has in a file, checked field by field: a file may come from anywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from core.engines.base import ENGINE_NAMES, EngineName, Mode, Retrieval
from core.history.filed import FiledEnvironment
from core.history.texts import LONGEST_NAME, LONGEST_NOTE, clean
from core.vote.records import LONGEST_VOTER, MOST_QUESTIONS, SCHEMA_VERSION, Choice, State

_MOST_VOTERS = 2000
_MOST_CHUNKS = 100

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Line = Annotated[str, Field(max_length=5000), AfterValidator(clean)]
Long = Annotated[str, Field(max_length=100_000), AfterValidator(clean)]
Seconds = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Place = Annotated[int, Field(ge=0, le=10**9)]


class _Part(BaseModel):
    """What a later version adds is passed over."""

    model_config = ConfigDict(extra="ignore")


class FiledChunk(_Part):
    """A retrieved piece of a document."""

    id: Id
    document_id: Id
    source: Line
    position: Place
    text: Long
    page: Place | None = None
    page_index: Place = 0
    start: Place = 0
    end: Place = 0


class FiledSide(_Part):
    """One engine's answer; `chunks` by id."""

    engine: EngineName
    text: Long = ""
    chunks: Annotated[list[Id], Field(max_length=_MOST_CHUNKS)] = []
    seconds: Seconds = 0.0
    error: Line | None = None


class FiledBallot(_Part):
    """A question with its two answers."""

    id: Id
    number: Annotated[int, Field(ge=0, le=10_000)]
    question: Line
    asked_at: Seconds = 0.0
    a: FiledSide
    b: FiledSide
    chunks: Annotated[list[FiledChunk], Field(max_length=2 * _MOST_CHUNKS)] = []

    @model_validator(mode="after")
    def _check(self) -> FiledBallot:
        if self.a.engine == self.b.engine:
            raise ValueError("both answers are of one engine")
        known = {chunk.id for chunk in self.chunks}
        if not known >= {*self.a.chunks, *self.b.chunks}:
            raise ValueError("a chunk that an answer rests on is missing")
        return self


class FiledVote(_Part):
    """One voter's vote on a ballot."""

    ballot: Id
    voter: Id
    choice: Choice
    at: Seconds = 0.0
    name: Annotated[str, Field(max_length=LONGEST_VOTER), AfterValidator(clean)] = ""
    revealed: bool = False


class FiledPlan(_Part):
    """How the vote went."""

    questions: Annotated[list[Line], Field(max_length=MOST_QUESTIONS)] = []
    mode: Mode
    retrieval: Retrieval | None = None
    top_k: Annotated[int, Field(ge=1, le=1000)] | None = None
    documents: Annotated[list[Line], Field(max_length=10_000)] | None = None
    hide_score: bool = False
    host: Annotated[str, Field(max_length=64)] = ""
    engines: list[EngineName] = list(ENGINE_NAMES)

    @field_validator("engines")
    @classmethod
    def _check_engines(cls, value: list[EngineName]) -> list[EngineName]:
        if sorted(value) != sorted(ENGINE_NAMES):
            raise ValueError("a vote is between two engines")
        return value


class FiledModel(_Part):
    """A model that answered or embedded."""

    name: Line = ""
    kind: Line = ""
    label: Line = ""


class FiledPlace(FiledEnvironment):
    """Where a vote happened."""

    model: FiledModel = FiledModel()
    embedding: FiledModel = FiledModel()


class FiledVotes(_Part):
    """A whole vote."""

    kind: Literal["vote"]
    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(clean)]
    note: Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(clean)] = ""
    state: State
    started_at: Annotated[str, Field(max_length=40)] = ""
    seconds: Seconds = 0.0
    plan: FiledPlan
    environment: FiledPlace = FiledPlace()
    ballots: Annotated[list[FiledBallot], Field(max_length=2 * MOST_QUESTIONS)]
    votes: Annotated[list[FiledVote], Field(max_length=MOST_QUESTIONS * _MOST_VOTERS)]

    @model_validator(mode="after")
    def _check(self) -> FiledVotes:
        ballots = {ballot.id for ballot in self.ballots}
        if len(ballots) < len(self.ballots):
            raise ValueError("a question is there twice")
        cast = {(vote.ballot, vote.voter) for vote in self.votes}
        if len(cast) < len(self.votes):
            raise ValueError("somebody voted twice on one question")
        if not {vote.ballot for vote in self.votes} <= ballots:
            raise ValueError("a vote is on a question that is not there")
        return self
