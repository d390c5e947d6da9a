"""Read what passes on the wire of one model call: first token, end, token counts. No I/O here."""

from __future__ import annotations

import json
import re
from time import perf_counter
from typing import Any

import httpx

from core.trace import Span, SpanKind, Trace

_KINDS: dict[str, SpanKind] = {
    "embeddings": "embed",
    "chat/completions": "generate",
    "completions": "generate",
}
_USAGE = re.compile(rb'"usage"\s*:\s*(?=\{)')
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_FINISH = re.compile(rb'"finish_reason"\s*:\s*"')


class MalformedReply(httpx.RemoteProtocolError):
    """The endpoint answered, but not in the form of an OpenAI-compatible one."""


class BrokenOff(httpx.RemoteProtocolError):
    """A streamed answer ended before its end was announced."""


def call_kind(request: httpx.Request) -> SpanKind | None:
    """What a request asks of the model; None for anything that is not timed."""
    path = request.url.path
    return next((kind for end, kind in _KINDS.items() if path.endswith("/" + end)), None)


class Exchange:
    """One request and its answer. Feed it the answer's bytes as they come, then end it.

    The span and the token counts go to `trace` once, when the exchange ends: `generate` counts as
    `input` and `output`, `embed` as `embedding`.
    """

    def __init__(self, request: httpx.Request, kind: SpanKind, trace: Trace | None) -> None:
        self._request = request
        self._kind = kind
        self._trace = trace
        self._start = perf_counter()
        self._first: float | None = None
        self._end: float | None = None
        self._finished = False
        self._good = False
        self._streamed = False
        self._rest = b""
        self._body: list[bytes] = []

    def begin(self, response: httpx.Response) -> None:
        """Look at the head of the answer; raise `MalformedReply` when it is not what was asked for."""
        content_type = response.headers.get("content-type", "")
        self._good = response.status_code == httpx.codes.OK
        if not self._good:
            return
        self._streamed = self._kind == "generate" and _STREAM.search(self._request.content) is not None
        if "text/html" in content_type or (self._streamed and "application/json" in content_type):
            raise MalformedReply(f"{content_type} is not what was asked for", request=self._request)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if not self._streamed:
            self._body.append(data)
            return
        now = perf_counter()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._event(line[5:].strip(), now)

    def complete(self) -> None:
        """The body has ended by itself; raise `BrokenOff` when a stream was not at its end."""
        if self._streamed and not self._finished:
            self.close(ok=False)
            raise BrokenOff("the stream ended too early", request=self._request)
        self._finished = True
        self._count(b"".join(self._body))
        self.close()

    def close(self, *, ok: bool = True) -> None:
        """The exchange is over, whether or not its body was read to the end."""
        if self._trace is None:
            return
        end = self._end or perf_counter()
        good = ok and self._good and self._finished
        self._trace.add(Span(self._kind, self._start, end, self._first, good))
        self._trace = None

    def _event(self, data: bytes, now: float) -> None:
        """One event of a stream."""
        if data == b"[DONE]":
            self._finished, self._end = True, now
            return
        if not (data.startswith(b"{") and data.endswith(b"}")):
            raise MalformedReply("an event that is no JSON object", request=self._request)
        if self._first is None and _has_content(data):
            self._first = now
        self._finished = self._finished or _FINISH.search(data) is not None
        self._count(data)

    def _count(self, data: bytes) -> None:
        """Add the token counts in `data`, if it has any, to the trace."""
        usage = read_usage(data)
        if usage is None or self._trace is None or not self._good:
            return
        prompt = int(usage.get("prompt_tokens") or 0)
        if self._kind == "embed":
            self._trace.add_usage(embedding=prompt)
        else:
            self._trace.add_usage(input=prompt, output=int(usage.get("completion_tokens") or 0))


def read_usage(data: bytes) -> dict[str, Any] | None:
    """The `usage` object somewhere in a JSON text, without parsing the (long) rest of it."""
    match = _USAGE.search(data)
    if match is None:
        return None
    try:
        usage, _ = json.JSONDecoder().raw_decode(data[match.end() :].decode("utf-8", "replace"))
    except ValueError:
        return None
    return usage if isinstance(usage, dict) else None


def _has_content(data: bytes) -> bool:
    """Whether an event carries text of the answer."""
    try:
        choice = json.loads(data)["choices"][0]
        return bool((choice.get("delta") or {}).get("content") or choice.get("text"))
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
