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
import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.core.fault_answers import FAULTS, WORDS, Fault, Plan, Seen, embed, say, vector_of

__all__ = ["WORDS", "FaultEndpoint", "vector_of"]

_THREAD = "fault-endpoint"


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
        self.reply: Callable[[str], str] = lambda prompt: ""  # says this to a prompt; "" is the usual
        self.seen: list[Seen] = []
        self.proxied: list[str] = []  # addresses asked for as of a proxy
        self.most_at_once = 0
        self.arrived = threading.Event()  # set by the first request
        self._plan: Plan | None = None
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
        every: int = 1,
    ) -> None:
        """Show `fault` from now on, to every so-manieth request whose path ends with `only`."""
        self._hits = 0
        self._plan = Plan(fault, only, times, after, retry_after, seconds, every)

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
        return await self._answer(request, lambda seen: say(seen, self.reply(_prompt(seen))))

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
        self.arrived.set()
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
        return await FAULTS[plan.fault](request, seen, plan)

    def _hang_up(self, request: Request) -> None:
        for connection in list(self._server.server_state.connections):
            if tuple(connection.client) == tuple(request.scope["client"]):
                connection.transport.abort()

    def _due(self, seen: Seen) -> Plan | None:
        """The fault to show to this request, if any."""
        plan = self._plan
        if plan is None or (plan.only and not seen.path.endswith(plan.only)):
            return None
        self._hits += 1
        late = plan.times is not None and self._hits > plan.after + plan.times
        spared = self._hits <= plan.after or self._hits % plan.every
        return None if late or spared else plan

    def _embed(self, seen: Seen, dimension: int | None = None) -> Response:
        return embed(seen, dimension or self.dimension, floats_only=self.floats_only)


def _prompt(seen: Seen) -> str:
    """All that a chat request says, in one text."""
    return "\n".join(str(message["content"]) for message in seen.body["messages"])


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
