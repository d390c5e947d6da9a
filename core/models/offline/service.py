"""The work behind the built-in endpoint: bytes in, replies out. CPU-bound, and free of HTTP."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from core.models.offline.answerer import pieces, reply
from core.models.offline.embedder import Embedder
from core.models.offline.requests import ChatRequest, EmbeddingRequest, read
from core.settings import OFFLINE_EMBEDDING_MODEL


@dataclass(frozen=True)
class Reply:
    """A chat answer, cut into pieces ready to be streamed."""

    pieces: tuple[str, ...]
    finish_reason: str
    usage: dict[str, int]
    stream: bool
    wants_usage: bool


class Service:
    """Embeds and answers; safe to call from several threads."""

    def __init__(self) -> None:
        self.embedder = Embedder()

    def embeddings(self, body: bytes) -> bytes:
        """The JSON answer to an embeddings request."""
        request = read(EmbeddingRequest, body)
        vectors, tokens = self.embedder.embed(request.texts())
        encode = _base64 if request.encoding_format == "base64" else _floats
        data = [
            {"object": "embedding", "index": index, "embedding": encode(row)}
            for index, row in enumerate(vectors)
        ]
        answer = {
            "object": "list",
            "data": data,
            "model": OFFLINE_EMBEDDING_MODEL,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return json.dumps(answer, separators=(",", ":")).encode()

    def chat(self, body: bytes) -> Reply:
        """The answer to a chat request."""
        request = read(ChatRequest, body)
        messages = request.chat()
        words = pieces(reply(messages, lambda texts: self.embedder.embed(texts)[0]))
        kept = tuple(words[: request.limit])
        prompt = sum(self.embedder.count(text) for _, text in messages)
        completion = self.embedder.count("".join(kept))
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
        reason = "stop" if len(kept) == len(words) else "length"
        return Reply(kept, reason, usage, request.stream, request.wants_usage)


def _base64(row: Any) -> str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")


def _floats(row: Any) -> list[float]:
    floats: list[float] = row.tolist()
    return floats
