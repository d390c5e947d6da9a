"""From hits and an answer to an outcome's marks and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.engines.base import Hit, Mode
from core.evaluate.metrics.answers import answer_metrics, citation_metrics
from core.evaluate.metrics.retrieval import ranking_metrics, shown_passages, shown_sources
from core.evaluate.metrics.texts import chunk_words, citations, holds
from core.evaluate.records import Found, Question

FAMILIES = ("passage", "source")
"""The labels by which retrieval is measured, the finer one first: a bare `hit@5` takes the first there is."""


def metric_value(metrics: Mapping[str, float], name: str) -> float | None:
    """A metric of an outcome by its name, with or without the label it is measured by."""
    for full in (name, *(f"{name}/{family}" for family in FAMILIES)):
        if full in metrics:
            return metrics[full]
    return None


def retrieval_scores(hits: Sequence[Hit], question: Question, cutoffs: Sequence[int]) -> dict[str, float]:
    """Every retrieval metric that the question's labels allow, named like `hit@5/source`."""
    found: dict[str, float] = {}
    if question.answerable and question.sources:
        shown = shown_sources(hits, question)
        scores = ranking_metrics(shown, len(set(question.sources)), cutoffs)
        found |= {f"{name}/source": value for name, value in scores.items()}
    if question.answerable and question.passages:
        shown = shown_passages(hits, question)
        scores = ranking_metrics(shown, len(question.passages), cutoffs)
        found |= {f"{name}/passage": value for name, value in scores.items()}
    return found


def marks(hits: Sequence[Hit], question: Question, text: str, mode: Mode) -> tuple[Found, ...]:
    """The chunks with what is right about each."""
    sources = shown_sources(hits, question) if question.sources else None
    passages = shown_passages(hits, question) if question.passages else None
    cited = citations(text) if text and mode is Mode.CONTROLLED else None
    return tuple(
        Found(
            chunk_id=hit.chunk.id,
            score=hit.score,
            right_source=None if sources is None else bool(sources[place]),
            right_passage=None if passages is None else bool(passages[place]),
            holds_answer=_holds_answer(hit.chunk.text, question),
            cited=None if cited is None else place + 1 in cited,
        )
        for place, hit in enumerate(hits)
    )


def answer_scores(text: str, question: Question, found: Sequence[Found], mode: Mode) -> dict[str, float]:
    """Every metric of an answer's text that needs no model."""
    scores = answer_metrics(text, question)
    if mode is Mode.CONTROLLED:
        scores |= citation_metrics(text, question, found)
    return scores


def _holds_answer(text: str, question: Question) -> bool | None:
    if not question.answers:
        return None
    words = chunk_words(text)
    return any(holds(words, answer) for answer in question.answers)
