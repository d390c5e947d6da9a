"""Retrieval metrics: by hand, and equal to trec_eval's (through ir-measures) where both mean the same."""

import math
import random

import ir_measures
import pytest

from core.documents.records import Chunk
from core.engines.base import Hit
from core.evaluate.metrics.retrieval import ranking_metrics, shown_passages, shown_sources
from core.evaluate.records import Question
from core.evaluate.scoring import metric_value, retrieval_scores

CUTOFFS = (1, 3, 5, 10)


def hits(*chunks):
    """Hits for (source, text) pairs, best first."""
    return [
        Hit(Chunk(f"c{place}", "d", source, place, text), None, place + 1)
        for place, (source, text) in enumerate(chunks)
    ]


def shown(*labels):
    """What each chunk shows: a label's number, several, or None."""
    return [
        frozenset() if item is None else frozenset([item] if isinstance(item, int) else item)
        for item in labels
    ]


@pytest.mark.parametrize(
    ("ranking", "labels", "expected"),
    [
        (shown(0), 1, {"hit@1": 1, "mrr": 1, "ndcg@3": 1, "recall@3": 1, "precision@3": 1 / 3}),
        (shown(None, None, 0), 1, {"hit@1": 0, "hit@3": 1, "mrr": 1 / 3, "ndcg@3": 0.5, "precision@5": 0.2}),
        (shown(None, None), 2, {"hit@5": 0, "mrr": 0, "ndcg@5": 0, "recall@5": 0, "precision@5": 0}),
        (shown(1, None, 0), 2, {"recall@1": 0.5, "recall@3": 1, "ndcg@3": 1.5 / (1 + 1 / math.log2(3))}),
        # The second chunk shows what the first did: right, but nothing new.
        (shown(0, 0), 2, {"precision@3": 2 / 3, "recall@3": 0.5, "ndcg@3": 1 / (1 + 1 / math.log2(3))}),
        # One chunk that shows both passages is as good as it gets.
        (shown((0, 1)), 2, {"recall@1": 1, "ndcg@1": 1, "ndcg@5": 1, "precision@1": 1}),
        ([], 1, {"hit@1": 0, "mrr": 0, "ndcg@10": 0, "recall@10": 0, "precision@10": 0}),
    ],
    ids=["first", "third", "none", "two labels", "a repeat", "both at once", "nothing retrieved"],
)
def test_hand_computed_rankings(ranking, labels, expected):
    found = ranking_metrics(ranking, labels, CUTOFFS)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def reference(ranking, labels):
    """trec_eval's figures; a chunk is relevant for what it is the first to show, or shows at all."""
    new, seen = [], set()
    for chunk in ranking:
        new.append(len(chunk - seen))
        seen |= chunk
    run = {"q": {f"c{place}": float(len(ranking) - place) for place in range(len(ranking))} or {"none": 1.0}}
    missing = {f"missing{label}": 1 for label in range(labels) if label not in seen}
    novel = {"q": {f"c{place}": int(gain > 0) for place, gain in enumerate(new)} | missing}
    any_label = {"q": {f"c{place}": int(bool(chunk)) for place, chunk in enumerate(ranking)} | {"x": 0}}
    found = {"mrr": ir_measures.calc_aggregate([ir_measures.RR], any_label, run)[ir_measures.RR]}
    for k in CUTOFFS:
        for name, measure, qrels in (
            ("hit", ir_measures.Success @ k, any_label),
            ("precision", ir_measures.P @ k, any_label),
            ("recall", ir_measures.R @ k, novel),
            ("ndcg", ir_measures.nDCG @ k, novel),
        ):
            found[f"{name}@{k}"] = ir_measures.calc_aggregate([measure], qrels, run)[measure]
    return found


def test_random_rankings_equal_the_reference():
    chance = random.Random(7)
    for _ in range(250):
        labels = chance.randint(1, 4)
        choices = [None, None, *range(labels)]
        ranking = shown(*(chance.choice(choices) for _ in range(chance.randint(0, 12))))
        found = ranking_metrics(ranking, labels, CUTOFFS)
        assert found == pytest.approx(reference(ranking, labels), abs=1e-9), (ranking, labels)


def test_a_source_is_found_under_its_name_whatever_its_folder_or_case():
    question = Question("q", "?", sources=("docs/Report.PDF", "b.txt"))
    found = shown_sources(hits(("report.pdf", ""), ("other.txt", ""), ("b.txt", "")), question)
    assert found == shown(0, None, 1)


@pytest.mark.parametrize(
    "text",
    [
        "It costs 14 euros a night.",
        "it  COSTS\n14 euros\u00a0a night.",
        "so: It costs 14 eu\nros a night. Yes",
    ],
    ids=["as it is", "case and white space", "a break in a word, and text around it"],
)
def test_a_passage_is_found_white_space_and_case_apart(text):
    question = Question("q", "?", passages=("It costs 14 euros a night.",))
    assert shown_passages(hits(("a", "nothing"), ("a", text)), question) == shown(None, 0)


def test_a_bare_name_is_by_passage_where_there_is_one():
    question = Question("q", "?", sources=("a.txt",), passages=("the lamp",))
    scores = retrieval_scores(hits(("a.txt", "dusk"), ("a.txt", "the lamp")), question, (1,))
    assert metric_value(scores, "hit@1") == scores["hit@1/passage"] == 0
    assert metric_value(scores, "hit@1/source") == 1
    only_source = retrieval_scores(hits(("a.txt", "")), Question("q", "?", sources=("a.txt",)), (1,))
    assert metric_value(only_source, "hit@1") == 1


def test_questions_without_labels_or_answers_in_the_corpus_measure_no_retrieval():
    found = hits(("a.txt", "dusk"))
    assert retrieval_scores(found, Question("q", "?"), CUTOFFS) == {}
    assert retrieval_scores(found, Question("q", "?", sources=("a.txt",), answerable=False), CUTOFFS) == {}
