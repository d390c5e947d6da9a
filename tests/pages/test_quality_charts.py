"""What the Evaluate page says and draws of results whose truth is known."""

from dataclasses import replace

import pytest

from core.evaluate import Answered, Begun, metric_names, points
from core.evaluate.records import Found, Plan
from pages.parts import palette
from pages.parts.quality import (
    board,
    detail,
    explore,
    facts,
    finding,
    heat,
    marking,
    pairs,
    running,
    speed,
    words,
)
from pages.parts.quality.explore import DIFFER, NEITHER, ONLY_A, ONLY_B, Look
from pages.parts.quality.live import Live
from pages.parts.quality.reading import Reading
from tests.pages.evaluations import DENSE, FOUR, NATIVE, outcome, question, result

LLAMA, LANG = DENSE


@pytest.fixture(scope="module")
def clear():
    """LangChain is right on 20 questions in 100 that LlamaIndex gets wrong."""
    return Reading(result({LLAMA: 0.6, LANG: 0.8}, size=200))


@pytest.fixture(scope="module")
def four():
    return Reading(result(dict(zip(FOUR, (0.5, 0.5, 0.9, 0.9), strict=True)), size=80))


def test_a_clear_difference_is_the_headline_with_its_interval(clear):
    first, second = finding.said(clear)[:2]
    assert first.startswith("LangChain answers better than LlamaIndex: ")
    assert "points better (+" in second
    assert "200 questions" in second


def test_no_difference_is_said_with_the_number_of_questions_that_would_show_one():
    said = finding.said(Reading(result({LLAMA: 0.8, LANG: 0.8}, size=20)))
    assert said[0] == "No measurable difference between LlamaIndex and LangChain"
    assert said[1].startswith("Contains the answer is the same on each of 20 questions")
    assert "To see a difference of 5 points takes about" in said[-1]
    assert "20 were asked" in said[-1]


def test_what_else_matters_is_told_beside_the_frameworks(four):
    said = finding.said(four)
    assert said[0].startswith("No measurable difference between")
    assert any(text.startswith("Retrieval matters for “Contains the answer”: ") for text in said)


def test_one_variant_alone_is_measured_and_not_compared():
    said = finding.said(Reading(result({LLAMA: 0.5}, size=40)))
    assert len(said) == 1
    assert said[0].startswith("LlamaIndex: Contains the answer is ")


def test_questions_without_labels_are_told_apart_from_bad_results():
    made = result({LLAMA: 1.0}, size=2)
    bare = replace(made, outcomes=tuple(replace(item, metrics={}) for item in made.outcomes))
    assert "nothing but time" in finding.said(Reading(bare))[0]


def test_the_leaderboard_has_intervals_errors_and_cost():
    made = Reading(result({LLAMA: 0.5, LANG: 1.0}, size=60, failing=0.2))
    rows = board.records(made)
    assert "LangChain" in rows[0]["Variant"]  # the best comes first
    assert rows[0]["Failed"].endswith("of\u00a060")
    assert rows[0]["Contains the answer"].startswith("**100.0**  \n:small[")
    assert rows[0]["Cost"] != "–"


def test_a_variant_is_named_by_what_tells_it_from_the_others():
    assert [words.brief(item, DENSE) for item in DENSE] == ["LlamaIndex", "LangChain"]
    assert words.brief(FOUR[2], FOUR) == "LlamaIndex · hybrid"
    assert words.brief(NATIVE[1], (*DENSE, *NATIVE)) == "LangChain · native"


def test_a_difference_of_nothing_has_no_minus():
    assert [words.signed(value) for value in (-0.0004, -0.004, 0.0)] == ["+0.0", "−0.4", "+0.0"]


def test_two_variants_share_what_they_have_in_common():
    llama, lang, hybrid, _ = FOUR
    assert words.pair(llama, lang, FOUR) == "LlamaIndex against LangChain, dense"
    assert words.pair(llama, hybrid, FOUR) == "LlamaIndex, dense against hybrid"
    assert words.pair(llama, lang, DENSE) == "LlamaIndex against LangChain"


def test_the_front_is_drawn_through_what_nothing_beats(four):
    made = points(four.result, "contains")
    front, *engines = speed.figure(four, made)["data"]
    assert front["x"] == sorted(front["x"])
    assert len(front["x"]) == 2  # dense and fast, hybrid and good; the other two are slower and no better
    assert [trace["marker"]["color"] for trace in engines] == [
        palette.engine(name).color for name in ("llamaindex", "langchain")
    ]
    assert speed.said(four, made, "contains") == (
        "LlamaIndex · dense is the fastest, LlamaIndex · hybrid, LangChain · hybrid score highest in "
        "“Contains the answer”; no variant does both"
    )


def test_the_names_of_points_on_a_level_stand_away_from_each_other(four):
    """As with a slow model: the frameworks take a millisecond more or less, whichever is first."""
    made = [
        replace(point, latency_ms=600 + place, quality=0.8, front=False)
        for place, point in enumerate(points(four.result, "contains"))
    ]
    for pair in (made[:2], made[1::-1]):
        drawn = [side for trace in speed.figure(four, pair)["data"][1:] for side in trace["textposition"]]
        assert drawn == ["middle left", "middle right"]


def test_a_click_on_a_point_tells_its_variant(four):
    _, mine, _ = speed.figure(four, points(four.result, "contains"))["data"]
    told = {str(place): value for place, value in enumerate(mine["customdata"][0])}  # as Streamlit gives it
    assert explore.clicked({"customdata": told})[0] in four.variants
    assert explore.clicked({"customdata": list(mine["customdata"][0])})[0] in four.variants


def test_a_difference_that_chance_explains_is_a_hollow_mark(four):
    drawn = pairs.figure(four, four.differences("contains"))["data"][0]["marker"]["symbol"]
    assert {symbol.endswith("-open") for symbol in drawn} == {True, False}
    rows = pairs.records(four, four.differences("contains"))
    assert len([row for row in rows if "none measurable" in row["Difference?"]]) == 2


def test_the_heat_map_puts_the_easiest_first_and_says_what_it_shows(four):
    figure = heat.figure(four, "contains")
    cells = figure["data"][0]["z"]
    assert len(cells) == 4
    assert all(row == sorted(row, reverse=True) for row in cells)
    assert "they differ" in heat.said(four, "contains")


def test_a_failure_is_a_cross_and_never_a_wrong_answer():
    made = Reading(result({LLAMA: 1.0, LANG: 1.0}, size=30, failing=0.3))
    crosses = heat.figure(made, "contains")["data"][-1]
    assert len(crosses["x"]) == made.result.errors
    assert {made.standing(item.question_id, item.variant, "contains") for item in made.result.outcomes} == {
        "right",
        "failed",
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(DIFFER, ["q1", "q2"]), (NEITHER, ["q3", "q4"]), (ONLY_A, ["q1"]), (ONLY_B, ["q2"])],
)
def test_the_filters_part_the_questions(wanted, expected):
    told = [(1, True, True), (1, True, True), (2, True, False), (3, False, True), (4, False, False)]
    made = result({LLAMA: 1, LANG: 1}, size=0)
    outcomes = [
        item
        for place, (_, a, b) in enumerate(told[1:], 0)
        for item in (outcome(place, LLAMA, a), outcome(place, LANG, b))
    ]
    outcomes += [outcome(4, LLAMA, False), outcome(4, LANG, False, error="It failed.")]
    made = replace(made, questions=tuple(map(question, range(5))), outcomes=tuple(outcomes))
    assert explore.chosen(Reading(made), Look(LLAMA.key, LANG.key, "contains"), wanted) == expected


def test_a_right_refusal_counts_where_no_answer_is_wanted():
    made = result({LLAMA: 1, LANG: 1}, size=1)
    one, other = made.outcomes
    made = replace(
        made,
        questions=(question(0, answerable=False),),
        outcomes=(replace(one, metrics={"refusal": 1.0}), replace(other, metrics={"refusal": 0.0})),
    )
    look = Look(LLAMA.key, LANG.key, "contains")
    assert explore.chosen(Reading(made), look, ONLY_A) == ["q0"]


def test_the_two_to_begin_with_differ_in_the_framework_only(four):
    a, b = (four.variants[key] for key in explore.usual(four))
    assert a.engine != b.engine
    assert a.retrieval == b.retrieval


def test_what_was_right_and_wrong_is_told_line_by_line():
    lines = list(detail.verdicts(question(0), outcome(0, LLAMA, False)))
    assert any("holds no accepted answer" in line for line in lines)
    assert any("cites no chunk that holds the answer" in line for line in lines)
    assert any("The right source is at rank 1" in line for line in lines)
    found = Found("c1", right_source=True, right_passage=True, holds_answer=True, cited=True)
    assert "right passage" in detail.badges(found)
    assert "cited" in detail.badges(found)


@pytest.mark.parametrize(
    ("text", "answer", "marked"),
    [
        ("It costs the 14, euros!", "14 Euros", ["14, euros"]),
        ("Refunds are 50% of 150 euros.", "50%", ["50%"]),
        ("About 3,500 people and 3500 dogs", "3500", ["3,500", "3500"]),
        ("nothing here", "14 euros", []),
        ("", "x", []),
    ],
)
def test_an_accepted_answer_is_marked_where_the_metric_finds_it(text, answer, marked):
    assert [text[start:end] for start, end in marking.answer_spans(text, answer)] == marked


def test_marked_text_is_safe_and_keeps_its_lines():
    said = marking.markdown("A [link](http://evil.test)\ncosts 14 euros now", ["14 euros"], ["costs 14euros"])
    assert ":green-background[14 euros]" in said
    assert ":blue-background[costs]" in said
    assert "](http" not in said
    assert "  \n" in said


def test_an_incomplete_run_says_how_far_it_came():
    made = replace(result({LLAMA: 1.0, LANG: 1.0}, size=10), state="cancelled")
    made = replace(made, outcomes=made.outcomes[:7])
    assert "was cancelled: 7 of 20 were asked" in facts.incomplete(made)


def test_the_judge_is_named_with_the_environment():
    plan = Plan(DENSE, judgements=3, judge="a-model at example.test")
    rows = dict(facts.rows(result({LLAMA: 1.0, LANG: 1.0}, size=2, plan=plan)))
    assert rows["Judge"] == "a-model at example.test, 3 judgements of each answer"
    assert rows["Corpus"] == "the corpus as it is: 2 documents, 4 chunks"


def test_the_live_leaderboard_adds_up_to_the_finished_one():
    made = result({LLAMA: 0.5, LANG: 0.8}, size=40, failing=0.1)
    live = Live()
    live.emit(Begun(replace(made, outcomes=made.outcomes[:10])))  # those of an earlier run that is resumed
    for item in made.outcomes[10:]:
        live.emit(Answered(item.question_id, (item,)))
    for line in live.board():
        whole = next(item for item in Reading(made).lines if item.variant == line.variant.key)
        assert line.metrics == pytest.approx({name: whole.metrics[name].mean for name in line.metrics})
        assert (line.errors, line.outcomes) == (whole.errors.errors, whole.outcomes)
    assert running.so_far(live.board(), live.headlines()) == "So far LangChain leads in “Contains the answer”"


def test_every_measured_metric_is_offered(four):
    assert {"contains", "hit@5", "mrr"} <= set(metric_names(four.result))
