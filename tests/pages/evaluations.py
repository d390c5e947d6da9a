"""Finished evaluations made from figures, for the pages that draw them."""

import random

from core.documents import Chunk
from core.engines.base import Mode, Retrieval, Timings, Usage
from core.evaluate.records import EvaluationResult, Found, Outcome, Plan, Question, Variant

ENVIRONMENT = {
    "python": "3.11.7",
    "cpu": "Test CPU",
    "cores": 2,
    "memory_gib": 8.0,
    "platform": "Linux",
    "backend": {"kind": "server", "label": "Milvus server 2.3.5", "address": "http://127.0.0.1"},
    "model": {"name": "m", "kind": "remote", "label": "a-model at example.test"},
    "embedding": {"name": "e", "dimension": 8, "questions": "with each question"},
    "corpora": [{"label": "the corpus as it is", "documents": 2, "chunks": 4}],
    "index": {"type": "HNSW", "metric": "COSINE", "consistency": "Strong"},
    "concurrency": 4,
    "packages": {"pymilvus": "2.6.17"},
}
TEXTS = {
    "c0": "The ferry to Gull Island leaves every forty minutes. Dogs travel free of charge.",
    "c1": "The museum of tin toys closes on Mondays. A ticket costs 14 euros.",
}
CHUNKS = {
    key: Chunk(key, f"d{key}", "guide.pdf", place, text) for place, (key, text) in enumerate(TEXTS.items())
}
DENSE = (Variant("llamaindex", Retrieval.DENSE), Variant("langchain", Retrieval.DENSE))
FOUR = (*DENSE, Variant("llamaindex", Retrieval.HYBRID), Variant("langchain", Retrieval.HYBRID))
NATIVE = tuple(Variant(item.engine, Retrieval.DENSE, None, None, Mode.NATIVE) for item in DENSE)


def question(place, **more):
    return Question(
        f"q{place}", f"What does ticket number {place} cost?", ("14 euros",), ("guide.pdf",), **more
    )


def outcome(place, variant, right, *, seconds=0.1, error=None, **more):
    """Right: the chunk with the answer comes first and is quoted; wrong: another one is."""
    found = Found("c1" if right else "c0", 0.9, True, None, right, right)
    metrics = {
        "contains": float(right),
        "answered": 1.0,
        "hit@5/source": 1.0,
        "mrr/source": 1.0 if right else 0.5,
    }
    return Outcome(
        f"q{place}",
        variant.key,
        found=() if error else (found,),
        text="" if error else "A ticket costs 14 euros [1]." if right else "Every forty minutes [1].",
        metrics={} if error else metrics | {"citation_recall": float(right)},
        timings=Timings(total=seconds),
        usage=Usage(100, 10, 0.0001),
        error=error,
        **more,
    )


def result(rates, *, size=60, failing=0.0, seed=1, **more):
    """Variants with how often each is right; `failing` is the share of calls that fail."""
    chance = random.Random(seed)
    outcomes = []
    for place in range(size):
        luck = chance.random()
        for number, (variant, rate) in enumerate(rates.items()):
            error = "The model did not answer in time." if chance.random() < failing else None
            outcomes.append(outcome(place, variant, luck < rate, seconds=0.05 * (number + 1), error=error))
    known = {
        "questions": tuple(question(place) for place in range(size)),
        "environment": ENVIRONMENT,
        "run_id": f"made-{seed}",
        "workspace": "made",
        "started_at": "2026-01-31T12:00:00+00:00",
        "seconds": 42.0,
        "chunks": CHUNKS,
    }
    plan = more.pop("plan", None) or Plan(tuple(rates))
    return EvaluationResult(plan, outcomes=tuple(outcomes), **known | more)
