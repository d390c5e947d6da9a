"""Ballots from real engines over Milvus Lite and the built-in endpoint."""

import json

import pytest

from core.engines.base import Answer, Mode
from core.ingest import Upload, ingest
from core.loop import run
from core.settings import Settings
from core.vote import Plan, ask_ballot, make_ballot
from core.vote.recording import environment
from core.workspace import Workspace


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    async def fill():
        workspace = await Workspace.open(Settings.load({"home": tmp_path_factory.mktemp("vote")}), "v")
        text = "The ferry to Gull Island leaves every forty minutes. Dogs travel free of charge."
        assert (await ingest(workspace, [Upload("ferry.txt", text.encode())])).succeeded
        return workspace

    return run(fill())


def test_a_ballot_holds_both_answers_with_what_they_rest_on(corpus):
    found = run(ask_ballot(corpus, Plan(top_k=1), "How often does the ferry leave?", 3))
    assert {found.a.engine, found.b.engine} == {"llamaindex", "langchain"}
    assert all("forty minutes" in side.text and side.chunks for side in (found.a, found.b))
    assert found.identical  # the same sentence of the same chunk
    assert (found.number, found.error) == (3, None)
    assert min(found.a.seconds, found.b.seconds) > 0


def test_what_cannot_be_asked_is_a_ballot_that_says_why(corpus):
    found = run(ask_ballot(corpus, Plan(mode=Mode.NATIVE), "How often?", 0))
    assert "no native index yet" in found.error
    assert not found.identical


def test_either_engine_may_be_a_and_the_lot_favours_none():
    answers = {name: Answer(name, name) for name in ("llamaindex", "langchain")}
    first = [make_ballot("Why?", n, Plan(), answers).a.engine for n in range(400)]
    assert 130 < first.count("llamaindex") < 270


def test_an_engine_that_says_nothing_leaves_nothing_to_vote_on():
    found = make_ballot("Why?", 0, Plan(), {"llamaindex": Answer("llamaindex", "Because.")})
    assert found.error == "One of the two engines gave no answer."


def test_where_a_vote_goes_holds_no_secret(corpus):
    told = json.dumps(environment(corpus))
    assert "tandem-extractive" in told
    assert not [secret for secret in corpus.settings.secrets if secret and secret in told]
