"""Collection names: workspace, mode and engine, plus a hash of what shapes the vectors."""

from __future__ import annotations

import hashlib
import json
import re

from core.errors import UsageError
from core.settings import Settings

PREFIX = "tandem"
_WORKSPACE = re.compile(r"[A-Za-z0-9_-]{1,40}")


def check_workspace(name: str) -> str:
    """Return the name, or raise `UsageError`: letters, digits, `_` and `-`, at most 40."""
    if not _WORKSPACE.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} cannot name a workspace: use up to 40 letters, digits, hyphens and underscores."
        )
    return name


def fingerprint(settings: Settings, embedding_model: str, dimension: int, *, native: bool) -> str:
    """Hash (10 hex digits) of all that may not be mixed in one collection.

    Embedding model and dimension always; index and metric in controlled mode, where Tandem sets them.
    """
    parts: list[object] = [embedding_model, dimension]
    if not native:
        parts += [settings.index_type, settings.index_params, settings.metric]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:10]


def space_key(workspace: str, mode: str, mark: str) -> str:
    """Key of a set of collections: what the catalogue files its documents under."""
    return f"{check_workspace(workspace)}/{mode}/{mark}"


def collection_name(workspace: str, mode: str, engine: str, mark: str) -> str:
    """Name of one engine's collection; Milvus takes letters, digits and underscores only.

    A hyphen becomes an underscore, so a hash of the exact name keeps `a-b` and `a_b` apart.
    """
    exact = hashlib.sha256(workspace.encode()).hexdigest()[:6]
    plain = re.sub(r"[^A-Za-z0-9_]", "_", check_workspace(workspace))
    return f"{PREFIX}_{plain}_{exact}_{mode}_{engine}_{mark}"
