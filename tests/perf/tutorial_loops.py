"""The loops of both tutorials, written plainly: what Tandem's times are held against.

`loop(framework, operation, mode, uri, count, dimension, consistency, times)` gives a context manager
whose value is a function: each of its `times` calls runs the tutorial's loop once and returns its
seconds, on a fresh collection where the operation changes data. Collections are made beforehand.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

PREFIX = "tandem_perf_"
ROWS = 1000
TOP_K = 3


class Loop:
    """One event loop on a thread, as a notebook has: async clients live on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, coro: Any) -> Any:
        """Wait for a coroutine."""
        return asyncio.run_coroutine_threadsafe(coro, self.loop).result()

    def close(self) -> None:
        """Stop."""
        self.loop.call_soon_threadsafe(self.loop.stop)


@dataclass
class LlamaIndex:
    """The LlamaIndex tutorial: one node a call, or one query a call."""

    uri: str
    count: int
    dimension: int
    consistency: str

    def nodes(self, count: int) -> list[Any]:
        from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

        return [
            TextNode(
                id_=uuid.uuid4().hex[:16],
                text=f"n{i}_text",
                embedding=[0.5] * (self.dimension - 1) + [random.random()],
                relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"n{i + 1}")},
            )
            for i in range(count)
        ]

    def store(self, rows: int) -> Any:
        from llama_index.vector_stores.milvus import MilvusVectorStore

        store = MilvusVectorStore(
            uri=self.uri,
            dim=self.dimension,
            collection_name=f"{PREFIX}{uuid.uuid4().hex[:12]}",
            similarity_metric="COSINE",
            consistency_level=self.consistency,
            batch_size=ROWS,
        )
        if rows:
            store.add(self.nodes(rows))
        return store

    def add(self, store: Any) -> float:
        nodes = self.nodes(self.count)
        start = perf_counter()
        for node in nodes:
            store.add([node])
        return perf_counter() - start

    async def async_add(self, store: Any) -> float:
        nodes = self.nodes(self.count)
        start = perf_counter()
        await asyncio.gather(*[store.async_add([node]) for node in nodes])
        return perf_counter() - start

    def _queries(self) -> list[Any]:
        from llama_index.core.vector_stores.types import VectorStoreQuery

        return [
            VectorStoreQuery(
                query_embedding=[0.5] * (self.dimension - 1) + [random.random()], similarity_top_k=TOP_K
            )
            for _ in range(self.count)
        ]

    def query(self, store: Any) -> float:
        queries = self._queries()
        start = perf_counter()
        for query in queries:
            store.query(query)
        return perf_counter() - start

    async def async_query(self, store: Any) -> float:
        queries = self._queries()
        start = perf_counter()
        await asyncio.gather(*[store.aquery(query) for query in queries])
        return perf_counter() - start


@dataclass
class LangChain:
    """The LangChain tutorial: one document, one question or one deletion a call."""

    uri: str
    count: int
    dimension: int
    consistency: str

    def documents(self, count: int) -> list[Any]:
        from langchain_core.documents import Document

        return [
            Document(
                page_content=f"This is test document {i} with some random content: {random.random()}",
                metadata={"id": f"doc_{i}", "score": random.random(), "category": f"cat_{i % 5}"},
            )
            for i in range(count)
        ]

    def store(self, rows: int) -> Any:
        from core.bench.operations.langchain_store import ConnectedMilvus, PretendEmbeddings

        store = ConnectedMilvus(
            embedding_function=PretendEmbeddings(self.dimension, 0),
            collection_name=f"{PREFIX}{uuid.uuid4().hex[:12]}",
            connection_args={"uri": self.uri},
            consistency_level=self.consistency,
            auto_id=True,
            index_params={"index_type": "AUTOINDEX", "metric_type": "COSINE", "params": {}},
        )
        if rows:
            store.add_documents(self.documents(rows))
        else:
            # There before the loop, and nothing written to it yet.
            example = self.documents(1)[0].metadata
            store._init(embeddings=[[[0.5] * self.dimension]], metadatas=[example])
        return store

    def add_documents(self, store: Any) -> float:
        documents = self.documents(self.count)
        start = perf_counter()
        for document in documents:
            store.add_documents([document])
        return perf_counter() - start

    async def async_add_documents(self, store: Any) -> float:
        documents = self.documents(self.count)
        start = perf_counter()
        await asyncio.gather(*[store.aadd_documents([document]) for document in documents])
        return perf_counter() - start

    def similarity_search(self, store: Any) -> float:
        start = perf_counter()
        for i in range(self.count):
            store.similarity_search(f"test document {i}", k=TOP_K)
        return perf_counter() - start

    async def async_similarity_search(self, store: Any) -> float:
        start = perf_counter()
        questions = [f"test document {i}" for i in range(self.count)]
        await asyncio.gather(*[store.asimilarity_search(question, k=TOP_K) for question in questions])
        return perf_counter() - start

    def delete(self, store: Any) -> float:
        start = perf_counter()
        for i in range(self.count):
            store.delete(expr=f"id == 'doc_{i}'")
        return perf_counter() - start

    async def async_delete(self, store: Any) -> float:
        start = perf_counter()
        await asyncio.gather(*[store.adelete(expr=f"id == 'doc_{i}'") for i in range(self.count)])
        return perf_counter() - start


TUTORIALS = {"llamaindex": LlamaIndex, "langchain": LangChain}
CHANGING = {"add", "add_documents", "delete"}
FILLED = {"query", "similarity_search", "delete"}


@contextmanager
def loop(
    framework: str,
    operation: str,
    mode: str,
    uri: str,
    count: int,
    dimension: int,
    consistency: str,
    times: int,
) -> Iterator[Callable[[], float]]:
    """See the module."""
    tutorial = TUTORIALS[framework](uri, count, dimension, consistency)
    notebook = Loop()
    rows = ROWS if operation in FILLED else 0
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: tutorial.store(rows), range(times if operation in CHANGING else 1)))
    stores = itertools.cycle(made)

    def once() -> float:
        target = next(stores)
        if mode == "asyncio":
            notebook.run(target.aclient.list_collections())  # connected before the clock, as ours is
            return float(notebook.run(getattr(tutorial, f"async_{operation}")(target)))
        return float(getattr(tutorial, operation)(target))

    try:
        yield once
    finally:
        _drop(uri)
        notebook.close()


def _drop(uri: str) -> None:
    from pymilvus import MilvusClient

    client = MilvusClient(uri)
    for name in client.list_collections():
        if name.startswith(PREFIX):
            client.drop_collection(name)
