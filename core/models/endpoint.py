"""The models in force: where they are, what they are called, and how they are shown to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

EndpointKind = Literal["offline", "endpoint"]

NO_KEY = "no-key"
"""What is sent where no key is set: OpenAI clients insist on one, or take one from the environment."""


@dataclass(frozen=True)
class Endpoint:
    """The models in force. `base_url` ends before `/chat/completions`; `dimension` is the vectors' length.

    `first_token_ms` and `token_ms` are the built-in endpoint's set delays; they are part of its
    `base_url` already.
    """

    base_url: str
    key: str = field(repr=False)
    chat_model: str
    embedding_base_url: str
    embedding_key: str = field(repr=False)
    embedding_model: str
    dimension: int
    kind: EndpointKind
    embedding_kind: EndpointKind
    first_token_ms: float = 0.0
    token_ms: float = 0.0

    @property
    def label(self) -> str:
        """Who answers, for people: never passes the built-in answerer off as a language model."""
        if self.kind == "endpoint":
            return f"{self.chat_model} at {urlsplit(self.base_url).netloc}"
        label = "built-in extractive answerer (offline)"
        if self.first_token_ms or self.token_ms:
            label += (
                f", slowed down: {self.first_token_ms:g} ms to the first token, {self.token_ms:g} ms a token"
            )
        return label

    @property
    def embedding_label(self) -> str:
        """Who embeds, for people."""
        if self.embedding_kind == "offline":
            return f"built-in {self.embedding_model} (offline)"
        return f"{self.embedding_model} at {urlsplit(self.embedding_base_url).netloc}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Both keys, for `errors.redact`."""
        return tuple(key for key in (self.key, self.embedding_key) if key != NO_KEY)
