"""Calls to the model endpoint: embeddings in batches, and the HTTP clients the frameworks share."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import httpx

from core.models.endpoint import Endpoint
from core.models.failures import explain, malformed, wrong_dimension
from core.models.transport import async_client, sync_client
from core.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelClient:
    """One endpoint's clients. `embed`, and use of `http_async()`, belong to the event-loop thread.

    The HTTP clients are made when first asked for, from any thread, and live until closed.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self.endpoint = endpoint
        self._settings = settings
        self._lock = threading.Lock()
        self._sync: httpx.Client | None = None
        self._async: httpx.AsyncClient | None = None

    def http_sync(self) -> httpx.Client:
        """The `httpx.Client` for both frameworks' OpenAI clients; their own retries must be off."""
        with self._lock:
            if self._sync is None:
                self._sync = sync_client(self._base_urls, self._settings)
            return self._sync

    def http_async(self) -> httpx.AsyncClient:
        """The `httpx.AsyncClient` for both frameworks; use it on the event-loop thread only."""
        with self._lock:
            if self._async is None:
                self._async = async_client(self._base_urls, self._settings)
            return self._async

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts, in their order; vectors are `endpoint.dimension` long. Raises `ModelError`.

        Sends batches of `embedding_batch` texts, at most `embedding_concurrency` at a time; the
        first batch that fails ends the others.
        """
        gate = asyncio.Semaphore(self._settings.embedding_concurrency)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._embed(batch, gate)) for batch in self._batches(texts)]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [vector for task in tasks for vector in task.result()]

    def embed_sync(self, texts: Sequence[str]) -> list[list[float]]:
        """Blocking twin of `embed`."""
        batches = self._batches(texts)
        if len(batches) <= 1:
            return [vector for batch in batches for vector in self._embed_sync(batch)]
        with ThreadPoolExecutor(min(len(batches), self._settings.embedding_concurrency)) as pool:
            jobs = [pool.submit(copy_context().run, self._embed_sync, batch) for batch in batches]
            try:
                return [vector for job in jobs for vector in job.result()]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    async def aclose(self) -> None:
        """Close both clients; on the event-loop thread."""
        with self._lock:
            client, self._async = self._async, None
        if client is not None:
            await client.aclose()
        self.close()

    def close(self) -> None:
        """Close the blocking client."""
        with self._lock:
            client, self._sync = self._sync, None
        if client is not None:
            client.close()

    @property
    def _base_urls(self) -> tuple[str, str]:
        return self.endpoint.base_url, self.endpoint.embedding_base_url

    def _batches(self, texts: Sequence[str]) -> list[list[str]]:
        size = self._settings.embedding_batch
        return [list(texts[start : start + size]) for start in range(0, len(texts), size)]

    async def _embed(self, texts: list[str], gate: asyncio.Semaphore) -> list[list[float]]:
        try:
            async with gate:
                response = await self.http_async().post(**self._request(texts))
            return self._read(response, len(texts))
        except httpx.HTTPError as error:
            raise explain(error, self.endpoint) from error

    def _embed_sync(self, texts: list[str]) -> list[list[float]]:
        try:
            return self._read(self.http_sync().post(**self._request(texts)), len(texts))
        except httpx.HTTPError as error:
            raise explain(error, self.endpoint) from error

    def _request(self, texts: list[str]) -> dict[str, Any]:
        endpoint = self.endpoint
        body = {"model": endpoint.embedding_model, "input": texts, "encoding_format": "base64"}
        return {
            "url": f"{endpoint.embedding_base_url}/embeddings",
            "headers": {
                "authorization": f"Bearer {endpoint.embedding_key}",
                "content-type": "application/json",
            },
            # A lone surrogate, which no JSON reader takes, becomes a question mark.
            "content": json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        }

    def _read(self, response: httpx.Response, count: int) -> list[list[float]]:
        """The vectors of one answer; raises `ModelError` or `httpx.HTTPStatusError`."""
        response.raise_for_status()
        try:
            vectors = _vectors(json.loads(response.content), count)
        except (ValueError, LookupError, TypeError) as error:
            raise malformed(self.endpoint) from error
        found = int(vectors.shape[1])
        if self.endpoint.dimension not in (0, found):
            raise wrong_dimension(self.endpoint, found)
        rows: list[list[float]] = vectors.tolist()
        return rows


def _vectors(answer: Any, count: int) -> NDArray[np.float32]:
    """Vectors in the order of their index, shape (count, dimension); ValueError when they are not that."""
    import numpy as np

    items = sorted(answer["data"], key=lambda item: int(item["index"]))
    rows = [_vector(item["embedding"]) for item in items]
    if len(rows) != count or any(row.ndim != 1 or row.shape != rows[0].shape for row in rows):
        raise ValueError("the vectors do not match the texts")
    return np.stack(rows)


def _vector(embedding: Any) -> NDArray[np.float32]:
    """One vector, sent as base64 of little-endian float32, or as numbers by servers that know no base64."""
    import numpy as np

    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding), dtype="<f4")
    return np.asarray(embedding, dtype=np.float32)
