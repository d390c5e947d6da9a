"""Both engines over the real Milvus Lite and the real server, in every retrieval mode they have."""

import dataclasses
import json
import uuid

import pytest

from core import models
from core.documents.records import Chunk, chunk_id
from core.engines import ENGINE_NAMES, Setup, load
from core.engines.base import Mode, Query, Retrieval, Retrieved, Token
from core.errors import UsageError
from core.loop import run
from core.milvus import Backend
from core.settings import Settings
from core.trace import tracing
from tests.core.loop_guards import forbid_sync_wrappers

TEXTS = {
    "moon": [
        "The lunar eclipse of 2031 begins at nine in the evening.",
        "Tickets for the eclipse night cost 14 euros.",
        'The {braces} and "quotes" of this passage are kept as they are.',
    ],
    "sea": [
        "The ferry to the island leaves every forty minutes.",
        "Dogs travel free of charge on the ferry when they are muzzled.",
    ],
}
CHUNKS = [
    Chunk(
        chunk_id(name, position, text), name, f"{name}.txt", position, text, page=position + 1, end=len(text)
    )
    for name, texts in TEXTS.items()
    for position, text in enumerate(texts)
]


@pytest.fixture(scope="module", params=["lite", pytest.param("server", marks=pytest.mark.server)])
def backend(request, tmp_path_factory):
    overrides = {"home": tmp_path_factory.mktemp("engines"), "top_k": 3}
    if request.param == "server":
        overrides["milvus_uri"] = request.getfixturevalue("milvus_server")
    return Backend.connect(Settings.load(overrides))


@pytest.fixture(scope="module")
def model(backend):
    client = models.ModelClient(models.resolve(backend.settings), backend.settings)
    yield client
    run(client.aclose())


@pytest.fixture(scope="module")
def engines(backend, model):
    vectors = run(model.embed([chunk.text for chunk in CHUNKS]))
    opened, mark = {}, uuid.uuid4().hex[:8]
    for mode in Mode:
        for name in ENGINE_NAMES:
            engine = load(
                name, Setup(backend, model, backend.settings, f"tandem_test_{mark}_{mode}_{name}", mode)
            )
            engine.open()
            run(engine.add(CHUNKS, vectors))
            assert backend.finish_sync(engine.collection) == len(CHUNKS)
            opened[mode, name] = engine
    yield opened
    for engine in opened.values():
        backend.drop(engine.collection)


def ids(hits):
    return [hit.chunk.id for hit in hits]


def modes_of(backend):
    return [item for item in Retrieval if item is not Retrieval.HYBRID or backend.capabilities.hybrid]


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_every_retrieval_mode_finds_the_passage_and_gives_back_the_whole_chunk(engines, backend, name):
    for retrieval in modes_of(backend):
        hits = run(engines[Mode.CONTROLLED, name].retrieve(Query("When does the ferry leave?", retrieval, 3)))
        assert hits[0].chunk == CHUNKS[3], retrieval
        assert [hit.rank for hit in hits] == [1, 2, 3]


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_sync_and_async_retrieve_the_same(engines, backend, name):
    for retrieval in modes_of(backend):
        query = Query("How much is a ticket for the eclipse?", retrieval, 3)
        engine = engines[Mode.CONTROLLED, name]
        assert ids(engine.retrieve_sync(query)) == ids(run(engine.retrieve(query)))


def test_in_controlled_mode_both_frameworks_retrieve_the_same_chunks(engines, backend):
    for retrieval in {Retrieval.DENSE, Retrieval.HYBRID} & set(modes_of(backend)):
        query = Query("Do dogs need a ticket on the ferry?", retrieval, 3)
        one, two = (run(engines[Mode.CONTROLLED, name].retrieve(query)) for name in ENGINE_NAMES)
        assert sorted(ids(one)) == sorted(ids(two))


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_a_search_can_be_held_to_documents_or_kept_from_them(engines, backend, name):
    engine = engines[Mode.CONTROLLED, name]
    for retrieval in modes_of(backend):
        query = Query("When does the ferry leave?", retrieval, 3)
        only = run(engine.retrieve(dataclasses.replace(query, visible=("moon",))))
        without = run(engine.retrieve(dataclasses.replace(query, hidden=("sea",))))
        assert {hit.chunk.document_id for hit in (*only, *without)} == {"moon"}


def answer_of(engine, query, *, sync):
    events = []
    with tracing() as trace:
        if sync:
            engine.answer_sync(query, events.append)
        else:
            run(engine.answer(query, events.append))
    return events, trace


@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_an_answer_streams_and_every_wire_call_is_timed(engines, name, mode, sync):
    top_k = 3 if mode is Mode.CONTROLLED else None
    query = Query("How much do tickets for the eclipse night cost?", Retrieval.DENSE, top_k, mode)
    events, trace = answer_of(engines[mode, name], query, sync=sync)
    assert isinstance(events[0], Retrieved)
    assert all(isinstance(event, Token) for event in events[1:])
    assert "14 euros" in "".join(event.text for event in events[1:])
    assert {span.kind for span in trace.spans} == {"embed", "search", "generate"}
    assert next(span for span in trace.spans if span.kind == "generate").first is not None
    assert trace.usage["input"] > 0


def test_both_frameworks_send_the_model_the_same_prompt(engines, model, monkeypatch):
    sent = []
    plain = type(model.http_async()).send

    async def spy(self, request, **options):
        if request.url.path.endswith("/chat/completions"):
            sent.append(request.content)
        return await plain(self, request, **options)

    monkeypatch.setattr(type(model.http_async()), "send", spy)
    for name in ENGINE_NAMES:
        query = Query("What of the {braces}?", Retrieval.DENSE, 3)
        run(engines[Mode.CONTROLLED, name].answer(query, lambda event: None))
    one, two = (json.loads(content)["messages"] for content in sent)
    assert one == two
    assert "{braces}" in one[-1]["content"]


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_nothing_on_the_loop_calls_a_wrapper_that_would_block_it(engines, name):
    """A warning of EVENT_LOOP.md, pitfall 3: the frameworks' sync wrappers stall every session."""
    with forbid_sync_wrappers():
        query = Query("When does the ferry leave?", Retrieval.MMR, 3)
        run(engines[Mode.CONTROLLED, name].answer(query, lambda event: None))


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_hybrid_is_refused_with_a_reason_where_there_is_no_bm25(engines, backend, name):
    query = Query("When?", Retrieval.HYBRID, None, Mode.NATIVE)
    with pytest.raises(UsageError, match="Hybrid retrieval needs BM25"):
        run(engines[Mode.NATIVE, name].retrieve(query))


@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_deleting_a_document_removes_its_chunks_and_no_others(backend, model, name, sync):
    collection = f"tandem_test_{uuid.uuid4().hex[:8]}"
    engine = load(name, Setup(backend, model, backend.settings, collection))
    engine.open()
    vectors = model.embed_sync([chunk.text for chunk in CHUNKS])
    try:
        if sync:
            engine.add_sync(CHUNKS, vectors)
            backend.finish_sync(collection)
            engine.delete_sync(["moon"])
        else:
            run(engine.add(CHUNKS, vectors))
            backend.finish_sync(collection)
            run(engine.delete(["moon"]))
        assert backend.finish_sync(collection) == len(TEXTS["sea"])
    finally:
        backend.drop(collection)
