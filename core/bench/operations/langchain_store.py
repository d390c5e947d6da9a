"""LangChain's store and a stand-in for an embedding model. Importing this module imports LangChain."""

from __future__ import annotations

import asyncio
import threading
import time
import warnings
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_milvus import Milvus
from pymilvus import connections

from core.bench.operations import data

_connecting = threading.Lock()


class PretendEmbeddings(Embeddings):
    """Vectors that follow from the text, after the time that an embedding request would take."""

    def __init__(self, dimension: int, seconds: float) -> None:
        self._dimension, self._seconds = dimension, seconds

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text; one request."""
        if self._seconds:
            time.sleep(self._seconds)
        return self._vectors(texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Twin of `embed_documents`."""
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return self._vectors(texts)

    async def aembed_query(self, text: str) -> list[float]:
        """Twin of `embed_query`."""
        return (await self.aembed_documents([text]))[0]

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return [data.text_vector(self._dimension, text) for text in texts]


class ConnectedMilvus(Milvus):  # type: ignore[misc]  # LangChain's store publishes no types
    """Registers the ORM connection that `Collection(using=alias)` looks up.

    `MilvusClient` of pymilvus 2.6.10 and later no longer does (langchain-milvus issues 128, 130).
    The alias follows from the address, not from a client whose id may come again.
    """

    def _init(self, *args: Any, **kwargs: Any) -> None:
        self.alias = f"tandem-bench-{self._connection_args['uri']}"
        with _connecting:
            if not connections.has_connection(self.alias):
                connections.connect(alias=self.alias, **self._connection_args)
        super()._init(*args, **kwargs)
        _ = self.col  # looked up once here: it blocks, and searches on the loop read it


class BenchMilvus(ConnectedMilvus):
    """Does not wait for the load, which has begun and takes seconds."""

    def _load(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""


# langchain-milvus 0.3 needs the ORM; its users can do nothing about the warning.
warnings.filterwarnings("ignore", message=r".*ORM-style PyMilvus API")
