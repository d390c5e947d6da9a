"""A question that brings its embedding along: found all the same, and not embedded again."""

import dataclasses

import pytest

from core.engines.base import ENGINE_NAMES, Query, Retrieval
from core.loop import run
from core.trace import tracing

QUESTION = "How often does the ferry leave?"


@pytest.fixture(scope="module")
def vector(corpus):
    return run(corpus.model.embed([QUESTION]))[0]


def looked_up(engine, query, *, sync):
    with tracing() as trace:
        hits = engine.retrieve_sync(query) if sync else run(engine.retrieve(query))
    return [(hit.chunk.id, hit.score) for hit in hits], {span.kind for span in trace.spans}


@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
@pytest.mark.parametrize("retrieval", Retrieval)
@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_a_question_with_its_vector_is_searched_without_an_embedding_call(
    corpus, vector, name, retrieval, sync
):
    engine = run(corpus.engine(name))
    query = Query(QUESTION, retrieval, 3)
    plain, calls = looked_up(engine, query, sync=sync)
    brought, fewer = looked_up(engine, dataclasses.replace(query, vector=tuple(vector)), sync=sync)
    assert [chunk for chunk, _ in brought] == [chunk for chunk, _ in plain]
    assert "embed" in calls
    assert fewer == {"search"}


def test_a_vector_serves_its_own_question_only(corpus, vector):
    engine = run(corpus.engine("langchain"))
    run(engine.retrieve(Query(QUESTION, Retrieval.HYBRID, 1, vector=tuple(vector))))
    hits = run(engine.retrieve(Query("Who is the lighthouse keeper?", Retrieval.DENSE, 1)))
    assert hits[0].chunk.source == "lighthouse.txt"
