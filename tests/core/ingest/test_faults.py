"""Endpoints that refuse, an engine that refuses, and a Milvus that goes away, all in mid-ingest."""

from collections import Counter

import pytest
from pymilvus import MilvusException

from core.errors import ModelError
from core.ingest import ingest
from core.loop import run
from core.settings import Settings
from core.workspace import Workspace
from tests.core.fault_endpoint import FaultEndpoint
from tests.core.ingest.helpers import check_whole, statuses, stored, upload

MANY = [upload(f"{number}.txt", f"topic {number}") for number in range(30)]


@pytest.fixture
def endpoint():
    with FaultEndpoint() as running:
        yield running


@pytest.fixture
def at_endpoint(new_workspace, endpoint):
    return new_workspace(
        model_base_url=endpoint.base_url,
        model_key=_secret(endpoint.key),
        chat_model=endpoint.chat_model,
        embedding_model=endpoint.embedding_model,
        model_retries=0,
        model_timeout=0.5,
        embedding_batch=8,
    )


def _secret(text):
    return Settings.load({"model_key": text}).model_key


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("unauthorized", "refused the key"),
        ("unknown_model", "has no model named"),
        ("rate_limited", "takes no more requests"),
        ("server_error", "HTTP 500"),
        ("hang", "was given up"),
        ("not_json", "no OpenAI-compatible answer"),
        ("wrong_dimension", "vectors of 4 numbers"),
        ("cut", "broke off"),
    ],
)
def test_an_endpoint_that_fails_is_one_sentence_a_file_but_not_one_try_a_file(
    at_endpoint, endpoint, fault, says
):
    endpoint.misbehave(fault, only="/embeddings")
    before = endpoint.count("/embeddings")
    summary = run(ingest(at_endpoint, MANY))
    assert {file.status for file in summary.files} == {"failed"}
    assert all(says in file.error for file in summary.files)
    assert not any(endpoint.key in file.error for file in summary.files)
    assert endpoint.count("/embeddings") - before < len(MANY)
    check_whole(at_endpoint, summary)
    endpoint.behave()
    assert run(ingest(at_endpoint, MANY)).succeeded


def test_an_endpoint_that_is_busy_for_a_moment_fails_no_file(at_endpoint, endpoint, lite):
    patient = at_endpoint.settings.model_copy(update={"model_retries": 3})
    workspace = run(Workspace.open(patient, at_endpoint.name))
    endpoint.misbehave("rate_limited", only="/embeddings", times=2, retry_after="0.01")
    assert run(ingest(workspace, MANY[:3])).succeeded


def test_an_endpoint_that_recovers_keeps_what_came_before_and_after(at_endpoint, endpoint):
    endpoint.misbehave("server_error", only="/embeddings", times=1, after=1)
    summary = run(ingest(at_endpoint, MANY))
    assert "indexed" in statuses(summary).values()
    check_whole(at_endpoint, summary)
    again = run(ingest(at_endpoint, MANY))
    assert set(statuses(again).values()) <= {"indexed", "unchanged"}
    check_whole(at_endpoint, again)


class Altered:
    """Another object with some of its members replaced."""

    def __init__(self, plain, **members):
        self._plain = plain
        self.__dict__.update(members)

    def __getattr__(self, name):
        return getattr(self._plain, name)


def with_model(workspace, refuses):
    """The workspace with an endpoint that refuses every request with such a text in it."""

    async def embed(texts):
        if any(refuses in text for text in texts):
            raise ModelError("The model endpoint refused the request (HTTP 400).")
        return await workspace.model.embed(texts)

    return Altered(workspace, model=Altered(workspace.model, embed=embed))


def with_engine(workspace, name, add):
    """The workspace with one engine's `add` replaced; `add` gets the real one first."""

    async def engine(wanted, *arguments, **options):
        real = await workspace.engine(wanted, *arguments, **options)
        if wanted != name:
            return real
        return Altered(real, add=lambda chunks, vectors: add(real, chunks, vectors))

    return Altered(workspace, engine=engine)


async def refuse_poison(real, chunks, vectors):
    if any("poison" in chunk.text for chunk in chunks):
        raise MilvusException(1100, "the length of the field exceeds the maximum")
    await real.add(chunks, vectors)


async def lose_one(real, chunks, vectors):
    kept = [(c, v) for c, v in zip(chunks, vectors, strict=True) if "poison report number 3 " not in c.text]
    await real.add([chunk for chunk, _ in kept], [vector for _, vector in kept])


FILES = [*MANY[:5], upload("bad.txt", "poison"), *MANY[5:10]]


@pytest.mark.parametrize(
    ("alter", "says"),
    [
        (lambda workspace: with_model(workspace, "poison"), "HTTP 400"),
        (lambda workspace: with_engine(workspace, "langchain", refuse_poison), "exceeds the maximum"),
        (lambda workspace: with_engine(workspace, "llamaindex", lose_one), "does not hold every chunk"),
    ],
    ids=["embedding refused", "one engine refuses", "one engine loses a chunk"],
)
def test_one_file_that_cannot_be_indexed_is_in_neither_engine_and_stops_no_other(workspace, alter, says):
    summary = run(ingest(alter(workspace), FILES))
    assert Counter(statuses(summary).values()) == {"indexed": 10, "failed": 1}
    assert says in next(file.error for file in summary.files if file.name == "bad.txt")
    check_whole(workspace, summary)
    completed = run(ingest(workspace, FILES))
    assert statuses(completed)["bad.txt"] == "indexed"
    check_whole(workspace, completed)


@pytest.mark.server
def test_a_server_that_goes_away_fails_the_rest_and_keeps_what_is_complete(own_milvus_server, tmp_path):
    settings = Settings.load({"home": tmp_path, "milvus_uri": own_milvus_server.uri, "milvus_timeout": 4})
    workspace = run(Workspace.open(settings.model_copy(update={"max_files": 100}), "w"))
    files = [upload(f"{number}.txt", f"topic {number}", 2000) for number in range(8)]

    class Killer:
        def update(self, **_):
            pass

        def file(self, name, state, detail=""):
            if state == "indexed":
                own_milvus_server.kill()

    summary = run(ingest(workspace, files, progress=Killer()))
    counted = Counter(statuses(summary).values())
    assert counted["indexed"] >= 1
    assert counted["failed"] >= 1
    errors = {file.error for file in summary.files if file.error}
    assert all("Milvus server" in error and error.count(". ") <= 1 for error in errors)
    own_milvus_server.restart()
    again = run(ingest(workspace, files))
    assert Counter(statuses(again).values())["unchanged"] == counted["indexed"]
    check_whole(workspace, again)
    assert len(stored(workspace)["langchain"]) == sum(file.chunks for file in again.files)
