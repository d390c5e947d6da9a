"""Answer metrics: by hand, and equal to independent implementations to 1e-9."""

import random
import re
import string
from collections import Counter

import pytest
from rouge_score.rouge_scorer import RougeScorer

from core.evaluate.metrics import DEFINITIONS, definition
from core.evaluate.metrics.answers import answer_metrics, citation_metrics, common_subsequence, cosine_metric
from core.evaluate.metrics.texts import citations, refuses
from core.evaluate.records import Found, Question
from core.models.prompt import NO_ANSWER

WORDS = [
    "The",
    "a",
    "an",
    "cat",
    "sat,",
    "on;",
    "mat!",
    "in",
    "1066",
    "William's",
    "don't",
    "(Rollo)",
    "U.S.",
    "of",
]


def asked(*answers, **more):
    return Question("q", "?", answers, **more)


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("Paris", ("Paris",), {"exact": 1, "f1": 1, "contains": 1, "rouge_l": 1, "answered": 1}),
        ("“The capital is Paris.” [2]", ("Paris",), {"exact": 0, "f1": 0.5, "contains": 1, "rouge_l": 0.4}),
        ("the Paris!", ("paris",), {"exact": 1, "f1": 1}),
        ("1066", ("in 1066", "1066"), {"exact": 1, "f1": 1, "rouge_l": 1}),
        ("Lyon", ("Paris",), {"exact": 0, "f1": 0, "contains": 0, "rouge_l": 0, "answered": 1}),
        ("Parisian nights", ("Paris",), {"contains": 0}),
        (NO_ANSWER, ("The passages",), {"answered": 0, "exact": 0, "f1": 0, "contains": 0, "rouge_l": 0}),
        ("«東京都»", ("東京都",), {"exact": 1, "contains": 1, "rouge_l": 1}),
        ("The A", ("a",), {"exact": 0, "f1": 2 / 3}),
    ],
    ids=[
        "same",
        "quoted",
        "article",
        "best counts",
        "wrong",
        "part of a word",
        "refusal",
        "Japanese",
        "articles",
    ],
)
def test_hand_computed_answers(text, answers, expected):
    found = answer_metrics(text, asked(*answers))
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def reference_words(text):
    """SQuAD's normalization, written anew with regular expressions."""
    bare = re.sub(f"[{re.escape(string.punctuation)}]", "", text.lower())
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def reference_f1(text, answer):
    mine, gold = Counter(reference_words(text)), Counter(reference_words(answer))
    shared = sum(min(count, gold[word]) for word, count in mine.items())
    return 2 * shared / (mine.total() + gold.total()) if shared else 0.0


def test_random_answers_equal_the_references():
    chance, rouge = random.Random(3), RougeScorer(["rougeL"], use_stemmer=False)
    for _ in range(300):
        text = " ".join(chance.choices(WORDS, k=chance.randint(3, 25))) + " x"
        answers = tuple(" ".join(chance.choices(WORDS, k=chance.randint(1, 6))) + " y" for _ in range(2))
        found = answer_metrics(text, asked(*answers))
        assert found["f1"] == pytest.approx(max(reference_f1(text, answer) for answer in answers), abs=1e-9)
        best = max(rouge.score(answer, text)["rougeL"].fmeasure for answer in answers)
        assert found["rouge_l"] == pytest.approx(best, abs=1e-9)
        assert found["exact"] == any(reference_words(text) == reference_words(answer) for answer in answers)


def test_the_longest_common_subsequence_is_that_of_the_usual_table():
    chance = random.Random(5)
    for _ in range(200):
        one, other = (chance.choices("abcd", k=chance.randint(0, 30)) for _ in range(2))
        rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
        for i, first in enumerate(one):
            for j, second in enumerate(other):
                rows[i + 1][j + 1] = (
                    rows[i][j] + 1 if first == second else max(rows[i][j + 1], rows[i + 1][j])
                )
        assert common_subsequence(one, other) == rows[-1][-1]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (NO_ANSWER, True),
        (f"  {NO_ANSWER} [1]", True),
        ("", True),
        ("I don't know.", True),
        ("The context does not mention the price.", True),
        ("That is not specified in the passages.", True),
        ("It costs 14 euros.", False),
        ("The ticket costs 14 euros; the context does not say more. " * 8, False),
    ],
    ids=["ours", "cited", "empty", "plain", "context", "passive", "an answer", "a long answer with a remark"],
)
def test_refusals_are_recognized_and_scored_both_ways(text, refused):
    assert refuses(text) is refused
    assert answer_metrics(text, asked(answerable=False)) == {"refusal": float(refused)}
    assert answer_metrics(text, asked("14 euros"))["answered"] == float(not refused)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Right. [2]", {"citation_precision": 1, "citation_recall": 1}),
        ("Both. [1][2]", {"citation_precision": 0.5, "citation_recall": 1}),
        ("All. [1, 2; 3]", {"citation_precision": 1 / 3, "citation_recall": 1}),
        ("Wrong. [3]", {"citation_precision": 0, "citation_recall": 0}),
        ("None.", {"citation_recall": 0}),
        ("Out of range. [9]", {"citation_recall": 0}),
    ],
    ids=["right", "two", "listed", "wrong", "none", "beyond"],
)
def test_citations_are_right_when_the_cited_chunk_holds_the_answer(text, expected):
    found = (Found("a", holds_answer=False), Found("b", holds_answer=True), Found("c", right_passage=False))
    assert citation_metrics(text, asked("x"), found) == pytest.approx(expected)
    assert citation_metrics(text, asked(answerable=False), found) == {}


def test_citation_marks_are_read_in_every_usual_form():
    assert citations("One [1], two [2, 3] and [4;5]; not [x] nor (6).") == {1, 2, 3, 4, 5}


def test_similarity_is_the_best_cosine_and_never_leaves_its_range():
    assert cosine_metric([0.2, 0.7, -0.3]) == 0.7
    assert cosine_metric([-0.3]) == 0
    assert cosine_metric([1.0000001]) == 1


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_metric_says_what_it_is_how_it_is_computed_and_where_it_comes_from(name):
    found = definition(name.replace("@k", "@5"))
    assert found.sentence.endswith(".")
    assert found.formula
    assert found.source
    assert "@k" not in found.title


@pytest.mark.parametrize("name", ["hit", "hit@", "hit@0", "hit@5/page", "mrr@5", "accuracy", ""])
def test_what_is_no_metric_has_no_definition(name):
    assert definition(name) is None


def test_a_definition_names_its_own_cutoff_and_label():
    found = definition("ndcg@10/passage")
    assert found.title == "nDCG@10, by passage"
    assert "first 10 chunks" in found.sentence
    assert "i = 1..10" in found.formula
