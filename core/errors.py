"""What the user is told when something fails.

Every error that may reach a person is a `TandemError`: one clear sentence (or two) that says what
happened, to what, and what to do. Nothing in it may hold a key, token or password: build messages
from names and facts, and pass foreign text through `redact` first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SECRET_SHAPES = re.compile(
    r"(?i)\b(sk-[a-z0-9_\-]{6,}|bearer\s+[a-z0-9._~+/\-]{6,}=*)|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


class TandemError(Exception):
    """A failure that a person can act on; `str(error)` is fit to be shown to them."""

    exit_code = 1


class UsageError(TandemError):
    """The request itself is wrong: an empty question, an unknown option, a value out of range."""

    exit_code = 2


class DocumentError(TandemError):
    """One file cannot be read or indexed; the other files go on."""


class BackendError(TandemError):
    """Milvus cannot be reached, refuses, or lacks what was asked of it."""


class ModelError(TandemError):
    """The model endpoint cannot be reached or refuses.

    `retry_after` is the pause in seconds that the endpoint asked for, when it gave one.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageError(TandemError):
    """The local disk or the catalogue's database refuses to keep something."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with every given secret, and whatever is shaped like one, replaced by `***`."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _SECRET_SHAPES.sub("***", text)
