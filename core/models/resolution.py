"""Turn settings into an `Endpoint`, asking the endpoint for what the settings leave open."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.errors import ModelError
from core.models.client import ModelClient
from core.models.endpoint import NO_KEY, Endpoint, EndpointKind
from core.models.failures import explain, wrong_dimension
from core.models.offline import built_in
from core.models.transport import sync_client, tls_context
from core.settings import (
    OFFLINE_CHAT_MODEL,
    OFFLINE_DIMENSION,
    OFFLINE_EMBEDDING_MODEL,
    OPENAI_BASE_URL,
    Settings,
)

OPENAI_CHAT_MODEL = "gpt-4o-mini"
OPENAI_EMBEDDING_MODEL = "text-embedding-3-small"


def resolve(settings: Settings) -> Endpoint:
    """Find out which models the settings mean, asking the endpoint for what they leave open.

    Blocks: it starts the built-in endpoint where that is meant, lists models when none is named,
    and embeds one word when the dimension is not set. Raises `ModelError`.
    """
    tls_context()  # here, so that the first client made on the event loop does not wait for it
    chat = _chat_address(settings)
    embedding = _embedding_address(settings, chat)
    listed = _Listed(settings)
    chat_model = _chat_model(settings, chat, listed)
    embedding_model = _embedding_model(settings, embedding, listed)
    endpoint = Endpoint(
        base_url=chat.base_url,
        key=chat.key,
        chat_model=chat_model,
        embedding_base_url=embedding.base_url,
        embedding_key=embedding.key,
        embedding_model=embedding_model,
        dimension=settings.embedding_dimension,
        kind=chat.kind,
        embedding_kind=embedding.kind,
        first_token_ms=settings.offline_first_token_ms if chat.kind == "offline" else 0.0,
        token_ms=settings.offline_token_ms if chat.kind == "offline" else 0.0,
    )
    return _with_dimension(endpoint, settings)


@dataclass(frozen=True)
class _Address:
    base_url: str
    key: str = field(repr=False)
    kind: EndpointKind


def _chat_address(settings: Settings) -> _Address:
    key, base_url = settings.model_key.get_secret_value(), settings.model_base_url
    if base_url == "offline" or not (key or base_url):
        return _built_in(settings.offline_first_token_ms, settings.offline_token_ms)
    _check_address(base_url, "TANDEM_MODEL_BASE_URL")
    return _Address(base_url or OPENAI_BASE_URL, key or NO_KEY, "endpoint")


def _embedding_address(settings: Settings, chat: _Address) -> _Address:
    """The endpoint of the embeddings; the chat endpoint's key goes to no other host."""
    base_url, key = settings.embedding_base_url, settings.embedding_key.get_secret_value()
    if base_url == "offline" or (not base_url and chat.kind == "offline"):
        return _built_in()
    if not base_url:
        return _Address(chat.base_url, key or chat.key, "endpoint")
    _check_address(base_url, "TANDEM_EMBEDDING_BASE_URL")
    same_host = urlsplit(base_url).netloc == urlsplit(chat.base_url).netloc
    return _Address(base_url, key or (chat.key if same_host else NO_KEY), "endpoint")


def _built_in(first_token_ms: float = 0.0, token_ms: float = 0.0) -> _Address:
    running = built_in()
    return _Address(running.base_url(first_token_ms, token_ms), running.key, "offline")


def _check_address(base_url: str, variable: str) -> None:
    if "@" in urlsplit(base_url).netloc:
        raise ModelError(
            f"{variable} holds a user name or password; put the key into the key setting instead."
        )


def _chat_model(settings: Settings, address: _Address, listed: _Listed) -> str:
    if address.kind == "offline":
        return _only(OFFLINE_CHAT_MODEL, settings.chat_model, "TANDEM_CHAT_MODEL")
    if settings.chat_model or _is_openai(address):
        return settings.chat_model or OPENAI_CHAT_MODEL
    names = [name for name in listed.at(address) if not _embeds(name)]
    if not names:
        raise ModelError(f"{address.base_url} lists no chat model; name one in TANDEM_CHAT_MODEL.")
    return names[0]


def _embedding_model(settings: Settings, address: _Address, listed: _Listed) -> str:
    if address.kind == "offline":
        return _only(OFFLINE_EMBEDDING_MODEL, settings.embedding_model, "TANDEM_EMBEDDING_MODEL")
    if settings.embedding_model or _is_openai(address):
        return settings.embedding_model or OPENAI_EMBEDDING_MODEL
    names = [name for name in listed.at(address) if _embeds(name)]
    if not names:
        raise ModelError(
            f"{address.base_url} lists no embedding model; name one in TANDEM_EMBEDDING_MODEL, or set "
            "TANDEM_EMBEDDING_BASE_URL=offline to embed with the built-in one."
        )
    return names[0]


def _only(built_in: str, asked: str, variable: str) -> str:
    """The built-in model's name; raise when another one is asked for, rather than pose as it."""
    if asked in ("", built_in):
        return built_in
    raise ModelError(
        f"The model {asked} needs an endpoint: set its base URL or key, or clear {variable} to use the "
        f"built-in {built_in}."
    )


def _is_openai(address: _Address) -> bool:
    return urlsplit(address.base_url).hostname == urlsplit(OPENAI_BASE_URL).hostname


def _embeds(name: str) -> bool:
    return "embed" in name.lower()


class _Listed:
    """Model names by endpoint, each asked for at most once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names: dict[str, list[str]] = {}

    def at(self, address: _Address) -> list[str]:
        if address.base_url not in self._names:
            with sync_client([address.base_url], self._settings) as client:
                self._names[address.base_url] = list_models(client, _bare(address))
        return self._names[address.base_url]


def list_models(client: httpx.Client, endpoint: Endpoint) -> list[str]:
    """The names of the chat endpoint's models, in its own order. Raises `ModelError`."""
    try:
        response = client.get(
            f"{endpoint.base_url}/models", headers={"authorization": f"Bearer {endpoint.key}"}
        )
        response.raise_for_status()
        return _names(response.json())
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise explain(error, endpoint) from error


def _names(answer: Any) -> list[str]:
    items = answer.get("data") if isinstance(answer, dict) else None
    return [str(item["id"]) for item in items or [] if isinstance(item, dict) and item.get("id")]


def _bare(address: _Address) -> Endpoint:
    """An endpoint whose models are not known yet."""
    url, key, kind = address.base_url, address.key, address.kind
    return Endpoint(url, key, "", url, key, "", 0, kind, kind)


def _with_dimension(endpoint: Endpoint, settings: Settings) -> Endpoint:
    """Fill in the dimension, or check the set one where it is known."""
    if endpoint.embedding_kind == "offline":
        if endpoint.dimension not in (0, OFFLINE_DIMENSION):
            raise wrong_dimension(endpoint, OFFLINE_DIMENSION)
        return replace(endpoint, dimension=OFFLINE_DIMENSION)
    if endpoint.dimension:
        return endpoint
    client = ModelClient(endpoint, settings)
    try:
        return replace(endpoint, dimension=len(client.embed_sync(["word"])[0]))
    finally:
        client.close()
