"""Try an endpoint out, for the doctor and the Settings page: what works, and how long it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import httpx

from core.errors import ModelError
from core.models.client import ModelClient
from core.models.endpoint import Endpoint
from core.models.failures import explain
from core.models.resolution import list_models
from core.settings import Settings


@dataclass(frozen=True)
class Check:
    """One thing tried. `detail` is what was found, or the sentence that says what is wrong."""

    name: Literal["models", "embed", "chat"]
    ok: bool
    milliseconds: float
    detail: str


def probe(endpoint: Endpoint, settings: Settings | None = None) -> tuple[Check, ...]:
    """List the models, embed a word and ask for a short answer, each once and without repeats.

    Blocks. Never raises for what the endpoint does: a check that fails says why.
    """
    patience = (settings or Settings.load()).model_copy(update={"model_retries": 0})
    client = ModelClient(endpoint, patience)
    try:
        return (
            _check("models", endpoint, lambda: _models(client)),
            _check("embed", endpoint, lambda: _embed(client)),
            _check("chat", endpoint, lambda: _chat(client)),
        )
    finally:
        client.close()


def _check(name: Literal["models", "embed", "chat"], endpoint: Endpoint, attempt: Callable[[], str]) -> Check:
    start = perf_counter()
    try:
        detail, ok = attempt(), True
    except ModelError as error:
        detail, ok = str(error), False
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        detail, ok = str(explain(error, endpoint)), False
    return Check(name, ok, 1000 * (perf_counter() - start), detail)


def _models(client: ModelClient) -> str:
    names = list_models(client.http_sync(), client.endpoint)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "none listed"


def _embed(client: ModelClient) -> str:
    vector = client.embed_sync(["word"])[0]
    return f"{client.endpoint.embedding_model}, {len(vector)} dimensions"


def _chat(client: ModelClient) -> str:
    endpoint = client.endpoint
    messages = [{"role": "user", "content": "Reply with the word OK."}]
    response = client.http_sync().post(
        f"{endpoint.base_url}/chat/completions",
        json={"model": endpoint.chat_model, "messages": messages},
        headers={"authorization": f"Bearer {endpoint.key}"},
    )
    response.raise_for_status()
    text = json.loads(response.content)["choices"][0]["message"]["content"]
    return f"{endpoint.chat_model} answered {len(str(text))} characters"
