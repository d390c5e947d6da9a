"""The Milvus in use: what it is, what it can do, and the clients that reach it."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from core.errors import BackendError
from core.loop import get_loop
from core.milvus import lite
from core.milvus.address import KIND_LABELS, Address, Kind, parse_address
from core.milvus.explain import explain
from core.milvus.quiet import quiet_logs
from core.settings import Settings

# Flush and load of a large collection take far longer than a search.
_ADMIN_FACTOR = 6
_CONNECT_TIMEOUT = 10.0
_BM25_SINCE = (2, 5)


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do: `hybrid` is BM25 functions with hybrid search."""

    hybrid: bool
    concurrent_writers: bool


@dataclass(frozen=True)
class Clients:
    """A blocking client and its twin for the event-loop thread, over shared channels."""

    sync: Any
    aio: Any


@dataclass
class Backend:
    """A proven connection to one Milvus. Make it with `Backend.connect`."""

    address: Address
    version: str
    rtt_ms: float
    capabilities: Capabilities
    settings: Settings
    controlled: Clients = field(repr=False)
    native: Clients = field(repr=False)

    @property
    def kind(self) -> Kind:
        """Milvus Lite, a server, or Zilliz Cloud."""
        return self.address.kind

    @property
    def label(self) -> str:
        """Kind and version, fit to show."""
        return f"{KIND_LABELS[self.kind]} {self.version}".strip()

    @property
    def admin_timeout(self) -> float:
        """Seconds before a flush, a load or a creation is given up."""
        return self.settings.milvus_timeout * _ADMIN_FACTOR

    @property
    def connection_args(self) -> dict[str, Any]:
        """Arguments with which the frameworks open their own connection."""
        return connection_args(self.address, self.settings)

    @classmethod
    def connect(cls, settings: Settings) -> Backend:
        """Reach the Milvus of the settings and measure it; blocks, never on the event loop.

        Raises `UsageError` for an address that can't be one and `BackendError` when Milvus does not
        answer, refuses the credentials, or (Lite) is held by another process.
        """
        address = parse_address(settings)
        try:
            return _connect(address, settings)
        except Exception as error:
            raise _lite_trouble(address) or explain(error, address, settings) from error

    def begin_load(self, collection: str) -> None:
        """Start loading without waiting for it: on a server it takes seconds, and writes need not wait."""
        if self.kind == "lite":
            self.wait_loaded(collection)
        else:
            self.controlled.sync.load_collection(collection, timeout=self.admin_timeout, _async=True)

    def wait_loaded(self, collection: str) -> None:
        """Wait until the collection is loaded, and so can be searched; blocks."""
        if self.kind == "lite":
            lite.load(self.controlled.sync, collection, self.admin_timeout)
        else:
            self.controlled.sync.load_collection(collection, timeout=self.admin_timeout)

    def is_loaded(self, collection: str) -> bool:
        """Whether the collection can be searched now, rather than in a moment; blocks."""
        found = self.controlled.sync.get_load_state(collection, timeout=self.settings.milvus_timeout)
        return "Loaded" in str(found["state"])

    async def finish(self, collection: str) -> int:
        """Make all that was written visible and fast to search; return the row count.

        Milvus Lite searches unflushed rows by a slow scan, so there they are flushed and indexed. A
        server indexes by itself and advises against flushing after each write; there a read at
        Strong consistency proves that every row can be seen.
        """
        return await get_loop().blocking(self.finish_sync, collection)

    def finish_sync(self, collection: str) -> int:
        """Blocking twin of `finish`."""
        if self.kind == "lite":
            self.controlled.sync.flush(collection, timeout=self.admin_timeout)
            lite.settle(self.address.uri, collection, self.settings.milvus_database, self.admin_timeout)
        self.wait_loaded(collection)
        return self.count(collection)

    def count(self, collection: str, document_ids: tuple[str, ...] = (), id_field: str = "") -> int:
        """Rows of a collection (of some documents), read at Strong consistency; blocks."""
        expression = f"{id_field} in {quote_all(document_ids)}" if document_ids else ""
        rows = self.controlled.sync.query(
            collection, filter=expression, output_fields=["count(*)"], consistency_level="Strong"
        )
        return int(rows[0]["count(*)"])

    def has(self, collection: str) -> bool:
        """Whether the collection exists; blocks."""
        return bool(self.controlled.sync.has_collection(collection, timeout=self.settings.milvus_timeout))

    def collections(self, prefix: str) -> list[str]:
        """Names of the collections that start with `prefix`; blocks."""
        names = self.controlled.sync.list_collections(timeout=self.settings.milvus_timeout)
        return sorted(name for name in names if name.startswith(prefix))

    def drop(self, collection: str) -> None:
        """Drop a collection if it exists; blocks."""
        self.controlled.sync.drop_collection(collection, timeout=self.admin_timeout)

    def ping(self) -> float:
        """One round trip in milliseconds; blocks."""
        return measure_rtt(self.controlled.sync, self.settings.milvus_timeout, times=1)

    async def aclose(self) -> None:
        """Give back what the asynchronous clients hold; call it on the loop."""
        for clients in (self.controlled, self.native):
            await clients.aio.close()


# pymilvus pings every 10 s even when idle; Lite's server takes that for an attack ("too many pings"), cuts
# the connection, and the next client's first call fails. Within one process there is nothing to keep alive.
_UNPINGED = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": False}


def connection_args(address: Address, settings: Settings) -> dict[str, Any]:
    """Arguments for a pymilvus client; empty ones are left out."""
    given = {
        "uri": address.uri,
        "token": settings.milvus_token.get_secret_value(),
        "db_name": settings.milvus_database,
        "grpc_options": _UNPINGED if address.kind == "lite" else None,
    }
    return {key: value for key, value in given.items() if value}


def backend_key(settings: Settings) -> tuple[str, ...]:
    """What tells one backend from another; holds no secret."""
    token = settings.milvus_token.get_secret_value()
    digest = hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""
    return (
        parse_address(settings).uri,
        digest,
        settings.milvus_database,
        settings.consistency,
        str(settings.milvus_timeout),
    )


def quote_all(values: tuple[str, ...] | list[str]) -> str:
    """A list literal of a Milvus filter expression."""
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "[" + ", ".join(f'"{value}"' for value in escaped) + "]"


def measure_rtt(client: Any, timeout: float, times: int = 5) -> float:
    """Median milliseconds of the cheapest call that the server answers."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        client.get_server_version(timeout=timeout)
        taken.append((perf_counter() - start) * 1e3)
    return median(taken)


def _connect(address: Address, settings: Settings) -> Backend:
    from core.milvus.clients import Defaults, TimedAsyncMilvusClient, TimedMilvusClient, WriteLocks

    quiet_logs()
    if address.kind == "lite":
        Path(address.uri).parent.mkdir(parents=True, exist_ok=True)
    args = connection_args(address, settings)
    locks = WriteLocks(enabled=address.kind == "lite")
    connect_timeout = min(_CONNECT_TIMEOUT, settings.milvus_timeout)

    def pair(consistency: str | None) -> Clients:
        defaults = Defaults(settings.milvus_timeout, consistency, locks)
        return Clients(
            TimedMilvusClient(defaults=defaults, timeout=connect_timeout, **args),
            TimedAsyncMilvusClient(defaults=defaults, timeout=connect_timeout, **args),
        )

    controlled = pair(settings.consistency)
    version = str(controlled.sync.get_server_version(timeout=connect_timeout)).removeprefix("v")
    return Backend(
        address=address,
        version=_lite_version() if address.kind == "lite" else version,
        rtt_ms=measure_rtt(controlled.sync, connect_timeout),
        capabilities=_capabilities(address.kind, version),
        settings=settings,
        controlled=controlled,
        native=pair(None),
    )


def _lite_version() -> str:
    from importlib.metadata import version

    return version("milvus-lite")


def _capabilities(kind: Kind, version: str) -> Capabilities:
    found = re.match(r"(\d+)\.(\d+)", version)
    recent = found is None or (int(found[1]), int(found[2])) >= _BM25_SINCE
    return Capabilities(hybrid=kind == "lite" or recent, concurrent_writers=kind != "lite")


def _lite_trouble(address: Address) -> BackendError | None:
    """Why Milvus Lite did not open; pymilvus only says that it did not."""
    if address.kind != "lite":
        return None
    folder = Path(address.uri)
    if folder.is_file():
        return BackendError(
            f"{address.shown} is a file, and Milvus Lite 3 keeps a folder there (it may be from an "
            "older Milvus Lite): move it away or set TANDEM_MILVUS_URI to another path."
        )
    if _locked(folder / "LOCK"):
        return BackendError(
            f"Another process holds the Milvus Lite folder {address.shown}: stop that process (a "
            "running Tandem, perhaps), set TANDEM_MILVUS_URI to another path, or use a Milvus server."
        )
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        return BackendError(
            f"The Milvus Lite folder {address.shown} cannot be written: correct its permissions or "
            "set TANDEM_MILVUS_URI to another path."
        )
    return None


def _locked(path: Path) -> bool:
    try:
        import fcntl  # absent on Windows
    except ImportError:
        return False
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
