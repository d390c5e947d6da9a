"""Answers as JSON-ready dictionaries, for `--json`, downloads and history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.ask import AskOptions
from core.engines.base import Answer, EngineName, Hit
from core.parity import overlap

if TYPE_CHECKING:
    from core.workspace import Workspace

ASK_SCHEMA_VERSION = 1


def environment(workspace: Workspace) -> dict[str, Any]:
    """Which model and which Milvus gave a result."""
    backend, endpoint = workspace.backend, workspace.model.endpoint
    return {
        "model": {"name": endpoint.chat_model, "kind": endpoint.kind},
        "embedding": {
            "name": endpoint.embedding_model,
            "kind": endpoint.embedding_kind,
            "dimension": endpoint.dimension,
        },
        "backend": {
            "kind": backend.kind,
            "version": backend.version,
            "rtt_ms": round(backend.rtt_ms, 3),
        },
    }


def ask_result(
    workspace: Workspace, question: str, options: AskOptions, found: Mapping[EngineName, Answer]
) -> dict[str, Any]:
    """One question with the answers of all engines; times in seconds."""
    retrieval = options.retrieval or workspace.default_retrieval(options.mode)
    return {
        "schema_version": ASK_SCHEMA_VERSION,
        "question": question,
        "workspace": workspace.name,
        "mode": options.mode.value,
        "retrieval": retrieval.value,
        **environment(workspace),
        "answers": [answer_result(found[name]) for name in options.engines if name in found],
        "overlap": _overlap(list(found.values())),
    }


def answer_result(answer: Answer) -> dict[str, Any]:
    """One engine's answer; `timings` in seconds, None where a stage did not happen."""
    timings = asdict(answer.timings)
    timings["spans"] = [list(span) for span in answer.timings.spans]
    return {
        "engine": answer.engine,
        "text": answer.text,
        "error": answer.error,
        "sources": [_source(hit) for hit in answer.hits],
        "timings": timings,
        "usage": asdict(answer.usage) if answer.usage else None,
    }


def _source(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "rank": hit.rank,
        "chunk_id": chunk.id,
        "source": chunk.source,
        "page": chunk.page,
        "score": hit.score,
        "text": chunk.text,
    }


def _overlap(found: list[Answer]) -> dict[str, Any] | None:
    if len(found) != 2:
        return None
    return asdict(overlap(found[0].hits, found[1].hits))
