"""LangChain's Milvus store, operation by operation, as its async tutorial uses it."""

from __future__ import annotations

from functools import partial
from typing import Any

from core.bench.drivers import Work
from core.bench.operations import data
from core.bench.operations.base import Operation, Stage, filter_in, first_wrong, lazily
from core.imports import import_alone

_FILL_BATCH = 1000


class LangChainKit:
    """Collections as LangChain's `Milvus` makes them, with our clients: timed, with a time-out.

    `keyed` ones take the caller's ids, which `upsert` needs; the tutorial's number their rows
    themselves.
    """

    def __init__(self, *, keyed: bool = False) -> None:
        self.keyed = keyed

    def open(self, stage: Stage) -> Any:
        """See `Kit.open`."""
        import_alone("core.bench.operations.langchain_store")
        from core.bench.operations.langchain_store import BenchMilvus

        store = BenchMilvus(
            collection_name=stage.collection,
            auto_id=not self.keyed,
            connection_args=stage.backend.connection_args,
            **options(stage),
        )
        if not stage.backend.has(stage.collection):
            # Created before any concurrency: several first writes at once would race (FACTS.md).
            example = data.document_metadata(0, 0.5)
            store._init(  # noqa: SLF001 - the public ways to create also insert a row
                embeddings=[[data.vector(stage.plan.dimension, 0.5)]], metadatas=[example]
            )
            stage.backend.begin_load(stage.collection)
        # There is no public way to hand a client in.
        store._milvus_client = stage.target.clients.sync  # noqa: SLF001
        store._async_milvus_client = stage.target.clients.aio  # noqa: SLF001
        return store

    def fill(self, store: Any, stage: Stage) -> None:
        """See `Kit.fill`."""
        ends = data.numbers(stage.plan.seed, stage.rows)
        for start in range(0, stage.rows, _FILL_BATCH):
            indexes = range(start, min(start + _FILL_BATCH, stage.rows))
            texts = [data.document_text(index, ends[index]) for index in indexes]
            metadata = [data.document_metadata(index, ends[index]) for index in indexes]
            ids = [_key(index) for index in indexes] if self.keyed else None
            vectors = [data.text_vector(stage.plan.dimension, text) for text in texts]
            store.add_embeddings(texts, vectors, metadata, ids=ids)


def options(stage: Stage) -> dict[str, Any]:
    """What every store of this run is given alike."""
    from core.bench.operations.langchain_store import PretendEmbeddings

    plan = stage.plan
    return {
        "embedding_function": PretendEmbeddings(plan.dimension, plan.embedding_ms / 1e3),
        "consistency_level": stage.key.consistency,
        "index_params": {"index_type": "AUTOINDEX", "metric_type": plan.metric, "params": {}},
        "search_params": {"metric_type": plan.metric, "params": {}},
    }


def _key(index: int) -> str:
    return f"key_{index}"


def _documents(stage: Stage) -> Any:
    """The tutorial's documents, by index; others than those the collection was filled with."""
    from langchain_core.documents import Document

    ends = data.numbers(stage.plan.seed + 1, stage.count)

    def document(index: int) -> Any:
        return Document(
            page_content=data.document_text(index, ends[index]),
            metadata=data.document_metadata(index, ends[index]),
        )

    return lazily(stage.count, document)


def _added(stage: Stage) -> Any:
    effects = stage.effects

    def verify(ok: int, failed: int) -> str:
        ids = [] if failed else [f"doc_{index}" for index in range(min(ok, 300))]
        return first_wrong(effects.grew(0, ok, failed), effects.all_there("id", ids))

    return {
        "check": lambda index, result: "" if len(result) == 1 else "not inserted",
        "check_batch": lambda result: "" if len(result) == stage.count else "not all inserted",
        "verify": verify,
    }


def _add_documents(store: Any, stage: Stage) -> Work:
    document = _documents(stage)
    return Work(
        stage.count,
        lambda index: store.add_documents([document(index)]),
        lambda index: store.aadd_documents([document(index)]),
        lambda: store.add_documents([document(index) for index in range(stage.count)]),
        **_added(stage),
    )


def _add_texts(store: Any, stage: Stage) -> Work:
    document = _documents(stage)

    def given(indexes: range) -> tuple[list[str], list[dict[str, Any]]]:
        documents = [document(index) for index in indexes]
        return [item.page_content for item in documents], [item.metadata for item in documents]

    return Work(
        stage.count,
        lambda index: store.add_texts(*given(range(index, index + 1))),
        lambda index: store.aadd_texts(*given(range(index, index + 1))),
        lambda: store.add_texts(*given(range(stage.count))),
        **_added(stage),
    )


def _add_embeddings(store: Any, stage: Stage) -> Work:
    document, dimension = _documents(stage), stage.plan.dimension
    vector = lazily(stage.count, lambda index: data.text_vector(dimension, document(index).page_content))

    def given(indexes: range) -> tuple[list[str], list[list[float]], list[dict[str, Any]]]:
        documents = [document(index) for index in indexes]
        vectors = [vector(index) for index in indexes]
        return [item.page_content for item in documents], vectors, [item.metadata for item in documents]

    return Work(
        stage.count,
        lambda index: store.add_embeddings(*given(range(index, index + 1))),
        lambda index: store.aadd_embeddings(*given(range(index, index + 1))),
        lambda: store.add_embeddings(*given(range(stage.count))),
        **_added(stage),
    )


def _from_texts(_: Any, stage: Stage) -> Work:
    """Each call opens a store of its own over the collection and adds one text."""
    from core.bench.operations.langchain_store import ConnectedMilvus

    document = _documents(stage)
    given = options(stage)
    shared = {
        "embedding": given.pop("embedding_function"),
        "collection_name": stage.collection,
        "connection_args": stage.target.connection_args,
        "timeout": stage.target.defaults.timeout,
        **given,
    }

    def texts(indexes: range) -> dict[str, Any]:
        documents = [document(index) for index in indexes]
        return {
            "texts": [item.page_content for item in documents],
            "metadatas": [item.metadata for item in documents],
            **shared,
        }

    return Work(
        stage.count,
        lambda index: ConnectedMilvus.from_texts(**texts(range(index, index + 1))),
        lambda index: ConnectedMilvus.afrom_texts(**texts(range(index, index + 1))),
        lambda: ConnectedMilvus.from_texts(**texts(range(stage.count))),
        verify=_added(stage)["verify"],
    )


def _search(name: str, store: Any, stage: Stage, *, scored: bool = False, vector: bool = False) -> Work:
    plan = stage.plan
    texts = [data.query_text(index) for index in range(min(stage.count, data.QUERIES))]
    asked: list[Any] = [data.text_vector(plan.dimension, text) for text in texts] if vector else texts
    call, acall = getattr(store, name), getattr(store, f"a{name}")
    many, wanted = len(asked), min(plan.top_k, stage.rows)

    def check(index: int, result: Any) -> str:
        if len(result) != wanted:
            return "too few hits"
        first = result[0][0] if scored else result[0]
        return "" if str(first.metadata.get("id", "")).startswith("doc_") else "unknown rows"

    return Work(
        stage.count,
        lambda index: call(asked[index % many], k=plan.top_k),
        lambda index: acall(asked[index % many], k=plan.top_k),
        check=check,
    )


def _delete(store: Any, stage: Stage) -> Work:
    effects = stage.effects
    names = [f"doc_{index}" for index in range(stage.count)]
    return Work(
        stage.count,
        lambda index: store.delete(expr=f"id == 'doc_{index}'"),
        lambda index: store.adelete(expr=f"id == 'doc_{index}'"),
        lambda: store.delete(expr=filter_in("id", names)),
        # A failure is swallowed and answered with False.
        check=lambda index, result: "" if result else "not deleted",
        check_batch=lambda result: "" if result else "not deleted",
        verify=lambda ok, failed: effects.shrank(stage.rows, ok, failed),
    )


def _upsert(store: Any, stage: Stage) -> Work:
    from langchain_core.documents import Document

    effects = stage.effects

    def document(index: int) -> Any:
        metadata = data.document_metadata(index, 0.5)
        return Document(page_content=f"changed {index}", metadata=metadata)

    made = lazily(stage.count, document)
    keys = [_key(index) for index in range(stage.count)]

    def verify(ok: int, failed: int) -> str:
        changed = [] if failed else [f"changed {index}" for index in range(min(ok, 300))]
        return first_wrong(effects.unchanged(stage.rows), effects.all_there("text", changed))

    return Work(
        stage.count,
        lambda index: store.upsert([keys[index]], [made(index)]),
        lambda index: store.aupsert([keys[index]], [made(index)]),
        lambda: store.upsert(keys, [made(index) for index in range(stage.count)]),
        verify=verify,
    )


def _search_by_metadata(store: Any, stage: Stage) -> Work:
    def name(index: int) -> str:
        return f"doc_{index % stage.rows}"

    def check(index: int, result: Any) -> str:
        # A failure is swallowed and answered with an empty list.
        return "" if [item.metadata.get("id") for item in result] == [name(index)] else "another document"

    return Work(
        stage.count,
        lambda index: store.search_by_metadata(f"id == '{name(index)}'"),
        lambda index: store.asearch_by_metadata(f"id == '{name(index)}'"),
        check=check,
    )


def _get_pks(store: Any, stage: Stage) -> Work:
    names = [f"doc_{index}" for index in range(min(stage.count, stage.rows))]
    many = len(names)
    return Work(
        stage.count,
        lambda index: store.get_pks(f"id == '{names[index % many]}'"),
        lambda index: store.aget_pks(f"id == '{names[index % many]}'"),
        lambda: store.get_pks(filter_in("id", names)),
        check=lambda index, result: "" if len(result) == 1 else "another number of keys",
        check_batch=lambda result: "" if len(result) == many else "another number of keys",
    )


def _searches() -> tuple[Operation, ...]:
    found = []
    for name in ("similarity_search", "similarity_search_with_score", "max_marginal_relevance_search"):
        for vector in (False, True):
            whole = f"{name}_by_vector" if vector else name
            build = partial(_search, whole, scored="score" in name, vector=vector)
            trips = 2 if name.startswith("max") else 1
            found.append(Operation("langchain", whole, "search", _KIT, build, "search", round_trips=trips))
    return tuple(found)


def _writes(name: str, build: Any) -> Operation:
    # It asks whether the collection exists, then inserts.
    return Operation(
        "langchain", name, "insert", _KIT, build, "insert", fresh=True, filled=False, batch="", round_trips=2
    )


_KIT, _KEYED = LangChainKit(), LangChainKit(keyed=True)
OPERATIONS = (
    _writes("add_texts", _add_texts),
    _writes("add_documents", _add_documents),
    _writes("add_embeddings", _add_embeddings),
    *_searches(),
    Operation("langchain", "delete", "delete", _KIT, _delete, "delete", fresh=True, batch=""),
    Operation(
        "langchain", "upsert", "upsert", _KEYED, _upsert, "upsert", fresh=True, batch="", shape="keyed"
    ),
    Operation("langchain", "search_by_metadata", "read", _KIT, _search_by_metadata, "query"),
    Operation("langchain", "get_pks", "read", _KIT, _get_pks, "query", batch=""),
    Operation(
        "langchain",
        "from_texts",
        "insert",
        _KIT,
        _from_texts,
        "insert",
        fresh=True,
        filled=False,
        batch="",
        round_trips=8,
        most=1000,
        note="Each call opens a store over the collection and adds one text.",
    ),
)
