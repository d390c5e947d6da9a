"""Honest differences: intervals that cover, tests that agree with scipy's, Holm's correction, the front."""

import math

import numpy as np
import pytest
from scipy import stats

from core.engines.base import Mode, Retrieval
from core.evaluate.compare import (
    Point,
    differences,
    differing,
    holm,
    interval,
    needed,
    paired,
    pareto,
    permutation_p,
)
from core.evaluate.records import ChunkSize, EvaluationResult, Outcome, Plan, Question, Variant
from tests.core.evaluate.scenes import SCENES, coverage

DENSE = Variant("llamaindex", Retrieval.DENSE)
HYBRID = Variant("llamaindex", Retrieval.HYBRID)
OTHER = Variant("langchain", Retrieval.DENSE)


def values(*scores):
    return dict(enumerate(map(float, scores)))


def result(scores, variants=(DENSE, HYBRID), **more):
    """An evaluation in which variant i got scores[i] in hit@5, question by question; None is a failure."""
    count = len(scores[0])
    outcomes = [
        Outcome(
            f"q{place}",
            variant.key,
            metrics={} if mine[place] is None else {"hit@5": float(mine[place])},
            error="It failed." if mine[place] is None else None,
        )
        for variant, mine in zip(variants, scores, strict=True)
        for place in range(count)
    ]
    questions = tuple(Question(f"q{place}", f"Question {place}?") for place in range(count))
    return EvaluationResult(Plan(variants, **more), questions, tuple(outcomes))


@pytest.mark.parametrize("scene", SCENES)
def test_the_interval_covers_the_true_difference_as_often_as_it_says(scene, monkeypatch):
    """95% nominal must be 93 to 97%; `make perf` simulates more, with all resamples."""
    monkeypatch.setattr("core.evaluate.compare.RESAMPLES", 500)
    assert 0.93 <= coverage(scene, n=100, evaluations=500) <= 0.97


def test_where_hardly_any_question_differs_the_interval_is_wide_rather_than_sure(monkeypatch):
    monkeypatch.setattr("core.evaluate.compare.RESAMPLES", 500)
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        low, high = interval(rng.choice([-1.0, 0, 1], p=[0.03, 0.92, 0.05], size=40))
        inside += low <= 0.02 <= high
    assert inside / 200 >= 0.95
    low, high = interval(np.zeros(40))
    assert low < -0.04
    assert high > 0.04


def test_a_pair_is_counted_question_by_question():
    found = paired("hit@5", "a", "b", values(1, 1, 1, 0, 0, 1), values(0, 0, 0, 1, 0, 1) | {9: 1.0})
    assert (found.n, found.wins, found.ties, found.losses) == (6, 3, 2, 1)
    assert found.difference == pytest.approx(2 / 6)
    assert (found.mean_first, found.mean_second) == pytest.approx((4 / 6, 2 / 6))
    assert found.low < found.difference < found.high


def test_binary_metrics_get_mcnemar_and_others_a_permutation_test():
    binary = paired("hit@5", "a", "b", values(*[1] * 12, *[0] * 3), values(*[0] * 12, *[1] * 3))
    assert binary.test == "McNemar, exact"
    assert binary.p == pytest.approx(stats.binomtest(12, 15).pvalue, abs=1e-12)
    graded = paired("f1", "a", "b", values(0.9, 0.8, 0.3), values(0.1, 0.2, 0.3))
    assert graded.test == "permutation"


def test_the_permutation_test_agrees_with_scipys_exact_one():
    gaps = np.array([0.3, -0.1, 0.25, 0.4, 0.05, -0.02, 0.33, 0.1])
    exact = stats.permutation_test((gaps,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert permutation_p(gaps) == pytest.approx(exact, abs=0.01)


def test_equal_results_are_no_measurable_difference_and_say_so():
    found = paired("hit@5", "a", "b", values(*[1] * 50), values(*[1] * 50))
    assert (found.test, found.p, found.different) == ("none", 1.0, False)
    assert "no measurable difference: the same on every question" in found.sentence


def test_floating_point_dust_is_no_win():
    found = paired("mrr", "a", "b", values(0.1 + 0.2, 0.5), values(0.3, 0.5))
    assert (found.wins, found.losses, found.p) == (0, 0, 1.0)


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
    ids=["three", "never over one", "alone", "none"],
)
def test_holms_correction(given, adjusted):
    assert holm(given) == pytest.approx(adjusted)


def test_what_is_compared_more_often_must_differ_more_clearly():
    """One p of 0.03 stands alone, and falls among four comparisons."""
    better, worse = [1] * 10 + [0] * 20, [0] * 10 + [0] * 18 + [1] * 2
    alone = differences(result([better, worse]), "hit@5")
    assert alone[0].different
    variants = (DENSE, HYBRID, OTHER, Variant("langchain", Retrieval.HYBRID))
    among = differences(result([better, worse, worse, worse], variants), "hit@5")
    assert len(among) == 4
    assert not any(item.different for item in among)
    assert "among 4 comparisons" in among[0].sentence


def test_an_interval_that_clears_zero_against_the_test_is_no_difference_and_says_by_what():
    alone = paired("hit@5", "a", "b", values(*[1] * 5, *[0] * 5), values(*[0] * 10))
    assert (alone.p, alone.low > 0) == (0.0625, True)
    assert "no measurable difference by the test (McNemar, exact) (alone +8.3" in alone.sentence


def test_failures_and_questions_without_the_label_are_left_out_of_both_sides():
    found = differences(result([[1, None, 0, 1], [0, 1, 0, None]]), "hit@5")[0]
    assert (found.n, found.wins, found.ties) == (2, 1, 1)


def test_repeats_count_as_one_question():
    twice = [
        Outcome("q", DENSE.key, repeat, metrics={"hit@5": value}) for repeat, value in enumerate((1.0, 0.0))
    ]
    other = [Outcome("q", HYBRID.key, repeat, metrics={"hit@5": 1.0}) for repeat in range(2)]
    both = EvaluationResult(Plan((DENSE, HYBRID), repeats=2), (Question("q", "?"),), (*twice, *other))
    found = differences(both, "hit@5")[0]
    assert (found.n, found.mean_first, found.mean_second) == (1, 0.5, 1.0)
    assert found.sentence == "too few questions to compare."


@pytest.mark.parametrize(
    ("first", "second", "things"),
    [
        (DENSE, HYBRID, 1),
        (DENSE, OTHER, 1),
        (OTHER, HYBRID, 2),
        (DENSE, Variant("llamaindex", Retrieval.DENSE, 3, ChunkSize(500, 50)), 2),
        (DENSE, Variant("llamaindex", Retrieval.DENSE, None, mode=Mode.NATIVE), 1),
    ],
    ids=["retrieval", "framework", "both", "top-k and chunks", "mode with all it brings"],
)
def test_variants_are_paired_by_what_sets_them_apart(first, second, things):
    assert differing(first, second) == differing(second, first) == things


@pytest.mark.parametrize("compared", [1, 6])
def test_the_questions_needed_do_show_five_points_in_four_of_five_evaluations(compared):
    """Also where Holm's correction asks more, for other pairs are compared that do not differ."""
    rng = np.random.default_rng(2)

    def p_value(shares, n):
        gaps = rng.choice([-1.0, 0, 1], p=shares, size=n)
        return stats.binomtest(int((gaps > 0).sum()), int((gaps != 0).sum())).pvalue

    differ, same = [0.05, 0.85, 0.10], [0.075, 0.85, 0.075]
    count, seen = needed(rng.choice([-1.0, 0, 1], p=differ, size=3000), compared), 0
    for _ in range(300):
        pairs = [p_value(differ, count), *(p_value(same, count) for _ in range(compared - 1))]
        seen += holm(pairs)[0] < 0.05
    assert 0.72 <= seen / 300 <= 0.88


def test_how_many_questions_are_needed_where_none_differs_or_there_are_none():
    assert needed(np.zeros(100)) == math.ceil(3 / 100 * (2.8016 / 0.05) ** 2)
    assert needed(np.zeros(1)) is None


def test_the_pareto_front_holds_what_nothing_else_beats_in_everything():
    points = [
        Point("good and slow", 0.9, None, None, 80.0),
        Point("fair and fast", 0.8, None, None, 20.0),
        Point("worse and slower", 0.7, None, None, 30.0),
        Point("as good, slower", 0.9, None, None, 90.0),
    ]
    assert [point.variant for point in pareto(points) if point.front] == ["good and slow", "fair and fast"]
    cheap = [Point("a", 0.9, None, None, 80.0, cost=2.0), Point("b", 0.8, None, None, 90.0, cost=1.0)]
    assert all(point.front for point in pareto(cheap))
