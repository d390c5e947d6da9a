"""What a reader of an evaluation should know: what is odd about it, and where and how it was made."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import evaluate
from pages.parts.safe_text import plain
from pages.parts.units import count


def draw(result: evaluate.EvaluationResult) -> None:
    """Warnings, then the environment."""
    if result.warnings:
        with st.expander(
            f"What to keep in mind: {count(len(result.warnings), 'remark')}",
            icon=":material/flag:",
            expanded=True,
        ):
            for warning in result.warnings:
                st.markdown(f":orange[:material/warning:] {plain(warning)}")
    with st.expander("How and where it was made", icon=":material/balance:"):
        st.table(
            [
                {"What": f":gray[{plain(name)}]", "Value": plain(value)}
                for name, value in rows(result)
                if value
            ],
            border="horizontal",
            hide_header=True,
            hide_index=True,
            alt="How and where it was made",
        )


def incomplete(result: evaluate.EvaluationResult) -> str:
    """What is missing of a run that did not come to its end; empty for one that did."""
    if result.state == "complete":
        return ""
    end = "was cancelled" if result.state == "cancelled" else "did not come to its end"
    return (
        f"This evaluation {end}: {len(result.outcomes):,} of {result.expected:,} were asked, and what "
        "follows rests on those."
    )


def rows(result: evaluate.EvaluationResult) -> list[tuple[str, str]]:
    """What was held equal, and where it ran."""
    found, plan = dict(result.environment), result.plan
    backend, model, embedding = (found.get(name) or {} for name in ("backend", "model", "embedding"))
    return [
        ("Milvus", f"{backend.get('label', 'unknown')}, {backend.get('address', '')}".rstrip(", ")),
        ("Answers", "none: retrieval only" if plan.retrieval_only else str(model.get("label", ""))),
        (
            "Judge",
            f"{plan.judge}, {count(plan.judgements, 'judgement')} of each answer" if plan.judge else "",
        ),
        ("Embeddings", _embedding(embedding)),
        ("Index", _index(found.get("index") or {})),
        *(("Corpus", _corpus(item)) for item in found.get("corpora") or ()),
        ("Repeats", f"{plan.repeats}"),
        ("At once", count(int(found.get("concurrency") or 1), "question")),
        ("Order", "every question goes to all variants in turn, and who goes first changes"),
        ("Machine", _machine(found)),
        ("System", f"Python {found.get('python', '?')}, {found.get('platform', '')}"),
        *((str(name), str(version)) for name, version in (found.get("packages") or {}).items()),
    ]


def _embedding(found: dict[str, Any]) -> str:
    if not found:
        return ""
    how = f"; questions are embedded {found['questions']}" if found.get("questions") else ""
    return f"{found.get('name', '')}, {found.get('dimension', '?')} dimensions{how}"


def _index(found: dict[str, Any]) -> str:
    return ", ".join(str(value) for value in found.values() if value)


def _corpus(found: dict[str, Any]) -> str:
    return (
        f"{found.get('label', '')}: {count(int(found.get('documents') or 0), 'document')}, "
        f"{count(int(found.get('chunks') or 0), 'chunk')}"
    )


def _machine(found: dict[str, Any]) -> str:
    return f"{found.get('cpu', '')}, {found.get('cores', '?')} cores, {found.get('memory_gib', '?')} GiB"
