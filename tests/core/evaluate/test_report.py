"""The report of an evaluation: the finding first, whole, safe, without a request."""

import re
from dataclasses import replace

import pytest

from core.evaluate import export_html, findings
from core.evaluate.records import EvaluationResult, Outcome, Plan
from tests.core.evaluate.synthetic import PLACE, VARIANTS, evaluated
from tests.core.history.test_report import HOSTILE, Page

WORST = VARIANTS[2].key


def test_the_finding_comes_first_then_figures_pairs_questions_and_circumstances():
    result = evaluated({WORST: 0.3}, warnings=("Read this.",))
    page = Page(export_html(result, note="before the upgrade", name="Monday")).text
    places = [
        page.index(part)
        for part in (
            "Monday",
            "before the upgrade",
            "Which one answers better?",
            "Contains the answer: LlamaIndex is better than LangChain in 1 of 2 settings",
            "Warnings",
            "Read this.",
            "Leaderboard",
            "Quality against speed",
            "median latency, ms (log scale)",
            "on the front",
            "Comparisons",
            "McNemar, exact",
            "Where the variants disagree",
            "What is number",
            "What the metrics mean",
            "How it was asked",
            "40, the same for every variant: 40 with accepted answers",
            "Where it ran",
            "built-in extractive answerer",
            "Milvus server 2.3.5 at http://127.0.0.1:19530",
        )
    ]
    assert places == sorted(places)


def test_a_column_that_nothing_fills_is_left_out():
    assert '<th scope="col">Cost</th>' not in export_html(evaluated())


def test_it_asks_nobody_for_anything():
    text = export_html(evaluated())
    page = Page(text)
    assert not set(page.tags) & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not {name for name, _ in page.attributes} & {"src", "href", "action", "srcset", "background"}
    assert not re.search(r"@import|url\(", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


def test_whatever_people_models_and_files_write_stays_text():
    result = evaluated({WORST: 0.3})
    asked = tuple(replace(item, question=HOSTILE, answers=(HOSTILE,)) for item in result.questions)
    place = PLACE | {"model": {"label": HOSTILE}, "corpora": [{"label": HOSTILE}], "cpu": HOSTILE}
    hostile = replace(
        result,
        questions=asked,
        environment=place,
        warnings=(HOSTILE,),
        plan=replace(result.plan, judge=HOSTILE, judgements=2),
    )
    page = Page(export_html(hostile, note=HOSTILE, name=HOSTILE))
    assert not set(page.tags) & {"script", "img"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("<script>alert(1)</script>") >= 8
    assert "49" not in re.findall(r"\b49\b", page.text)


def test_failures_show_in_the_leaderboard_and_the_map():
    result = evaluated({WORST: 0.3}, failed={(f"q{n}", VARIANTS[0].key) for n in range(3)})
    page = Page(export_html(result)).text
    assert "3 of 40" in page


def test_the_spread_of_a_judge_is_shown():
    result = evaluated(plan=Plan(VARIANTS, judge="a judge", judgements=2))
    judged = tuple(
        replace(item, metrics=item.metrics | {"correctness": 0.5}, judgements={"correctness": (0.25, 0.75)})
        for item in result.outcomes
    )
    page = Page(export_html(replace(result, outcomes=judged))).text
    assert "judge ±35.4" in page
    assert "a judge, asked 2 times about each answer" in page


@pytest.mark.parametrize(
    "result",
    [
        evaluated(outcomes=(), state="cancelled"),
        evaluated(count=1),
        replace(evaluated(), plan=Plan(VARIANTS[:1]), outcomes=evaluated().of(VARIANTS[0].key)),
        EvaluationResult(Plan(VARIANTS), evaluated().questions),
    ],
    ids=["nothing asked", "one question", "one variant", "nothing known"],
)
def test_a_torn_or_small_evaluation_still_has_a_page(result):
    assert "Leaderboard" in Page(export_html(result)).text


def test_findings_tell_of_each_thing_that_was_varied_frameworks_first():
    said = findings(evaluated())
    assert said[0].startswith(
        "Contains the answer: no measurable difference between LlamaIndex and LangChain"
    )
    assert any("between dense and hybrid" in text for text in said)
    assert said[-1].startswith("First in the table: ")
    worse = findings(evaluated({VARIANTS[0].key: 0.2, VARIANTS[2].key: 0.2}))
    assert any("hybrid is better than dense in 2 of 2 settings, by" in text for text in worse)


def test_a_difference_that_was_sought_in_many_metrics_must_be_clearer():
    """Ten questions won and two lost: p is 0.04, and one of five metrics is often that far by chance."""
    metrics = ("f1", "mrr/source", "ndcg@5/source", "refusal", "citation_recall")
    equal = dict.fromkeys(("contains", "hit@5/source", *metrics), 0.5)

    def outcomes(better):
        for place in range(40):
            gap = 0.4 if place < 10 else -0.4 if place < 12 else 0.0
            for sign, variant in zip((1, -1), VARIANTS[::2], strict=True):
                changed = dict.fromkeys(better, 0.5 + sign * gap / 2)
                yield Outcome(f"q{place}", variant.key, metrics=equal | changed)

    def told(*better):
        plan, cast = Plan(VARIANTS[::2]), tuple(outcomes(better))
        return [text for text in findings(evaluated(plan=plan, outcomes=cast)) if "is better than" in text]

    assert told("f1") == []
    assert told("contains")[0].startswith("Contains the answer: LlamaIndex is better")


def test_findings_say_when_a_framework_is_better_here_and_worse_there():
    crossed = findings(evaluated({VARIANTS[0].key: 0.2, VARIANTS[3].key: 0.2}))
    assert "in 1 of 2 settings and worse in 1: look at each" in crossed[0]
