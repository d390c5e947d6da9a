"""LangChain over Milvus: its vector store and an LCEL chain.

Importing this module imports LangChain (several seconds): `core.engines.load` does so when needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_milvus import BM25BuiltInFunction, Milvus
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import SecretStr
from pymilvus import DataType, connections

from core.documents.records import Chunk
from core.engines.base import Emit, EngineName, Hit, Query, Retrieval, Retrieved, Token, Vector
from core.engines.fields import ANALYZER, RRF_K, chunk_of, metadata, mmr_candidates
from core.engines.setup import Setup, document_filter
from core.models.prompt import BLOCK_SEPARATOR, SYSTEM_PROMPT, USER_TEMPLATE, context_block

DENSE, SPARSE = "dense", "sparse"
_VARCHAR = {"dtype": DataType.VARCHAR, "kwargs": {"max_length": 1024}}
_INTEGER = {"dtype": DataType.INT64}
_SCHEMA = {
    "document_id": _VARCHAR,
    "source": _VARCHAR,
    **dict.fromkeys(("page", "page_index", "position", "start", "end"), _INTEGER),
}
# The prompt of LangChain's own retrieval tutorial; the library has no default.
NATIVE_PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't know. "
    "Use three sentences maximum and keep the answer concise.\n"
    "Question: {question}\nContext: {context}\nAnswer:"
)
NATIVE_TOP_K = 4


class LangChainEngine:
    """The `Engine` of LangChain; see `core.engines.base.Engine` for what each call means."""

    name: ClassVar[EngineName] = "langchain"
    document_field: ClassVar[str] = "document_id"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.collection = setup.collection

    def open(self) -> None:
        """Create the collection if it is missing, begin to load it, and open the views that searches need.

        A store over two vector fields always searches both, and its MMR takes one field only, so a
        hybrid collection is opened twice: `store` with BM25, `_dense` without.
        """
        setup = self._setup
        self.store = _open(setup, hybrid=setup.hybrid)
        self._dense = _open(setup, hybrid=False) if setup.hybrid else self.store
        # BM25's field may not be read, and vectors are not needed: leave both out of what is fetched.
        self._dense.fields = [field for field in self._dense.fields if field not in {DENSE, SPARSE}]
        setup.backend.begin_load(self.collection)
        self._llm = _llm(setup)

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store chunks whose ids are new, with their vectors."""
        texts, rows, ids = _columns(chunks)
        await self.store.aadd_embeddings(texts, [list(v) for v in vectors], rows, ids=ids)

    def add_sync(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Blocking twin of `add`."""
        texts, rows, ids = _columns(chunks)
        self.store.add_embeddings(texts, [list(v) for v in vectors], rows, ids=ids)

    async def delete(self, document_ids: Sequence[str]) -> None:
        """Remove every chunk of these documents."""
        if document_ids:
            # `adelete` would swallow the failure and answer False; the client raises it.
            await self.store.aclient.delete(self.collection, filter=_of_documents(document_ids))

    def delete_sync(self, document_ids: Sequence[str]) -> None:
        """Blocking twin of `delete`."""
        if document_ids:
            self.store.client.delete(self.collection, filter=_of_documents(document_ids))

    async def retrieve(self, query: Query) -> tuple[Hit, ...]:
        """Find chunks, best first."""
        self._setup.check(query)
        options = self._search_options(query)
        with _bringing(query.vector):
            if query.retrieval is Retrieval.MMR:
                return _unscored(await self._dense.amax_marginal_relevance_search(query.question, **options))
            return _scored(await self._view(query).asimilarity_search_with_score(query.question, **options))

    def retrieve_sync(self, query: Query) -> tuple[Hit, ...]:
        """Blocking twin of `retrieve`."""
        self._setup.check(query)
        options = self._search_options(query)
        with _bringing(query.vector):
            if query.retrieval is Retrieval.MMR:
                return _unscored(self._dense.max_marginal_relevance_search(query.question, **options))
            return _scored(self._view(query).similarity_search_with_score(query.question, **options))

    async def answer(self, query: Query, emit: Emit) -> None:
        """Retrieve and generate through an LCEL chain's `astream`."""
        async for text in self._chain(query, emit).astream(query.question):
            if text:
                emit(Token(self.name, text))

    def answer_sync(self, query: Query, emit: Emit) -> None:
        """Blocking twin of `answer`."""
        for text in self._chain(query, emit).stream(query.question):
            if text:
                emit(Token(self.name, text))

    def _view(self, query: Query) -> Milvus:
        return self.store if query.retrieval is Retrieval.HYBRID else self._dense

    def _search_options(self, query: Query) -> dict[str, Any]:
        top_k = query.top_k or NATIVE_TOP_K
        options: dict[str, Any] = {"k": top_k}
        if expression := document_filter(self.document_field, query):
            options["expr"] = expression
        if query.retrieval is Retrieval.MMR and query.top_k is not None:
            options["fetch_k"] = mmr_candidates(top_k)
        if query.retrieval is Retrieval.HYBRID:
            # LlamaIndex takes top-k candidates from each leg; more would not be the same search.
            options |= {"fetch_k": top_k, "ranker_type": "rrf", "ranker_params": {"k": RRF_K}}
        return options

    def _chain(self, query: Query, emit: Emit) -> Runnable[str, str]:
        def context(hits: tuple[Hit, ...]) -> str:
            emit(Retrieved(self.name, hits))
            return _context(hits, numbered=self._setup.controlled)

        async def afind(_: str) -> str:
            return context(await self.retrieve(query))

        def find(_: str) -> str:
            return context(self.retrieve_sync(query))

        prompt = _prompt(controlled=self._setup.controlled)
        inputs = {"context": RunnableLambda(find, afunc=afind), "question": RunnablePassthrough()}
        return inputs | prompt | self._llm | StrOutputParser()


class _Embeddings(OpenAIEmbeddings):
    """Does not embed a question that brings its vector along.

    A search over several fields takes no vector, so the store is answered here, as LangChain's own
    `CacheBackedEmbeddings` would answer it.
    """

    def embed_query(self, text: str, **kwargs: Any) -> list[float]:
        return _brought.get() or super().embed_query(text, **kwargs)

    async def aembed_query(self, text: str, **kwargs: Any) -> list[float]:
        return _brought.get() or await super().aembed_query(text, **kwargs)


_brought: ContextVar[list[float] | None] = ContextVar("tandem_question_vector", default=None)


@contextmanager
def _bringing(vector: Vector | None) -> Iterator[None]:
    """Answer embedding calls of this context with the vector, if there is one."""
    token = _brought.set(None if vector is None else list(vector))
    try:
        yield
    finally:
        _brought.reset(token)


class _ConnectedMilvus(Milvus):  # type: ignore[misc]  # LangChain's store publishes no types
    """Registers the ORM connection that `Collection(using=alias)` looks up.

    `MilvusClient` of pymilvus 2.6.10 and later no longer does (langchain-milvus issues 128, 130).
    """

    def _init(self, *args: Any, **kwargs: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            connections.connect(alias=self.alias, **self._connection_args)
            super()._init(*args, **kwargs)
            _ = self.col  # looked up once here: it blocks, and searches on the loop read it

    def _load(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: `LangChainEngine.open` begins the load; waiting for it here takes seconds."""


def _open(setup: Setup, *, hybrid: bool) -> Milvus:
    options = _controlled_store(setup, hybrid=hybrid) if setup.controlled else {"vector_field": DENSE}
    store = _ConnectedMilvus(
        embedding_function=_embedding(setup),
        collection_name=setup.collection,
        connection_args=setup.backend.connection_args,
        primary_field="id",
        auto_id=False,
        enable_dynamic_field=False,
        metadata_schema=_SCHEMA,
        **options,
    )
    # The store opens clients of its own; ours carry timeouts, timing and Lite's write lock.
    store._milvus_client = setup.clients.sync  # noqa: SLF001 - no public way to hand a client in
    store._async_milvus_client = setup.clients.aio  # noqa: SLF001
    if not setup.backend.has(setup.collection):
        example = {"document_id": "", **metadata(Chunk("", "", "", 0, ""))}
        # Created before any concurrency: several first writes at once would race (FACTS.md).
        store._init(  # noqa: SLF001 - the public ways to create also insert a row
            embeddings=[[[0.0] * setup.model.endpoint.dimension]], metadatas=[example]
        )
    return store


def _controlled_store(setup: Setup, *, hybrid: bool) -> dict[str, Any]:
    dense_index = {"metric_type": setup.settings.metric, **setup.index}
    dense_search: dict[str, Any] = {"metric_type": setup.settings.metric, "params": {}}
    options: dict[str, Any] = {"consistency_level": setup.settings.consistency}
    if not hybrid:
        return options | {"vector_field": DENSE, "index_params": dense_index, "search_params": dense_search}
    sparse_index = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": {}}
    return options | {
        "vector_field": [DENSE, SPARSE],
        "builtin_function": BM25BuiltInFunction(output_field_names=SPARSE, analyzer_params=ANALYZER),
        "index_params": [dense_index, sparse_index],
        "search_params": [dense_search, {"metric_type": "BM25", "params": {}}],
    }


def _columns(chunks: Sequence[Chunk]) -> tuple[list[str], list[dict[str, Any]], list[str]]:
    rows = [{"document_id": chunk.document_id, **metadata(chunk)} for chunk in chunks]
    return [chunk.text for chunk in chunks], rows, [chunk.id for chunk in chunks]


def _hit(document: Document, score: float | None, rank: int) -> Hit:
    stored = document.metadata
    chunk = chunk_of(stored["id"], stored["document_id"], document.page_content, stored)
    return Hit(chunk, score, rank)


def _scored(found: Sequence[tuple[Document, float]]) -> tuple[Hit, ...]:
    return tuple(_hit(document, score, rank) for rank, (document, score) in enumerate(found, 1))


def _unscored(found: Sequence[Document]) -> tuple[Hit, ...]:
    return tuple(_hit(document, None, rank) for rank, document in enumerate(found, 1))


def _of_documents(document_ids: Sequence[str]) -> str:
    return document_filter("document_id", Query("", visible=tuple(document_ids)))


def _context(hits: tuple[Hit, ...], *, numbered: bool) -> str:
    if not numbered:
        return "\n\n".join(hit.chunk.text for hit in hits)
    return BLOCK_SEPARATOR.join(
        context_block(hit.rank, hit.chunk.source, hit.chunk.page, hit.chunk.text) for hit in hits
    )


def _embedding(setup: Setup) -> _Embeddings:
    endpoint = setup.model.endpoint
    return _Embeddings(
        model=endpoint.embedding_model,
        base_url=endpoint.embedding_base_url,
        api_key=SecretStr(endpoint.embedding_key),
        max_retries=0,
        timeout=setup.settings.model_timeout,
        # The check downloads tiktoken's tables and sends token numbers, which not every endpoint takes.
        check_embedding_ctx_length=False,
        http_client=setup.model.http_sync(),
        http_async_client=setup.model.http_async(),
    )


def _llm(setup: Setup) -> ChatOpenAI:
    endpoint = setup.model.endpoint
    return ChatOpenAI(
        model=endpoint.chat_model,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.key),
        temperature=0.0,
        max_retries=0,
        timeout=setup.settings.model_timeout,
        stream_usage=True,
        http_client=setup.model.http_sync(),
        http_async_client=setup.model.http_async(),
    )


def _prompt(*, controlled: bool) -> ChatPromptTemplate:
    if controlled:
        return ChatPromptTemplate([("system", SYSTEM_PROMPT), ("human", USER_TEMPLATE)])
    return ChatPromptTemplate([("human", NATIVE_PROMPT)])
