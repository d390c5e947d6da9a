"""The HTTP face of the built-in endpoint: `/v1/models`, `/v1/embeddings`, `/v1/chat/completions`.

The same routes under `/delay/FIRST/NEXT/v1` answer with FIRST milliseconds before the first token
and NEXT before each further one. The delays live in the address, so that one server serves every
session and none of them sees another's.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.models.offline.requests import MODELS, ApiError
from core.models.offline.service import Reply, Service
from core.settings import OFFLINE_CHAT_MODEL

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Pace:
    """Seconds from the arrival of a request to its first token, and from token to token."""

    first: float = 0.0
    following: float = 0.0

    def due(self, position: int) -> float:
        """When the token at `position` (from 0) is due, in seconds after the request."""
        return self.first + position * self.following


def build_app(service: Service, key: str) -> Starlette:
    """The application; every request must bear `key`."""
    endpoint = _Endpoint(service)
    routes = [
        Route("/v1/models", endpoint.models),
        Route("/v1/embeddings", endpoint.embeddings, methods=["POST"]),
        Route("/v1/chat/completions", endpoint.chat, methods=["POST"]),
    ]
    return Starlette(
        routes=[*routes, Mount("/delay/{first:float}/{following:float}", routes=routes)],
        middleware=[Middleware(_Guard, key=key)],
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_http},
    )


class _Endpoint:
    """The three routes. The work runs on a pool of its own, so that the server's loop stays free."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="tandem-offline")
        self._pool.submit(service.embedder.load)  # warm before the first question

    async def models(self, request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "tandem"} for name in MODELS]
        return JSONResponse({"object": "list", "data": data})

    async def embeddings(self, request: Request) -> Response:
        content = await self._work(self._service.embeddings, await request.body())
        return Response(content, media_type="application/json")

    async def chat(self, request: Request) -> Response:
        start = time.monotonic()
        pace = _pace(request)
        reply = await self._work(self._service.chat, await request.body())
        if reply.stream:
            return StreamingResponse(_stream(reply, pace, start), media_type="text/event-stream")
        await _until(start + pace.due(len(reply.pieces) - 1))
        message = {"role": "assistant", "content": "".join(reply.pieces)}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        return JSONResponse(_envelope("chat.completion", [choice]) | {"usage": reply.usage})

    async def _work(self, function: Callable[[bytes], _Result], body: bytes) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, body)


def _pace(request: Request) -> Pace:
    given = request.path_params
    return Pace(given.get("first", 0.0) / 1000, given.get("following", 0.0) / 1000)


async def _stream(reply: Reply, pace: Pace, start: float) -> AsyncIterator[bytes]:
    """The answer as server-sent events, each token at its time."""
    envelope = _envelope("chat.completion.chunk", [])
    for position, piece in enumerate(reply.pieces):
        await _until(start + pace.due(position))
        delta = {"role": "assistant", "content": piece} if position == 0 else {"content": piece}
        yield _event(envelope | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    end = {"index": 0, "delta": {}, "finish_reason": reply.finish_reason}
    yield _event(envelope | {"choices": [end]})
    if reply.wants_usage:
        yield _event(envelope | {"usage": reply.usage})
    yield b"data: [DONE]\n\n"


async def _until(moment: float) -> None:
    """Sleep until `moment` on the monotonic clock; return at once when it has passed."""
    pause = moment - time.monotonic()
    if pause > 0:
        await asyncio.sleep(pause)


def _envelope(kind: str, choices: list[Any]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": OFFLINE_CHAT_MODEL,
        "choices": choices,
    }


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


class _Guard:
    """Refuses requests without the right bearer key, comparing in constant time."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        app = self._app
        if not hmac.compare_digest(given, self._expected):
            error = ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
            app = JSONResponse(error.body, 401)
        await app(scope, receive, send)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, error.status)


async def _refuse_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = f"{request.method} {request.url.path}: {error.detail}."
    return JSONResponse(ApiError(error.status_code, text).body, error.status_code)
