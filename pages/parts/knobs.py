"""Every setting on the Settings page: which group it is in, and which of them a session may change."""

from __future__ import annotations

import json
import os
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic import SecretStr

from core import Settings, UsageError
from pages.parts import session

GROUPS: dict[str, tuple[str, ...]] = {
    "Milvus": (
        "milvus_uri",
        "milvus_token",
        "milvus_database",
        "milvus_timeout",
        "consistency",
        "index_type",
        "index_params",
        "metric",
    ),
    "Model": (
        "model_base_url",
        "model_key",
        "chat_model",
        "embedding_model",
        "embedding_dimension",
        "embedding_base_url",
        "embedding_key",
        "model_timeout",
        "model_retries",
        "embedding_batch",
        "embedding_concurrency",
        "price_input",
        "price_output",
        "offline_first_token_ms",
        "offline_token_ms",
    ),
    "Documents and retrieval": ("splitter", "chunk_size", "chunk_overlap", "top_k"),
}
"""What a session may change for itself. The rest (folders, databases, limits) is the operator's."""

_LABELS = {
    "milvus_uri": "Address",
    "milvus_token": "Token, or user:password",
    "milvus_database": "Database",
    "milvus_timeout": "Time limit of a call (s)",
    "consistency": "Consistency level",
    "index_type": "Index",
    "index_params": "Index parameters (JSON)",
    "metric": "Metric",
    "model_base_url": "Endpoint",
    "model_key": "Key",
    "chat_model": "Chat model",
    "embedding_model": "Embedding model",
    "embedding_dimension": "Embedding dimension (0: ask)",
    "embedding_base_url": "Separate embedding endpoint",
    "embedding_key": "Its key",
    "model_timeout": "Time limit of silence (s)",
    "model_retries": "Repeats after a failure",
    "embedding_batch": "Texts in a request",
    "embedding_concurrency": "Requests at once",
    "price_input": "Price of a million prompt tokens",
    "price_output": "Price of a million answer tokens",
    "offline_first_token_ms": "Built-in: first token after (ms)",
    "offline_token_ms": "Built-in: each token after (ms)",
    "splitter": "Splitter",
    "chunk_size": "Largest chunk (characters)",
    "chunk_overlap": "Overlap (characters)",
    "top_k": "Chunks per question (top-k)",
}


def is_secret(name: str) -> bool:
    """Whether a setting must never be shown."""
    return Settings.model_fields[name].annotation is SecretStr


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"TANDEM_{name.upper()}"


def origin(name: str) -> str:
    """Where the value in force comes from."""
    if name in session.current().overrides:
        return "this session"
    if name in session.operator_secrets():
        return "secrets.toml"
    return "environment" if variable(name) in {key.upper() for key in os.environ} else "default"


def draw(name: str, in_force: Settings) -> None:
    """The widget of one setting, with what is in force in it; a secret's widget is always empty."""
    field = Settings.model_fields[name]
    label, value = _LABELS[name], getattr(in_force, name)
    common: dict[str, Any] = {"key": f"knob-{name}", "help": f"{field.description} `{variable(name)}`"}
    if is_secret(name):
        shown = "set; type to replace it" if value.get_secret_value() else "not set"
        st.text_input(label, type="password", placeholder=shown, autocomplete="off", **common)
    elif get_origin(field.annotation) is Literal:
        choices = list(get_args(field.annotation))
        st.selectbox(label, choices, index=choices.index(value), **common)
    elif isinstance(value, dict):
        st.text_input(label, json.dumps(value) if value else "", placeholder='{"M": 16}', **common)
    elif isinstance(value, int) and not isinstance(value, bool):
        st.number_input(label, value=value, step=1, **common)
    elif isinstance(value, float) or value is None:
        st.number_input(label, value=value, placeholder="not set", **common)
    else:
        st.text_input(label, str(value), placeholder=_PLACEHOLDERS.get(name, "default"), **common)


_PLACEHOLDERS = {
    "milvus_uri": "Milvus Lite; or http://localhost:19530",
    "model_base_url": "built in; or https://api.openai.com/v1",
    "embedding_base_url": "the same endpoint",
    "milvus_database": "default",
}


def read(names: tuple[str, ...], in_force: Settings) -> dict[str, Any]:
    """What the widgets of these settings change; raises `UsageError` for what a page may not set."""
    changed: dict[str, Any] = {}
    for name in names:
        typed = st.session_state.get(f"knob-{name}")
        value = _value(name, typed, in_force)
        if value is not None and value != _plain(getattr(in_force, name)):
            changed[name] = value
    address = changed.get("milvus_uri", "")
    if address and not address.startswith(("http://", "https://")):
        raise UsageError(
            "In a page the Milvus address must start with http:// or https://: a file path is the "
            "operator's to set, in TANDEM_MILVUS_URI."
        )
    return changed


def _value(name: str, typed: Any, in_force: Settings) -> Any:
    """What was typed as the setting's own type; None where nothing was typed."""
    if is_secret(name):
        return (typed or "").strip() or None
    if isinstance(getattr(in_force, name), dict):
        return _json(name, typed or "")
    return typed.strip() if isinstance(typed, str) else typed


def _json(name: str, typed: str) -> dict[str, Any]:
    try:
        value = json.loads(typed or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UsageError(f'{_LABELS[name]} must be a JSON object such as {{"M": 16}}: correct it.')
    return value


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
