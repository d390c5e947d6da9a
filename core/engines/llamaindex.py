"""LlamaIndex over Milvus: its vector store, retriever and query engine.

Importing this module imports LlamaIndex (several seconds): `core.engines.load` does so when needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from llama_index.core import PromptHelper, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import BaseSynthesizer, get_response_synthesizer
from llama_index.core.schema import (
    BaseNode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
    TransformComponent,
)
from llama_index.core.utilities.token_counting import TokenCounter
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQueryMode,
)
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from llama_index.vector_stores.milvus import IndexManagement, MilvusVectorStore
from llama_index.vector_stores.milvus.utils import BM25BuiltInFunction

from core.documents.records import Chunk
from core.engines.base import Emit, EngineName, Hit, Query, Retrieval, Retrieved, Token, Vector
from core.engines.fields import ANALYZER, RRF_K, chunk_of, metadata, mmr_candidates
from core.engines.setup import Setup, document_filter
from core.models.prompt import SYSTEM_PROMPT, USER_TEMPLATE, context_block

_MODES = {
    Retrieval.DENSE: VectorStoreQueryMode.DEFAULT,
    Retrieval.MMR: VectorStoreQueryMode.MMR,
    Retrieval.HYBRID: VectorStoreQueryMode.HYBRID,
}
# Large enough that the compact synthesizer puts the whole context into one call, as LangChain does.
_CONTEXT_WINDOW = 128_000
_INSERT_BATCH = 500
# Turning nodes into rows is work for the processor, 0.3 ms each, and it happens on the event loop.
_LOOP_BATCH = 64


class LlamaIndexEngine:
    """The `Engine` of LlamaIndex; see `core.engines.base.Engine` for what each call means."""

    name: ClassVar[EngineName] = "llamaindex"
    document_field: ClassVar[str] = "doc_id"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.collection = setup.collection

    def open(self) -> None:
        """Create the collection if it is missing, begin to load it, and build the index over it."""
        setup = self._setup
        new = not setup.backend.has(self.collection)
        self.store = MilvusVectorStore(
            collection_name=self.collection,
            dim=setup.model.endpoint.dimension,
            batch_size=_INSERT_BATCH,
            # Left to `_create_index`: the store's own way waits seconds for an empty collection.
            index_management=IndexManagement.NO_VALIDATION,
            **(_controlled_store(setup) if setup.controlled else {}),
            **setup.backend.connection_args,
        )
        # The store opens clients of its own; ours carry timeouts, timing and Lite's write lock.
        self.store._milvusclient = setup.clients.sync  # noqa: SLF001 - no public way to hand a client in
        self.store._async_milvusclient = setup.clients.aio  # noqa: SLF001
        if new:
            self._create_index()
        setup.backend.begin_load(self.collection)
        self._llm = _llm(setup)
        self._synthesizer = _synthesizer(self._llm, controlled=setup.controlled)
        embedding = _embedding(setup)
        _warm(self._llm, embedding)
        self._index = VectorStoreIndex.from_vector_store(
            self.store, embed_model=embedding, transformations=[_Keep()]
        )

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store chunks whose ids are new, with their vectors."""
        for start in range(0, len(chunks), _LOOP_BATCH):
            part = slice(start, start + _LOOP_BATCH)
            await self.store.async_add(_nodes(chunks[part], vectors[part]))

    def add_sync(self, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Blocking twin of `add`."""
        self.store.add(_nodes(chunks, vectors))

    async def delete(self, document_ids: Sequence[str]) -> None:
        """Remove every chunk of these documents."""
        if document_ids:
            await self.store.adelete_nodes(filters=_of_documents(document_ids))

    def delete_sync(self, document_ids: Sequence[str]) -> None:
        """Blocking twin of `delete`."""
        if document_ids:
            self.store.delete_nodes(filters=_of_documents(document_ids))

    async def retrieve(self, query: Query) -> tuple[Hit, ...]:
        """Find chunks, best first."""
        return _hits(await self._retriever(query).aretrieve(_bundle(query)))

    def retrieve_sync(self, query: Query) -> tuple[Hit, ...]:
        """Blocking twin of `retrieve`."""
        return _hits(self._retriever(query).retrieve(_bundle(query)))

    async def answer(self, query: Query, emit: Emit) -> None:
        """Retrieve and generate through `RetrieverQueryEngine.aquery`."""
        response = await self._query_engine(query, emit).aquery(_bundle(query))
        async for text in response.async_response_gen():
            if text:
                emit(Token(self.name, text))

    def answer_sync(self, query: Query, emit: Emit) -> None:
        """Blocking twin of `answer`."""
        response = self._query_engine(query, emit).query(_bundle(query))
        for text in response.response_gen:
            if text:
                emit(Token(self.name, text))

    def _create_index(self) -> None:
        client, store = self._setup.clients.sync, self.store
        indexes = store._add_dense_index_params(client.prepare_index_params())  # noqa: SLF001 - its defaults
        if store.enable_sparse:
            indexes = store._add_sparse_index_params(indexes)  # noqa: SLF001
        client.create_index(self.collection, indexes)

    def _retriever(self, query: Query) -> Any:
        self._setup.check(query)
        options: dict[str, Any] = {}
        if query.top_k is not None:
            options["similarity_top_k"] = query.top_k
        search: dict[str, Any] = {"string_expr": document_filter(self.document_field, query)}
        if query.retrieval is Retrieval.MMR and query.top_k is not None:
            search["mmr_prefetch_k"] = mmr_candidates(query.top_k)
        return self._index.as_retriever(
            vector_store_query_mode=_MODES[query.retrieval], vector_store_kwargs=search, **options
        )

    def _query_engine(self, query: Query, emit: Emit) -> RetrieverQueryEngine:
        def seen(nodes: list[NodeWithScore]) -> None:
            emit(Retrieved(self.name, _hits(nodes)))

        return RetrieverQueryEngine.from_args(
            self._retriever(query),
            llm=self._llm,
            response_synthesizer=self._synthesizer,
            node_postprocessors=[_Observe(seen=seen, number=self._setup.controlled)],
        )


class _Keep(TransformComponent):  # type: ignore[misc]  # LlamaIndex is not followed by the type checker
    """Does nothing: chunks arrive cut. Without it the index builds a splitter, which reads nltk's data."""

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        return nodes


class _PlainTokenCounter(TokenCounter):  # type: ignore[misc]  # LlamaIndex is not followed by the type checker
    """Counts a message's text as its base does, but without `asyncio_run`, which would block the loop."""

    def estimate_tokens_in_messages(self, messages: list[ChatMessage]) -> int:
        # Three tokens a message for its frame, as in the base class.
        return sum(self.get_string_tokens(f"{item.role.value} {item.content or ''}") + 3 for item in messages)


def _synthesizer(llm: OpenAILike, *, controlled: bool) -> BaseSynthesizer:
    helper = PromptHelper.from_llm_metadata(llm.metadata)
    helper._token_counter = _PlainTokenCounter()  # noqa: SLF001 - it takes no counter
    return get_response_synthesizer(
        llm=llm,
        prompt_helper=helper,
        text_qa_template=_controlled_prompt() if controlled else None,
        streaming=True,
        use_async=True,
    )


class _Observe(BaseNodePostprocessor):  # type: ignore[misc]  # LlamaIndex is not followed by the type checker
    """Reports what was retrieved and, in controlled mode, numbers the context for citations."""

    seen: Callable[[list[NodeWithScore]], None]
    number: bool

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        self.seen(nodes)
        return [_numbered(rank, node) for rank, node in enumerate(nodes, 1)] if self.number else nodes

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        # The default hands this to a thread, which costs more than the work.
        return self._postprocess_nodes(nodes, query_bundle)


def _bundle(query: Query) -> QueryBundle:
    """The question; LlamaIndex embeds it only when it brings no embedding along."""
    return QueryBundle(query.question, embedding=None if query.vector is None else list(query.vector))


def _numbered(rank: int, scored: NodeWithScore) -> NodeWithScore:
    chunk = _chunk(scored.node)
    block = context_block(rank, chunk.source, chunk.page, chunk.text)
    return NodeWithScore(node=TextNode(id_=chunk.id, text=block), score=scored.score)


def _nodes(chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> list[TextNode]:
    return [_node(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]


def _node(chunk: Chunk, vector: Vector) -> TextNode:
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        metadata=metadata(chunk),
        embedding=list(vector),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=chunk.document_id)},
    )


def _chunk(node: BaseNode) -> Chunk:
    return chunk_of(node.node_id, node.ref_doc_id or "", node.get_content(), node.metadata)


def _hits(nodes: Sequence[NodeWithScore]) -> tuple[Hit, ...]:
    return tuple(Hit(_chunk(item.node), item.score, rank) for rank, item in enumerate(nodes, 1))


def _of_documents(document_ids: Sequence[str]) -> MetadataFilters:
    wanted = MetadataFilter(key="doc_id", value=list(document_ids), operator=FilterOperator.IN)
    return MetadataFilters(filters=[wanted])


def _controlled_store(setup: Setup) -> dict[str, Any]:
    options: dict[str, Any] = {
        "similarity_metric": setup.settings.metric,
        "index_config": {"index_type": setup.settings.index_type, **setup.settings.index_params},
        "consistency_level": setup.settings.consistency,
    }
    if setup.hybrid:
        options |= {
            "enable_sparse": True,
            "sparse_embedding_function": BM25BuiltInFunction(analyzer_params=ANALYZER),
            "hybrid_ranker": "RRFRanker",
            "hybrid_ranker_params": {"k": RRF_K},
        }
    return options


def _warm(llm: OpenAILike, embedding: OpenAILikeEmbedding) -> None:
    """Make the OpenAI clients here: on first use their lazy imports held the event loop for 0.3 s."""
    for client in (llm._get_client(), llm._get_aclient()):  # noqa: SLF001 - made lazily, no public way
        _ = client.chat.completions
    for client in (embedding._get_client(), embedding._get_aclient()):  # noqa: SLF001
        _ = client.embeddings


def _embedding(setup: Setup) -> OpenAILikeEmbedding:
    endpoint = setup.model.endpoint
    return OpenAILikeEmbedding(
        model_name=endpoint.embedding_model,
        api_base=endpoint.embedding_base_url,
        api_key=endpoint.embedding_key,
        max_retries=0,
        timeout=setup.settings.model_timeout,
        http_client=setup.model.http_sync(),
        async_http_client=setup.model.http_async(),
    )


def _llm(setup: Setup) -> OpenAILike:
    endpoint = setup.model.endpoint
    return OpenAILike(
        model=endpoint.chat_model,
        api_base=endpoint.base_url,
        api_key=endpoint.key,
        is_chat_model=True,
        context_window=_CONTEXT_WINDOW,
        temperature=0.0,
        max_retries=0,
        timeout=setup.settings.model_timeout,
        additional_kwargs={"stream_options": {"include_usage": True}},
        http_client=setup.model.http_sync(),
        async_http_client=setup.model.http_async(),
    )


def _controlled_prompt() -> ChatPromptTemplate:
    user = USER_TEMPLATE.replace("{question}", "{query_str}").replace("{context}", "{context_str}")
    return ChatPromptTemplate(
        message_templates=[
            ChatMessage(role=MessageRole.SYSTEM, content=SYSTEM_PROMPT),
            ChatMessage(role=MessageRole.USER, content=user),
        ]
    )
