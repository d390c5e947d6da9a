"""Which Milvus a URI means: Milvus Lite (a path), a server, or Zilliz Cloud."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.errors import UsageError
from core.settings import Settings

Kind = Literal["lite", "server", "zilliz"]
KIND_LABELS: dict[Kind, str] = {"lite": "Milvus Lite", "server": "Milvus server", "zilliz": "Zilliz Cloud"}


@dataclass(frozen=True)
class Address:
    """A checked Milvus address; `shown` is safe to print (no credentials)."""

    kind: Kind
    uri: str
    shown: str

    @property
    def local(self) -> bool:
        """Whether it is on this machine: Milvus Lite, or a server at a loopback address."""
        if self.kind == "lite":
            return True
        host = urlsplit(self.uri).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def parse_address(settings: Settings) -> Address:
    """Check the URI in force; raise `UsageError` with the remedy when it can't mean any Milvus."""
    uri = settings.uri
    if "://" in uri:
        return _remote(uri)
    if not uri.endswith(".db"):
        raise UsageError(
            f"The Milvus URI {uri!r} is neither an address nor a Milvus Lite path: write "
            "http://HOST:19530 for a server, or a path that ends with .db for Milvus Lite."
        )
    path = str(Path(uri).expanduser().absolute())
    return Address("lite", path, uri)


def _remote(uri: str) -> Address:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https", "tcp"} or not parts.hostname:
        raise UsageError(
            "The Milvus URI is not an address that Milvus has: write http://HOST:19530 for a "
            "server, or https://... for Zilliz Cloud."
        )
    kind: Kind = "zilliz" if parts.hostname.endswith(("zillizcloud.com", "zilliz.com")) else "server"
    shown = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")
    return Address(kind, uri, shown)
