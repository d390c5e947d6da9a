"""An OpenAI-compatible endpoint on loopback that misbehaves on demand, over real HTTP.

    with FaultEndpoint() as endpoint:
        endpoint.misbehave("rate_limited", retry_after="0.01", times=2)
        ... use endpoint.base_url, endpoint.key ...
        assert endpoint.count("embeddings") == 3

Every fault can be limited to one route (`only`), to the first requests (`times`), or to those after
some good ones (`after`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Fault = Literal[
    "unauthorized",  # 401, and the key is in the message
    "forbidden",  # 403
    "unknown_model",  # 404 with OpenAI's code
    "not_found",  # 404 as a web server says it
    "rate_limited",  # 429 with `retry_after`
    "quota",  # 429 that waiting does not mend
    "server_error",  # 500
    "hang_up",  # the connection is closed before any answer
    "hang",  # no answer until the client gives up
    "stall",  # a stream that begins, then says nothing until the client gives up
    "web_page",  # 200 with HTML
    "not_json",  # 200 with broken JSON, or a broken event in a stream
    "error_event",  # a stream that turns into an error
    "cut",  # the connection is closed in the middle of the body
    "short",  # a stream that ends without saying so
    "wrong_dimension",  # embeddings of half the length
    "slow",  # a good answer, after `seconds`
]

WORDS = ("Tandem", " answers", " from", " the", " fault", " endpoint.")
_THREAD = "fault-endpoint"


@dataclass(frozen=True)
class _Plan:
    fault: Fault
    only: str | None
    times: int | None
    after: int
    retry_after: str
    seconds: float


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FaultEndpoint:
    """A context manager; behaves well until told otherwise."""

    key = "sk-fault-endpoint-secret"
    chat_model = "fault-chat"
    embedding_model = "fault-embedding"

    def __init__(self, *, dimension: int = 8) -> None:
        self._dimension = dimension
        self._ready = threading.Event()
        self._under_way = 0
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.reset()

    def reset(self) -> None:
        """Forget what was seen and asked for; to share one endpoint between tests."""
        self.dimension = self._dimension
        self.models = [self.embedding_model, self.chat_model]
        self.floats_only = False  # as a server that knows no base64
        self.seen: list[Seen] = []
        self.proxied: list[str] = []  # addresses asked for as of a proxy
        self.most_at_once = 0
        self._plan: _Plan | None = None
        self._hits = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def misbehave(
        self,
        fault: Fault,
        *,
        only: str | None = None,
        times: int | None = None,
        after: int = 0,
        retry_after: str = "",
        seconds: float = 0.05,
    ) -> None:
        """Show `fault` from now on, for requests whose path ends with `only`."""
        self._hits = 0
        self._plan = _Plan(fault, only, times, after, retry_after, seconds)

    def behave(self) -> None:
        """Answer well again."""
        self._plan = None

    def count(self, path_end: str = "") -> int:
        """How many requests to this route have arrived."""
        return sum(seen.path.endswith(path_end) for seen in self.seen)

    def __enter__(self) -> Self:
        routes = [
            Route("/v1/models", self._models),
            Route("/v1/embeddings", self._embeddings, methods=["POST"]),
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
        ]
        self._app = Starlette(routes=routes)
        config = _Config(
            self._receive, interface="asgi3", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        self._server = _Server(config, self._ready)
        serve = self._server.serve([self._listener])
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), name=_THREAD, daemon=True)
        logging.getLogger("uvicorn.error").addFilter(_not_here)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        logging.getLogger("uvicorn.error").removeFilter(_not_here)

    async def _models(self, request: Request) -> Response:
        data = [{"id": name, "object": "model"} for name in self.models]
        return await self._answer(request, lambda _: JSONResponse({"object": "list", "data": data}))

    async def _embeddings(self, request: Request) -> Response:
        return await self._answer(request, self._embed)

    async def _chat(self, request: Request) -> Response:
        return await self._answer(request, _say)

    async def _receive(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("http"):  # the address form of requests to a proxy
            self.proxied.append(scope["path"])
            await Response("Bad Gateway", 502)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, request: Request, good: Callable[[Seen], Response]) -> Response:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return await self._respond(request, good)
        finally:
            self._under_way -= 1

    async def _respond(self, request: Request, good: Callable[[Seen], Response]) -> Response:
        raw = await request.body()
        seen = Seen(request.url.path, dict(request.headers), json.loads(raw) if raw else {})
        self.seen.append(seen)
        plan = self._due(seen)
        if plan is None:
            return good(seen)
        if plan.fault == "slow":
            await asyncio.sleep(plan.seconds)
            return good(seen)
        if plan.fault == "hang_up":
            self._hang_up(request)
        if plan.fault == "wrong_dimension":
            return self._embed(seen, self.dimension // 2)
        return await _FAULTS[plan.fault](request, seen, plan)

    def _hang_up(self, request: Request) -> None:
        for connection in list(self._server.server_state.connections):
            if tuple(connection.client) == tuple(request.scope["client"]):
                connection.transport.abort()

    def _due(self, seen: Seen) -> _Plan | None:
        """The fault to show to this request, if any."""
        plan = self._plan
        if plan is None or (plan.only and not seen.path.endswith(plan.only)):
            return None
        self._hits += 1
        late = plan.times is not None and self._hits > plan.after + plan.times
        return None if late or self._hits <= plan.after else plan

    def _embed(self, seen: Seen, dimension: int | None = None) -> Response:
        texts = seen.body["input"]
        texts = [texts] if isinstance(texts, str) else texts
        base64_wanted = seen.body.get("encoding_format") == "base64" and not self.floats_only
        encode = _base64 if base64_wanted else list
        data = [
            {"index": index, "embedding": encode(vector_of(text, dimension or self.dimension))}
            for index, text in enumerate(texts)
        ]
        # Out of order on purpose: the index counts, not the place.
        answer = {"object": "list", "data": data[::-1], "model": seen.body["model"]}
        return JSONResponse(answer | {"usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}})


def vector_of(text: str, dimension: int) -> tuple[float, ...]:
    """The vector that the endpoint gives for a text."""
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(digest[index % 32] / 256 for index in range(dimension))


def _base64(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _say(seen: Seen) -> Response:
    usage = {"prompt_tokens": 11, "completion_tokens": len(WORDS), "total_tokens": 11 + len(WORDS)}
    if seen.body.get("stream"):
        return _sse(_events(seen, usage))
    message = {"role": "assistant", "content": "".join(WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return JSONResponse(_envelope("chat.completion", [choice]) | {"usage": usage})


async def _events(seen: Seen, usage: dict[str, int]) -> AsyncIterator[str]:
    yield _delta({"role": "assistant", "content": ""})
    for word in WORDS:
        yield _delta({"content": word})
    yield _delta({}, "stop")
    if (seen.body.get("stream_options") or {}).get("include_usage"):
        yield _event(_envelope("chat.completion.chunk", []) | {"usage": usage})
    yield "data: [DONE]\n\n"


def _delta(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event(_envelope("chat.completion.chunk", [choice]))


def _envelope(kind: str, choices: list[Any]) -> dict[str, Any]:
    return {"id": "fault", "object": kind, "created": 0, "model": "fault-chat", "choices": choices}


def _event(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload)}\n\n"


def _sse(events: AsyncIterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


def _error(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> Response:
    problem = {"message": message, "type": code, "param": None, "code": code}
    return JSONResponse({"error": problem}, status, headers)


_Handler = Callable[..., Awaitable[Response]]


async def _unauthorized(_: Request, seen: Seen, __: _Plan) -> Response:
    given = seen.headers.get("authorization", "")
    return _error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")


async def _forbidden(*_: Any) -> Response:
    return _error(403, "Not for you.", "forbidden")


async def _unknown_model(_: Request, seen: Seen, __: _Plan) -> Response:
    return _error(404, f"The model `{seen.body.get('model')}` does not exist.", "model_not_found")


async def _not_found(*_: Any) -> Response:
    return Response("Not Found", 404)


async def _rate_limited(_: Request, __: Seen, plan: _Plan) -> Response:
    headers = {"retry-after": plan.retry_after} if plan.retry_after else None
    return _error(429, "Rate limit reached.", "rate_limit_exceeded", headers)


async def _quota(*_: Any) -> Response:
    return _error(429, "You exceeded your current quota.", "insufficient_quota")


async def _server_error(*_: Any) -> Response:
    return _error(500, "The server had an error.", "server_error")


async def _hang(request: Request, *_: Any) -> Response:
    await _until_gone(request)
    return Response()


async def _stall(request: Request, *_: Any) -> Response:
    async def events() -> AsyncIterator[str]:
        yield _delta({"role": "assistant", "content": WORDS[0]})
        await asyncio.Event().wait()  # ends when Starlette notices that the client has gone

    return _sse(events())


async def _web_page(*_: Any) -> Response:
    return HTMLResponse("<html><body>A login page</body></html>")


async def _not_json(_: Request, seen: Seen, __: _Plan) -> Response:
    async def events() -> AsyncIterator[str]:
        yield _delta({"role": "assistant", "content": WORDS[0]})
        yield "data: {this is no JSON\n\n"

    if seen.body.get("stream"):
        return _sse(events())
    return Response('{"object": "list", "data": [{"ind', media_type="application/json")


async def _error_event(*_: Any) -> Response:
    async def events() -> AsyncIterator[str]:
        yield _delta({"role": "assistant", "content": WORDS[0]})
        yield _event({"error": {"message": "Out of memory, key sk-abcdefghijkl", "code": "oom"}})

    return _sse(events())


async def _cut(_: Request, seen: Seen, __: _Plan) -> Response:
    start = _delta({"role": "assistant", "content": WORDS[0]}) if seen.body.get("stream") else '{"data": ['
    return _Unfinished(start)


async def _short(*_: Any) -> Response:
    async def events() -> AsyncIterator[str]:
        yield _delta({"role": "assistant", "content": WORDS[0]})

    return _sse(events())


class _Unfinished(Response):
    """Announces more of a body than it sends; the server then closes the connection."""

    def __init__(self, start: str) -> None:
        super().__init__()
        self._start = start

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._start.encode(), "more_body": True})


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


_FAULTS: dict[str, _Handler] = {
    "unauthorized": _unauthorized,
    "forbidden": _forbidden,
    "unknown_model": _unknown_model,
    "not_found": _not_found,
    "rate_limited": _rate_limited,
    "quota": _quota,
    "server_error": _server_error,
    "hang_up": _hang,
    "hang": _hang,
    "stall": _stall,
    "web_page": _web_page,
    "not_json": _not_json,
    "error_event": _error_event,
    "cut": _cut,
    "short": _short,
}


class _Config(uvicorn.Config):
    def configure_logging(self) -> None:
        """Leave the loggers of the test process alone."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._announce = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce.set()


def _not_here(record: logging.LogRecord) -> bool:
    """Faults are made on purpose; the server's complaints about them help nobody."""
    return record.threadName != _THREAD
