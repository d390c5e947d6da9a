"""LlamaIndex's Milvus store, operation by operation, as its async tutorial uses it."""

from __future__ import annotations

from functools import partial
from typing import Any

from core.bench.drivers import Work
from core.bench.operations import data
from core.bench.operations.base import Operation, Stage, first_wrong, lazily
from core.imports import import_alone

_FILL_BATCH = 1000
# The store cuts a list of nodes into inserts of this many; its own default is 100, LangChain's 1000.
_BATCH_SIZE = 1000


class LlamaIndexKit:
    """Collections as `MilvusVectorStore` makes them, with our clients: timed, with a time-out."""

    def __init__(self, *, hybrid: bool = False) -> None:
        self._hybrid = hybrid

    def open(self, stage: Stage) -> Any:
        """See `Kit.open`."""
        backend = stage.backend
        new = not backend.has(stage.collection)
        store = self._store(stage)
        if new:
            indexes = store._add_dense_index_params(store.client.prepare_index_params())  # noqa: SLF001
            if self._hybrid:
                indexes = store._add_sparse_index_params(indexes)  # noqa: SLF001 - its own defaults
            backend.controlled.sync.create_index(stage.collection, indexes)
            backend.begin_load(stage.collection)
        # There is no public way to hand a client in.
        store._milvusclient = stage.target.clients.sync  # noqa: SLF001
        store._async_milvusclient = stage.target.clients.aio  # noqa: SLF001
        return store

    def fill(self, store: Any, stage: Stage) -> None:
        """See `Kit.fill`."""
        make = _maker(stage, stage.rows, seed_offset=0)
        for start in range(0, stage.rows, _FILL_BATCH):
            stop = min(start + _FILL_BATCH, stage.rows)
            store.add([make(index) for index in range(start, stop)])

    def _store(self, stage: Stage) -> Any:
        import_alone("llama_index.vector_stores.milvus")
        from llama_index.vector_stores.milvus import IndexManagement, MilvusVectorStore
        from llama_index.vector_stores.milvus.utils import BM25BuiltInFunction

        hybrid = {"enable_sparse": True, "sparse_embedding_function": BM25BuiltInFunction()}
        return MilvusVectorStore(
            collection_name=stage.collection,
            dim=stage.plan.dimension,
            similarity_metric=stage.plan.metric,
            consistency_level=stage.key.consistency,
            batch_size=_BATCH_SIZE,
            # Its own way waits seconds for the index of an empty collection.
            index_management=IndexManagement.NO_VALIDATION,
            **(hybrid if self._hybrid else {}),
            **stage.backend.connection_args,
        )


def _maker(stage: Stage, count: int, *, seed_offset: int) -> Any:
    """The tutorial's nodes, by index."""
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    ids = data.row_ids(stage.plan.seed + seed_offset, count)
    ends = data.numbers(stage.plan.seed + seed_offset, count)
    dimension = stage.plan.dimension

    def node(index: int) -> Any:
        return TextNode(
            id_=ids[index],
            text=f"n{index}_text",
            embedding=data.vector(dimension, ends[index]),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=_document(index))},
        )

    return node


def _document(index: int) -> str:
    return f"n{index + 1}"


def _add(store: Any, stage: Stage) -> Work:
    node = lazily(stage.count, _maker(stage, stage.count, seed_offset=1))
    effects = stage.effects

    def verify(ok: int, failed: int) -> str:
        ids = [] if failed else [node(index).node_id for index in range(min(ok, 300))]
        return first_wrong(effects.grew(0, ok, failed), effects.all_there("id", ids))

    return Work(
        stage.count,
        lambda index: store.add([node(index)]),
        lambda index: store.async_add([node(index)]),
        lambda: store.add([node(index) for index in range(stage.count)]),
        check=lambda index, result: "" if len(result) == 1 else "not inserted",
        check_batch=lambda result: "" if len(result) == stage.count else "not all inserted",
        verify=verify,
    )


def _query(mode: str, store: Any, stage: Stage) -> Work:
    from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

    ends = data.numbers(stage.plan.seed + 2, min(stage.count, data.QUERIES))
    queries = [
        VectorStoreQuery(
            query_embedding=data.vector(stage.plan.dimension, end),
            query_str=f"n{index}_text",
            similarity_top_k=stage.plan.top_k,
            mode=VectorStoreQueryMode[mode],
        )
        for index, end in enumerate(ends)
    ]
    many, known = len(queries), frozenset(data.row_ids(stage.plan.seed, stage.rows))
    wanted = min(stage.plan.top_k, stage.rows)

    def check(index: int, result: Any) -> str:
        if len(result.ids) != wanted:
            return "too few hits"
        return "" if known.issuperset(result.ids) else "unknown rows"

    return Work(
        stage.count,
        lambda index: store.query(queries[index % many]),
        lambda index: store.aquery(queries[index % many]),
        check=check,
    )


def _delete(store: Any, stage: Stage) -> Work:
    effects = stage.effects
    return Work(
        stage.count,
        lambda index: store.delete(_document(index)),
        lambda index: store.adelete(_document(index)),
        verify=lambda ok, failed: effects.shrank(stage.rows, ok, failed),
    )


def _delete_nodes(store: Any, stage: Stage) -> Work:
    ids, effects = data.row_ids(stage.plan.seed, stage.rows), stage.effects
    return Work(
        stage.count,
        lambda index: store.delete_nodes([ids[index]]),
        lambda index: store.adelete_nodes([ids[index]]),
        lambda: store.delete_nodes(ids[: stage.count]),
        verify=lambda ok, failed: effects.shrank(stage.rows, ok, failed),
    )


def _get_nodes(store: Any, stage: Stage) -> Work:
    ids = data.row_ids(stage.plan.seed, stage.rows)

    def wanted(index: int) -> str:
        return ids[index % len(ids)]

    def check(index: int, result: Any) -> str:
        return "" if [node.node_id for node in result] == [wanted(index)] else "another node"

    distinct = list(dict.fromkeys(wanted(index) for index in range(stage.count)))
    return Work(
        stage.count,
        lambda index: store.get_nodes([wanted(index)]),
        lambda index: store.aget_nodes([wanted(index)]),
        lambda: store.get_nodes(distinct),
        check=check,
        check_batch=lambda result: "" if len(result) == len(distinct) else "too few nodes",
    )


class ClearKit:
    """As many small collections as there are calls, each with a store of its own: `clear` drops one."""

    def open(self, stage: Stage) -> Any:
        """See `Kit.open`; the collections need neither index nor load."""
        import_alone("llama_index.vector_stores.milvus")
        from llama_index.vector_stores.milvus import IndexManagement, MilvusVectorStore

        stores = []
        for name in _names(stage):
            store = MilvusVectorStore(
                collection_name=name,
                dim=stage.plan.dimension,
                consistency_level=stage.key.consistency,
                index_management=IndexManagement.NO_VALIDATION,
                **stage.backend.connection_args,
            )
            store._milvusclient = stage.target.clients.sync  # noqa: SLF001 - no public way
            store._async_milvusclient = stage.target.clients.aio  # noqa: SLF001
            stores.append(store)
        return stores

    def fill(self, store: Any, stage: Stage) -> None:
        """Nothing: what is dropped may be empty."""


def _names(stage: Stage) -> list[str]:
    return [f"{stage.collection}_{index}" for index in range(stage.count)]


def _clear(stores: Any, stage: Stage) -> Work:
    def verify(ok: int, failed: int) -> str:
        left = len(set(_names(stage)) & set(stage.backend.collections(stage.collection)))
        return "" if left <= stage.count - ok else f"{left} of {stage.count} collections are still there"

    return Work(
        stage.count,
        lambda index: stores[index].clear(),
        lambda index: stores[index].aclear(),
        verify=verify,
    )


_KIT, _HYBRID = LlamaIndexKit(), LlamaIndexKit(hybrid=True)
OPERATIONS = (
    Operation("llamaindex", "add", "insert", _KIT, _add, "insert", fresh=True, filled=False, batch=""),
    Operation("llamaindex", "query", "search", _KIT, partial(_query, "DEFAULT"), "search"),
    Operation("llamaindex", "query_mmr", "search", _KIT, partial(_query, "MMR"), "search"),
    Operation(
        "llamaindex",
        "query_hybrid",
        "search",
        _HYBRID,
        partial(_query, "HYBRID"),
        "search",
        needs="hybrid",
        shape="hybrid",
    ),
    Operation(
        "llamaindex",
        "delete",
        "delete",
        _KIT,
        _delete,
        "delete",
        fresh=True,
        round_trips=2,
        note="It looks the rows up first, then deletes them.",
    ),
    Operation("llamaindex", "delete_nodes", "delete", _KIT, _delete_nodes, "delete", fresh=True, batch=""),
    Operation("llamaindex", "get_nodes", "read", _KIT, _get_nodes, "query", batch=""),
    Operation("llamaindex", "clear", "clear", ClearKit(), _clear, fresh=True, filled=False, most=100),
)
