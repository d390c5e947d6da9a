"""Two evaluations set side by side: what changed, what cannot be told, and what must not be compared."""

from dataclasses import replace

import pytest

from core import kinds
from core.errors import UsageError
from core.evaluate.changes import compare_evaluations
from core.evaluate.records import Plan
from tests.core.evaluate.synthetic import PLACE, VARIANTS, evaluated

WORST = VARIANTS[2].key


def changes(found, metric="contains"):
    return {item.variant: item.change for item in found.changes if item.metric == metric}


def test_the_same_answers_are_no_measurable_difference():
    found = compare_evaluations(evaluated(), evaluated())
    assert set(changes(found).values()) == {"same"}
    assert found.regressions == ()
    assert found.differences == ()
    assert found.summary == "4 variants in both evaluations, 4 metrics: 16 no measurable difference."


def test_what_became_worse_is_told_with_its_interval_and_the_reverse_is_better():
    worse = evaluated({WORST: 0.3})
    found = compare_evaluations(evaluated(), worse)
    assert changes(found) == {variant.key: "same" for variant in VARIANTS} | {WORST: "regression"}
    item = next(item for item in found.regressions if item.metric == "contains")
    assert item.difference.mean_second > item.difference.mean_first
    assert item.difference.high < 0
    assert "points worse" in item.text
    assert changes(compare_evaluations(worse, evaluated()))[WORST] == "improvement"
    data = found.to_json()
    assert f"{WORST}.contains" in data["regressions"]
    assert data["changes"][0]["difference"] == 0


def test_differences_within_the_tolerance_are_let_pass():
    found = compare_evaluations(evaluated(), evaluated({WORST: 0.3}), tolerance=0.6)
    assert found.regressions == ()


def test_a_change_that_chance_explains_among_so_many_comparisons_is_none():
    """Alone, five questions of forty that are lost would be p = 0.06, and here are sixteen comparisons."""
    found = compare_evaluations(evaluated(), evaluated({WORST: 0.68}))
    item = next(item for item in found.changes if (item.variant, item.metric) == (WORST, "contains"))
    assert item.difference.losses > 2
    assert item.change == "same"
    assert item.difference.p_adjusted > item.difference.p


def test_questions_that_failed_are_left_out_and_counted():
    broken = {(f"q{n}", WORST) for n in range(4)}
    found = compare_evaluations(evaluated(), evaluated(failed=broken))
    item = next(item for item in found.changes if item.variant == WORST)
    assert (item.difference.n, item.change) == (36, "same")
    speed = next(item for item in found.speeds if item.variant == WORST)
    assert (speed.failed_before, speed.failed_now) == (0, 4)


def test_what_else_changed_is_named():
    now = evaluated(
        plan=Plan(VARIANTS[:3], models=("other, 512", "offline"), corpus="fedcba9876543210"),
        environment=PLACE | {"cpu": "Another processor"},
    )
    found = compare_evaluations(evaluated(), now)
    text = "\n".join(found.differences)
    assert "documents: 0123456789abcdef before, fedcba9876543210 now" in text
    assert "embedding model: wordllama, 256 before, other, 512 now" in text
    assert "cpu: A processor before, Another processor now" in text
    assert found.only_before == (VARIANTS[3].label,)


def test_judgements_of_different_judges_are_not_compared():
    def judged(name):
        result = evaluated(plan=Plan(VARIANTS, judge=name, judgements=1))
        scored = (replace(item, metrics=item.metrics | {"correctness": 0.5}) for item in result.outcomes)
        return replace(result, outcomes=tuple(scored))

    assert "correctness" in {item.metric for item in compare_evaluations(judged("a"), judged("a")).changes}
    found = compare_evaluations(judged("a"), judged("b"))
    assert "correctness" not in {item.metric for item in found.changes}
    assert "judge: a before, b now" in found.differences


def relabelled(result):
    first, *rest = result.questions
    return replace(result, questions=(replace(first, answers=("something else",)), *rest))


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (evaluated(count=39), "1 question of the earlier one is missing"),
        (evaluated(count=42), "2 questions of the later one are new"),
        (relabelled(evaluated()), "1 question changed words or labels, such as “What is number 0?”"),
    ],
    ids=["fewer", "more", "labels"],
)
def test_other_questions_or_labels_are_refused_with_the_reason(now, says):
    with pytest.raises(UsageError, match="did not ask the same") as raised:
        compare_evaluations(evaluated(), now)
    assert says in str(raised.value)


def test_evaluations_without_a_common_variant_are_refused():
    before, now = (evaluated(plan=Plan(variants)) for variants in (VARIANTS[:2], VARIANTS[2:]))
    with pytest.raises(UsageError, match="no variant in common"):
        compare_evaluations(before, now)


def test_runs_of_different_kinds_are_refused(tmp_path):
    from core.evaluate import add_evaluation
    from core.history import History
    from core.settings import Settings
    from tests.core.history.synthetic import result

    history = History.open(Settings.load({"home": tmp_path}))
    both = [history.add(result()), add_evaluation(history, evaluated())]
    before, now = (kinds.open_run(history, run_id) for run_id in both)
    with pytest.raises(UsageError, match="compare runs of one kind"):
        kinds.compare(before, now)
    with pytest.raises(UsageError, match="exported as json or csv or outcomes or html"):
        kinds.export(now, "samples")
