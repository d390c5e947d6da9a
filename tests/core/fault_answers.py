"""What the fault endpoint answers, well or badly; see `fault_endpoint`."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

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
    "redirect",  # 302 to a login page
    "web_page",  # 200 with HTML
    "not_json",  # 200 with broken JSON, or a broken event in a stream
    "error_event",  # a stream that turns into an error
    "cut",  # the connection is closed in the middle of the body
    "short",  # a stream that ends without saying so
    "wrong_dimension",  # embeddings of half the length
    "slow",  # a good answer, after `seconds`
]

WORDS = ("Tandem", " answers", " from", " the", " fault", " endpoint.")


@dataclass(frozen=True)
class Plan:
    fault: Fault
    only: str | None
    times: int | None
    after: int
    retry_after: str
    seconds: float
    every: int = 1


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def vector_of(text: str, dimension: int) -> tuple[float, ...]:
    """The vector that the endpoint gives for a text."""
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(digest[index % 32] / 256 for index in range(dimension))


def embed(seen: Seen, dimension: int, *, floats_only: bool) -> Response:
    """A good answer to an embeddings request."""
    texts = seen.body["input"]
    texts = [texts] if isinstance(texts, str) else texts
    encode = _base64 if seen.body.get("encoding_format") == "base64" and not floats_only else list
    data = [
        {"index": index, "embedding": encode(vector_of(text, dimension))} for index, text in enumerate(texts)
    ]
    # Out of order on purpose: the index counts, not the place.
    answer = {"object": "list", "data": data[::-1], "model": seen.body["model"]}
    return JSONResponse(answer | {"usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}})


def _base64(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def say(seen: Seen, text: str = "") -> Response:
    """A good answer to a chat request; `text` is what it says, if not the usual."""
    words = (text,) if text else WORDS
    usage = {"prompt_tokens": 11, "completion_tokens": len(WORDS), "total_tokens": 11 + len(WORDS)}
    if seen.body.get("stream"):
        return _sse(_events(seen, usage, words))
    message = {"role": "assistant", "content": "".join(words)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return JSONResponse(_envelope("chat.completion", [choice]) | {"usage": usage})


async def _events(seen: Seen, usage: dict[str, int], words: tuple[str, ...]) -> AsyncIterator[str]:
    yield _delta({"role": "assistant", "content": ""})
    for word in words:
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


async def _unauthorized(_: Request, seen: Seen, __: Plan) -> Response:
    given = seen.headers.get("authorization", "")
    return _error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")


async def _forbidden(*_: Any) -> Response:
    return _error(403, "Not for you.", "forbidden")


async def _unknown_model(_: Request, seen: Seen, __: Plan) -> Response:
    return _error(404, f"The model `{seen.body.get('model')}` does not exist.", "model_not_found")


async def _not_found(*_: Any) -> Response:
    return Response("Not Found", 404)


async def _rate_limited(_: Request, __: Seen, plan: Plan) -> Response:
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


async def _redirect(*_: Any) -> Response:
    return Response(status_code=302, headers={"location": "/login"})


async def _web_page(*_: Any) -> Response:
    return HTMLResponse("<html><body>A login page</body></html>")


async def _not_json(_: Request, seen: Seen, __: Plan) -> Response:
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


async def _cut(_: Request, seen: Seen, __: Plan) -> Response:
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


FAULTS: dict[str, _Handler] = {
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
    "redirect": _redirect,
    "web_page": _web_page,
    "not_json": _not_json,
    "error_event": _error_event,
    "cut": _cut,
    "short": _short,
}
