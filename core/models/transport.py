"""The httpx clients that both frameworks share: timed, patient with a busy endpoint, and bounded.

Outside in: `Timed*` adds spans and token counts to the current trace and sets the time limits;
`Retrying*` repeats after 429, 5xx and lost connections, as long as no answer has begun; below is
httpx's own transport.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    retry_if_result,
    wait_random_exponential,
)

from core import trace
from core.models.wire import BrokenOff, Exchange, MalformedReply, call_kind
from core.settings import Settings

LONGEST_PAUSE = 60.0
"""Seconds; an endpoint that asks for a longer pause is not asked again."""

TRIES = "tandem_tries"
"""Response extension: how many times the request was sent."""

_FINAL = "tandem_final"
_CONNECT_LIMIT = 10.0
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30.0)
_LOST = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
_backoff = wait_random_exponential(multiplier=0.5, max=8)


def sync_client(base_urls: Iterable[str], settings: Settings) -> httpx.Client:
    """A client for these endpoints, with proxies from the environment except for this machine."""

    def stack(proxy: str | None) -> httpx.BaseTransport:
        wire = httpx.HTTPTransport(verify=tls_context(), limits=_LIMITS, proxy=proxy)
        return TimedTransport(RetryingTransport(wire, settings.model_retries), settings.model_timeout)

    mounts = {origin: stack(proxy) for origin, proxy in _proxies(base_urls).items()}
    return httpx.Client(transport=stack(None), mounts=mounts, timeout=settings.model_timeout)


def async_client(base_urls: Iterable[str], settings: Settings) -> httpx.AsyncClient:
    """Async twin of `sync_client`. It binds to the event loop of its first request."""

    def stack(proxy: str | None) -> httpx.AsyncBaseTransport:
        wire = httpx.AsyncHTTPTransport(verify=tls_context(), limits=_LIMITS, proxy=proxy)
        return AsyncTimedTransport(
            AsyncRetryingTransport(wire, settings.model_retries), settings.model_timeout
        )

    mounts = {origin: stack(proxy) for origin, proxy in _proxies(base_urls).items()}
    return httpx.AsyncClient(transport=stack(None), mounts=mounts, timeout=settings.model_timeout)


class TimedTransport(httpx.BaseTransport):
    """Times model calls for the trace of the caller's context."""

    def __init__(self, inner: httpx.BaseTransport, timeout: float) -> None:
        self._inner = inner
        self._timeout = timeout

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's stream goes on being watched."""
        exchange = _prepare(request, self._timeout)
        if exchange is None:
            return self._inner.handle_request(request)
        try:
            response = self._inner.handle_request(request)
        except BaseException:
            exchange.close(ok=False)
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = body = _Body(response.stream, exchange)
        try:
            exchange.begin(response)
        except MalformedReply:
            body.close()
            raise
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncTimedTransport(httpx.AsyncBaseTransport):
    """Async twin of `TimedTransport`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, timeout: float) -> None:
        self._inner = inner
        self._timeout = timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's stream goes on being watched."""
        exchange = _prepare(request, self._timeout)
        if exchange is None:
            return await self._inner.handle_async_request(request)
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException:
            exchange.close(ok=False)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = body = _AsyncBody(response.stream, exchange)
        try:
            exchange.begin(response)
        except MalformedReply:
            await body.aclose()
            raise
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class RetryingTransport(httpx.BaseTransport):
    """Repeats what a busy or restarting endpoint refused, up to `retries` times."""

    def __init__(self, inner: httpx.BaseTransport, retries: int) -> None:
        self._inner = inner
        self._policy = _policy(retries)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it is answered or the repeats are used up."""
        response: httpx.Response = Retrying(**self._policy)(self._send, request)
        return response

    def _send(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if not _is_refusal(response):
            return response
        assert isinstance(response.stream, httpx.SyncByteStream)
        try:
            return _kept(response, b"".join(response.stream))
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncRetryingTransport(httpx.AsyncBaseTransport):
    """Async twin of `RetryingTransport`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, retries: int) -> None:
        self._inner = inner
        self._policy = _policy(retries)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it is answered or the repeats are used up."""
        response: httpx.Response = await AsyncRetrying(**self._policy)(self._send, request)
        return response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if not _is_refusal(response):
            return response
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            return _kept(response, b"".join([part async for part in response.stream]))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Body(httpx.SyncByteStream):
    """A response body that an `Exchange` watches."""

    def __init__(self, inner: httpx.SyncByteStream, exchange: Exchange) -> None:
        self._inner = inner
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        for data in self._inner:
            self._exchange.feed(data)
            yield data
        self._exchange.complete()

    def close(self) -> None:
        self._exchange.close()
        self._inner.close()


class _AsyncBody(httpx.AsyncByteStream):
    """Async twin of `_Body`."""

    def __init__(self, inner: httpx.AsyncByteStream, exchange: Exchange) -> None:
        self._inner = inner
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._inner:
            self._exchange.feed(data)
            yield data
        self._exchange.complete()

    async def aclose(self) -> None:
        self._exchange.close()
        await self._inner.aclose()


def _prepare(request: httpx.Request, timeout: float) -> Exchange | None:
    """Set the time limits and open the exchange; None when the request is not a model call.

    The frameworks set limits of their own on each request; Tandem's must hold instead.
    """
    connect = min(_CONNECT_LIMIT, timeout)
    request.extensions["timeout"] = httpx.Timeout(timeout, connect=connect, pool=None).as_dict()
    kind = call_kind(request)
    if kind is None:
        return None
    # A compressed body could not be watched, and is not worth it: base64 hardly shrinks.
    request.headers["accept-encoding"] = "identity"
    return Exchange(request, kind, trace.current())


def _policy(retries: int) -> dict[str, Any]:
    """What tenacity needs to know, for both twins."""
    return {
        "stop": lambda state: state.attempt_number > retries or _asked_pause(state) > LONGEST_PAUSE,
        "wait": lambda state: _asked_pause(state) or _backoff(state),
        "retry": retry_if_exception(_is_lost) | retry_if_result(_may_pass),
        "retry_error_callback": _give_up,
    }


def _give_up(state: RetryCallState) -> Any:
    """Hand over the last answer, or raise the last error."""
    assert state.outcome is not None
    response = state.outcome.result()
    response.extensions[TRIES] = state.attempt_number
    return response


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, _LOST) and not isinstance(error, MalformedReply | BrokenOff)


def _is_refusal(response: httpx.Response) -> bool:
    """Whether the status is one that may change by itself."""
    status = response.status_code
    return status == httpx.codes.TOO_MANY_REQUESTS or (
        status >= 500 and status != httpx.codes.NOT_IMPLEMENTED
    )


def _may_pass(response: httpx.Response) -> bool:
    """Whether the same request may well be answered later."""
    return _is_refusal(response) and not response.extensions.get(_FINAL)


def _kept(response: httpx.Response, body: bytes) -> httpx.Response:
    """A copy of a refusal that carries its body, so that the connection is free again."""
    headers = [(key, value) for key, value in response.headers.multi_items() if key != "transfer-encoding"]
    # OpenAI refuses with 429 when the money is spent, too; that does not pass by waiting.
    extensions = {_FINAL: b"insufficient_quota" in body}
    return httpx.Response(
        response.status_code, headers=headers, stream=httpx.ByteStream(body), extensions=extensions
    )


def _asked_pause(state: RetryCallState) -> float:
    """Seconds that the refusal asks to wait, 0 when it does not say."""
    if state.outcome is None or state.outcome.failed:
        return 0.0
    return retry_after(state.outcome.result()) or 0.0


def retry_after(response: httpx.Response) -> float | None:
    """The pause in seconds that a `Retry-After` header asks for, given in seconds or as a date."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@cache
def tls_context() -> ssl.SSLContext:
    """One TLS context a process: loading the certificates takes 20 ms, so better not on the event loop."""
    return httpx.create_ssl_context()


def _proxies(base_urls: Iterable[str]) -> dict[str, str]:
    """Proxies from the environment by origin, for those endpoints that need one.

    httpx reads them itself only where no transport is given.
    """
    found, known = {}, getproxies()
    for url in base_urls:
        parts = urlsplit(url)
        host = parts.hostname or ""
        proxy = known.get(parts.scheme) or known.get("all")
        if proxy and host not in ("127.0.0.1", "localhost", "::1") and not proxy_bypass(host):
            found[f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"] = proxy
    return found
