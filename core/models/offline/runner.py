"""Start the built-in endpoint: once a process, on a random port of 127.0.0.1, with a random key."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import sys
import threading
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from core.errors import ModelError

_THREAD = "tandem-offline-endpoint"
_REGISTRY = "_tandem_offline_registry"


@dataclass(frozen=True)
class BuiltIn:
    """Address of the running endpoint (`http://127.0.0.1:PORT`, without `/v1`) and its key."""

    origin: str
    key: str = field(repr=False)

    def base_url(self, first_token_ms: float = 0.0, token_ms: float = 0.0) -> str:
        """What to give an OpenAI client; delays, in milliseconds, hold for this address alone."""
        if not (first_token_ms or token_ms):
            return f"{self.origin}/v1"
        return f"{self.origin}/delay/{first_token_ms:f}/{token_ms:f}/v1"


def built_in() -> BuiltIn:
    """The endpoint of this process, started by the first call; blocks until it answers.

    A child made by fork gets one of its own: threads do not survive a fork.
    """
    slot = _slot()
    with slot["lock"]:
        if "running" not in slot:
            slot["running"] = _start()
        running: BuiltIn = slot["running"]
        # After a reload this class is another one than that of the running endpoint.
        return BuiltIn(running.origin, running.key)


def _slot() -> dict[str, Any]:
    """What this process knows of its endpoint, kept where a reload of modules does not reach."""
    registry = sys.modules.setdefault(_REGISTRY, ModuleType(_REGISTRY))
    slot: dict[str, Any] = registry.__dict__.setdefault(f"process_{os.getpid()}", {"lock": threading.Lock()})
    return slot


def _start() -> BuiltIn:
    from core.models.offline.app import build_app
    from core.models.offline.service import Service

    key = secrets.token_urlsafe(32)
    # Named as TCP, because asyncio turns Nagle's algorithm off only then: 44 ms a small call otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    ready = threading.Event()
    serve = threading.Thread(
        target=_serve, args=(build_app(Service(), key), listener, ready), name=_THREAD, daemon=True
    )
    serve.start()
    while not ready.wait(0.1):
        if not serve.is_alive():
            raise ModelError("The built-in model endpoint could not start; run the command again.")
    return BuiltIn(f"http://127.0.0.1:{listener.getsockname()[1]}", key)


def _serve(app: Any, listener: socket.socket, ready: threading.Event) -> None:
    """Run the server in this thread until the process ends."""
    import uvicorn

    class Config(uvicorn.Config):
        def configure_logging(self) -> None:
            """Leave the process's loggers alone: Streamlit serves through uvicorn as well."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).addFilter(_is_worth_telling)
    # httpx drops idle connections after 5 s; the server must not be the first to do so.
    config = Config(app, lifespan="off", ws="none", timeout_keep_alive=60)
    asyncio.run(Server(config).serve([listener]))


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Whether a record comes from another server of this process, or is an error of ours."""
    return record.threadName != _THREAD or record.levelno >= logging.ERROR
