"""Evaluations that nobody ran, for what reads, sends and draws them."""

import random

from core.documents.records import Chunk
from core.engines.base import Retrieval, Timings, Usage
from core.evaluate.records import EvaluationResult, Found, Outcome, Plan, Question, Variant
from tests.core.history.synthetic import ENVIRONMENT

PLACE = ENVIRONMENT | {
    "model": {"name": "offline", "kind": "offline", "label": "built-in extractive answerer"},
    "embedding": {"name": "wordllama", "kind": "offline", "dimension": 256, "questions": "with each"},
    "corpora": [{"label": "the corpus as it is", "mode": "controlled", "documents": 3, "chunks": 9}],
    "index": {"type": "AUTOINDEX", "metric": "COSINE", "consistency": "Bounded"},
    "concurrency": 1,
}
VARIANTS = tuple(
    Variant(engine, retrieval)
    for engine in ("llamaindex", "langchain")
    for retrieval in (Retrieval.DENSE, Retrieval.HYBRID)
)
TIMES = {"llamaindex.dense.k5": 0.03, "langchain.dense.k5": 0.04}


def evaluated(share=None, *, count=40, failed=(), **changes):
    """Questions of which each variant answers a share (by key, else 0.8), always the same ones."""
    questions = tuple(
        Question(f"q{n}", f"What is number {n}?", (f"it is {n}",), ("numbers.txt",)) for n in range(count)
    )
    chunks = {f"c{n}": Chunk(f"c{n}", "d", "numbers.txt", n, f"Number {n}: it is {n}.") for n in range(count)}
    outcomes = tuple(
        _outcome(question, variant, (share or {}).get(variant.key, 0.8), n)
        for n, question in enumerate(questions)
        for variant in VARIANTS
        if (question.id, variant.key) not in failed
    )
    broken = tuple(
        Outcome(question, variant, found=(Found("c0"),), error="The model did not answer.")
        for question, variant in failed
    )
    given = {
        "plan": Plan(VARIANTS, models=("wordllama, 256", "offline"), corpus="0123456789abcdef"),
        "questions": questions,
        "outcomes": outcomes + broken,
        "chunks": chunks,
        "environment": PLACE,
        "run_id": "e" * 32,
        "workspace": "default",
        "started_at": "2026-11-20T10:00:00+00:00",
        "seconds": 9.5,
    }
    return EvaluationResult(**{**given, **changes})


def _outcome(question, variant, share, n):
    right = float(random.Random(n).random() < share)
    return Outcome(
        question.id,
        variant.key,
        found=(Found(f"c{n}", 0.9, bool(right), None, bool(right), bool(right)),),
        text=f"“it is {n}” [1]" if right else "I cannot say.",
        metrics={"contains": right, "f1": right / 2, "hit@5/source": right, "mrr/source": right},
        timings=Timings(total=TIMES.get(variant.key, 0.05)),
        usage=Usage(100, 10),
    )
