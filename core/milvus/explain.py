"""Milvus and gRPC failures as one clear sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.errors import BackendError, TandemError, redact
from core.milvus.address import KIND_LABELS, Address
from core.settings import Settings

_REFUSED = re.compile(
    r"unauthenticated|auth check|permission ?denied|invalid token|not authenticated", re.IGNORECASE
)
_ABSENT = re.compile(
    r"unavailable|connection refused|connection reset|fail(ed)? connecting|not ready|channel closed"
    r"|socket closed|connect(ion)? .*(failed|lost)|illegal connection",
    re.IGNORECASE,
)
_SLOW = re.compile(r"deadline|timeout|timed out", re.IGNORECASE)
_DATABASE = re.compile(r"database not found|invalid database", re.IGNORECASE)
_DIMENSION = re.compile(
    r"vector dimension mismatch|dim(ension)?.*(not match|mismatch|expected)", re.IGNORECASE
)
_FULL = re.compile(r"no space left|disk quota|file too large|read-only file", re.IGNORECASE)
_MISSING = re.compile(
    r"collection not found|can't find collection|collection .*does not exist", re.IGNORECASE
)

_LOADING = re.compile(r"not (fully )?loaded|no available shard|channel not available", re.IGNORECASE)


def is_milvus_error(error: BaseException) -> bool:
    """Whether the failure, or what caused it, came from pymilvus or gRPC."""
    return any(type(item).__module__.split(".")[0] in {"pymilvus", "grpc"} for item in _chain(error))


def is_lost(error: BaseException) -> bool:
    """Whether the failure means that Milvus no longer answers (rather than that it refused)."""
    text = _text(error)
    return bool(_ABSENT.search(text) or _SLOW.search(text)) and not _REFUSED.search(text)


def is_loading(error: BaseException) -> bool:
    """Whether the failure means that the collection is not loaded (any more, or yet)."""
    return is_milvus_error(error) and bool(_LOADING.search(_text(error)))


def is_stale(error: BaseException) -> bool:
    """Whether the failure means that the collection must be opened anew: it is gone, or not loaded."""
    return is_loading(error) or (is_milvus_error(error) and bool(_MISSING.search(_text(error))))


def explain(error: BaseException, address: Address, settings: Settings) -> TandemError:
    """One sentence for a failed Milvus call: what happened, to which Milvus, what to do."""
    if isinstance(error, TandemError):
        return error
    text, where = _text(error), f"{KIND_LABELS[address.kind]} at {address.shown}"
    for pattern, sentence in _SENTENCES:
        if pattern.search(text):
            return BackendError(sentence.format(where=where, timeout=settings.milvus_timeout))
    detail = redact(_brief(error), settings.secrets)
    return BackendError(f"{where} refused a call: {detail}. Run `python -m core doctor` to check it.")


_SENTENCES = (
    (_FULL, "{where} cannot write: the disk is full or read-only. Free some space and run it again."),
    (
        _REFUSED,
        (
            "{where} refused the credentials: set TANDEM_MILVUS_TOKEN (an API key, or user:password) "
            "to ones that it accepts."
        ),
    ),
    (_DATABASE, "{where} has no such database: correct TANDEM_MILVUS_DATABASE or leave it empty."),
    (
        _DIMENSION,
        (
            "{where} holds vectors of another dimension than this embedding model gives: "
            "correct TANDEM_EMBEDDING_DIMENSION or use another workspace."
        ),
    ),
    (
        _LOADING,
        "{where} is still loading the collection, as after a restart: ask again in a few seconds.",
    ),
    (_MISSING, "{where} no longer has the collection: it was dropped elsewhere. Ingest the documents again."),
    (
        _SLOW,
        (
            "{where} did not answer within {timeout:g} s: check that it is running and reachable, "
            "or raise TANDEM_MILVUS_TIMEOUT."
        ),
    ),
    (
        _ABSENT,
        (
            "{where} cannot be reached: check TANDEM_MILVUS_URI and that the server is running "
            "(`make milvus` starts a local one)."
        ),
    ),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    item: BaseException | None = error
    while item is not None and id(item) not in seen:
        seen.add(id(item))
        yield item
        item = item.__cause__ or item.__context__


def _text(error: BaseException) -> str:
    return " | ".join(f"{type(item).__name__} {item}" for item in _chain(error))


def _brief(error: BaseException) -> str:
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(message).splitlines()[0][:200].rstrip(". ")
