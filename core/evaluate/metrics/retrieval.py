"""How good a ranking of chunks is, by the labels that a question has.

A label is a document that holds the answer, or a passage that a right chunk contains. Labels are not
documents of a test collection: several chunks may show the same one, and one chunk several. So what
counts as new is the label, at the first chunk that shows it; where every chunk shows at most one,
the figures are those of trec_eval (the tests hold them to it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from core.documents import clean_name
from core.engines.base import Hit
from core.evaluate.metrics.texts import squash, squashed_chunk
from core.evaluate.records import Question

Shown = frozenset[int]
"""Which of a question's labels a chunk shows, by their place."""


def shown_sources(hits: Sequence[Hit], question: Question) -> list[Shown]:
    """For each chunk, best first, which of the question's documents it is from."""
    wanted = [clean_name(source).casefold() for source in question.sources]
    names = [hit.chunk.source.casefold() for hit in hits]
    return [frozenset(place for place, source in enumerate(wanted) if source == name) for name in names]


def shown_passages(hits: Sequence[Hit], question: Question) -> list[Shown]:
    """For each chunk, best first, which of the question's passages it contains."""
    wanted = [squash(passage) for passage in question.passages]
    texts = [squashed_chunk(hit.chunk.text) for hit in hits]
    return [frozenset(place for place, passage in enumerate(wanted) if passage in text) for text in texts]


def ranking_metrics(shown: Sequence[Shown], labels: int, cutoffs: Iterable[int]) -> dict[str, float]:
    """Every retrieval metric of one ranking; `labels` (at least 1) is how many labels there are to find."""
    new = _new(shown)
    found = {"mrr": reciprocal_rank(shown)}
    for k in cutoffs:
        found[f"hit@{k}"] = float(any(shown[:k]))
        found[f"precision@{k}"] = sum(map(bool, shown[:k])) / k
        found[f"recall@{k}"] = sum(new[:k]) / labels
        found[f"ndcg@{k}"] = ndcg(new, labels, k)
    return found


def reciprocal_rank(shown: Sequence[Shown]) -> float:
    """One over the rank of the first chunk that shows a label; 0 without one."""
    return next((1 / rank for rank, labels in enumerate(shown, 1) if labels), 0.0)


def ndcg(new: Sequence[int], labels: int, k: int) -> float:
    """Discounted gain of the new labels by rank, over that of the best order of the same chunks.

    In the best order, labels that were not found come one a chunk.
    """
    missing = labels - sum(new)
    best = sorted([*filter(None, new), *[1] * missing], reverse=True)
    return _discounted(new[:k]) / _discounted(best[:k])


def _new(shown: Sequence[Shown]) -> list[int]:
    """How many labels each chunk is the first to show."""
    seen: set[int] = set()
    counts = []
    for labels in shown:
        counts.append(len(labels - seen))
        seen |= labels
    return counts


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
