"""How good the text of an answer is, by the answers that a question accepts, without any model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from core.evaluate.metrics.texts import (
    chunk_words,
    citations,
    holds,
    normal_words,
    refuses,
    rouge_words,
    without_citations,
)
from core.evaluate.records import Found, Question


def answer_metrics(text: str, question: Question) -> dict[str, float]:
    """Every metric that compares an answer with the accepted ones, the best of them counting.

    A refusal scores 0 on an answerable question and 1 on any other; nothing else is measured there.
    """
    refused = refuses(text)
    if not question.answerable:
        return {"refusal": float(refused)}
    found = {"answered": float(not refused)}
    if not question.answers:
        return found
    plain = "" if refused else without_citations(text)
    words, tokens = normal_words(plain), rouge_words(plain)
    joined = chunk_words(plain)
    return found | {
        "exact": float(bool(words) and any(words == normal_words(answer) for answer in question.answers)),
        "f1": max(token_f1(words, normal_words(answer)) for answer in question.answers),
        "contains": float(any(holds(joined, answer) for answer in question.answers)),
        "rouge_l": max(rouge_l(tokens, rouge_words(answer)) for answer in question.answers),
    }


def citation_metrics(text: str, question: Question, found: Sequence[Found]) -> dict[str, float]:
    """Whether the cited chunks are those that hold the answer; `found` as retrieved, best first.

    Needs an answerable question with an answer or a passage. Precision is left out where nothing is cited.
    """
    if not question.answerable or not (question.answers or question.passages):
        return {}
    right = {rank for rank, item in enumerate(found, 1) if item.right_passage or item.holds_answer}
    cited = {number for number in citations(text) if 1 <= number <= len(found)}
    metrics = {"citation_recall": float(bool(cited & right))}
    if cited:
        metrics["citation_precision"] = len(cited & right) / len(cited)
    return metrics


def token_f1(answer: Sequence[str], accepted: Sequence[str]) -> float:
    """Harmonic mean of the shares of words that two texts have in common, repeated words counted apart."""
    shared = (Counter(answer) & Counter(accepted)).total()
    return _f1(shared, len(answer), len(accepted))


def rouge_l(answer: Sequence[str], accepted: Sequence[str]) -> float:
    """F1 of the longest common subsequence of words."""
    return _f1(common_subsequence(answer, accepted), len(answer), len(accepted))


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    Rows of the usual table are kept as the bits of one number (Hyyrö 2004), which takes an answer of
    a thousand words from half a second to two milliseconds.
    """
    places = _places(first)
    everything = (1 << len(first)) - 1
    row = everything
    for word in second:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(first) - row.bit_count()


def cosine_metric(similarities: Iterable[float]) -> float:
    """The best of some cosines, from 0 to 1."""
    return min(1.0, max(0.0, *similarities))


def _places(words: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        places[word] = places.get(word, 0) | 1 << place
    return places


def _f1(shared: int, first: int, second: int) -> float:
    if not shared:
        return 0.0
    precision, recall = shared / first, shared / second
    return 2 * precision * recall / (precision + recall)
