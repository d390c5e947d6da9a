"""Who we are connected to, in words: the same in the sidebar, on Home and over the answers."""

from __future__ import annotations

from core import Workspace
from pages.parts.safe_text import plain


def answers_with(workspace: Workspace) -> tuple[str, str, str]:
    """Icon, name and explanation of what answers; the built-in one is never called a language model."""
    endpoint = workspace.model.endpoint
    if endpoint.kind != "offline":
        return "smart_toy", plain(endpoint.label), "Language model"
    slowed = " Slowed down on purpose." if endpoint.first_token_ms or endpoint.token_ms else ""
    return (
        "format_quote",
        "Built-in extractive answerer",
        f"Quotes sentences from your documents. Not a language model.{slowed}",
    )


def stored_in(workspace: Workspace) -> tuple[str, str, str]:
    """Icon, name and explanation of the vector store."""
    backend = workspace.backend
    able = "hybrid search" if backend.capabilities.hybrid else "no hybrid search"
    return "database", plain(backend.label), f"{round_trip(backend.rtt_ms)} round trip, {able}"


def embeds_with(workspace: Workspace) -> str:
    """Who embeds, in a line."""
    endpoint = workspace.model.endpoint
    return f"{plain(endpoint.embedding_label)}, {endpoint.dimension} dimensions"


def round_trip(milliseconds: float) -> str:
    """A round trip: `0.4 ms`, `52 ms`."""
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
