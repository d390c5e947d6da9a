"""The Evaluate page: questions, variants and their cost, run, leave, find again, go on, read."""

import asyncio
import time

import pytest

import core
from core import evaluate, history
from core.evaluate.records import Question
from pages.parts.quality import drafts, runs, starting, variants, working
from pages.parts.quality.variants import AS_INDEXED, Fields
from pages.parts.safe_text import JOINER
from tests.pages.conftest import FULL, button, said, texts
from tests.pages.evaluations import DENSE, result

pytestmark = pytest.mark.usefixtures("sample_loaded")

CSV = b"""question,answers,source
How large may the battery of my electric bicycle be?,500 Wh,passenger-and-operations-guide-2026.pdf
,a lost answer,
Which colour has the moon of the eighth planet?,mauve,crew-handbook.md
"""
BOTH = Fields(("llamaindex", "langchain"), ("dense",), ("5",), (AS_INDEXED,), ("controlled",))


def plain(text):
    return text.replace("\\", "").replace(JOINER, "").replace("\u00a0", " ")


def shown(app):
    """Everything that the page says."""
    return plain(texts(app) + said(app) + "".join(item.value for item in (*app.warning, *app.info)))


def until(app, there, seconds=60):
    """Run the page again and again, as its timer does, until it shows what is awaited."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, shown(app)
        time.sleep(0.1)
        app.run()
    return app


def has(app, label):
    return any(item.label.startswith(label) for item in app.button)


def finished(app):
    return until(app, lambda: has(app, "Plan another") and not has(app, "Cancel"))


def uploaded(visit, data=CSV, name="mine.csv"):
    app = visit("evaluate", workspace=FULL)
    app.file_uploader(key="question-file-0").upload(name, data)
    return app.run()


def started(app):
    return app.button(key="start").click().run()


def workspace(name=FULL):
    return core.run(core.Workspace.open(core.Settings.load(), name))


@pytest.fixture
def slow(monkeypatch):
    """An answerer that takes its time, so that a run can be met half way."""
    monkeypatch.setenv("TANDEM_OFFLINE_FIRST_TOKEN_MS", "600")


# Questions


def test_a_file_with_bad_rows_is_listed_run_and_kept_in_the_history(visit):
    app = uploaded(visit)
    assert "Line 3: The question is empty" in shown(app)
    assert "2 questions under 4 variants: 8 retrievals, 8 answers." in shown(app)
    finished(started(app))
    assert not app.exception
    assert "Leaderboard" in [item.value for item in app.subheader]
    assert len(app.table[0].value) == 4
    found = core.run(history.open_history(core.Settings.load())).summary(app.query_params["run"])
    assert (found.kind, found.state, found.name) == ("evaluation", "complete", "mine.csv, 4 variants")


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("torn.csv", b"query;answer\n", "holds no questions"),
        ("torn.json", b'{"a": 1}', "holds no list of questions"),
        ("torn.csv", b"one,two\n1,2\n", "no column “question”"),
    ],
)
def test_a_file_that_holds_nothing_is_one_sentence(visit, name, data, complaint):
    app = uploaded(visit, data, name)
    assert complaint in shown(app)
    assert not app.exception


def test_the_page_leads_to_documents_where_there_are_none(visit):
    app = visit("evaluate", workspace="evaluate-empty")
    assert has(app, "Load the sample and its questions")
    assert has(app, "Add documents")
    button(app, "Load the sample").click().run()
    until(app, lambda: "40 questions under" in shown(app))


def test_a_set_is_saved_chosen_again_and_deleted(visit):
    app = uploaded(visit)
    app.text_input[0].set_value("My set")
    button(app, "Save 2 questions").click().run()
    assert [item.name for item in evaluate.list_sets(workspace())] == ["My set"]
    fresh = visit("evaluate", workspace=FULL)
    fresh.selectbox[0].set_value("set:My set").run()
    assert "2 questions" in shown(fresh)
    fresh.button(key="delete set").click().run()
    assert not evaluate.list_sets(workspace())
    assert "2 questions under" in shown(fresh)  # a slip costs nothing: they stay on the page


def test_questions_are_drafted_read_and_accepted(visit):
    app = visit("evaluate", workspace=FULL)
    app.number_input(key="drafts wanted").set_value(4)
    app.button(key="draft").click().run()
    until(app, lambda: "Read draft 1 of 4" in shown(app))
    assert "4 drafted, not accepted yet" in shown(app)
    assert "4 drafts that nobody has accepted yet run as well" in shown(app)
    app.button(key="accept").click().run()
    app.button(key="delete draft").click().run()
    assert "Read draft 1 of 2" in shown(app)
    button(app, "Accept all 2").click().run()
    assert "drafted" not in shown(app).replace("drafted until", "")
    now = app.session_state["question set"]
    assert len(now.rows) == 3
    assert not drafts.waiting(now)


def test_drafting_can_be_cancelled(visit, monkeypatch):
    async def never(workspace, count):
        await asyncio.sleep(60)

    monkeypatch.setattr(evaluate, "draft_questions", never, raising=False)
    app = visit("evaluate", workspace=FULL)
    app.button(key="draft").click().run()
    button(app, "Cancel").click().run()
    until(app, lambda: not has(app, "Cancel"))
    assert "40 questions under" in shown(app)


def test_rows_of_the_editor_become_questions_or_reasons():
    good = working.blank() | {"question": "Who?", "answers": "Ada | Brandt"}
    odd = working.blank() | {"question": "Why?", "answers": "so", "answerable": False}
    found = working.check([good, working.blank(), odd, dict(good)], core.Settings.load())
    assert [item.answers for item in found.questions] == [("Ada", "Brandt")]
    assert [item.line for item in found.problems] == [3, 4]
    assert "cannot be answered" in found.problems[0].reason
    assert "repeats the question of row 1" in found.problems[1].reason


def test_what_the_table_leaves_empty_is_nothing():
    nan = float("nan")
    row = working.clean(
        {"question": "Who?", "answers": None, "source": nan, "answerable": None, "drafted": nan}
    )
    assert row == working.blank() | {"question": "Who?"}


def test_a_question_survives_the_way_through_the_editor():
    settings = core.Settings.load()
    every = (*evaluate.sample_questions(), Question("x", "A | B?", ("a | b",), drafted=True))
    rows = [working.clean(working.row_of(item)) for item in every]
    assert working.check(rows, settings) == working.Checked(every)


# Variants


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 2),
        ({"retrievals": ("dense", "mmr"), "top_ks": ("3", "5")}, 8),
        ({"chunks": (AS_INDEXED, "500", "800/80")}, 6),
        ({"modes": ("controlled", "native"), "top_ks": ("3", "5")}, 6),  # native has one top-k: its own
        ({"engines": ("langchain",), "chunks": ()}, 1),
    ],
)
def test_the_widgets_make_a_grid(changes, expected):
    usual = evaluate.Defaults(core.Settings.load(), hybrid=True)
    fields = Fields(**{**BOTH.__dict__, **changes})
    assert len(variants.grid_of(fields, usual).variants) == expected


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"engines": ()}, "Choose at least one framework."),
        ({"modes": ()}, "Choose at least one mode."),
        ({"top_ks": ("many",)}, "k=many is not a top-k"),
        ({"chunks": ("7",)}, "is not a chunk size"),
        ({"retrievals": ("hybrid",), "modes": ("native",)}, "Native mode has no hybrid retrieval"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_with_the_reason(changes, complaint):
    usual = evaluate.Defaults(core.Settings.load(), hybrid=True)
    with pytest.raises(core.UsageError, match=complaint):
        variants.grid_of(Fields(**{**BOTH.__dict__, **changes}), usual)


def test_the_cost_follows_the_widgets_and_tells_what_is_indexed_first(visit):
    app = visit("evaluate", workspace=FULL)
    assert "40 questions under 4 variants: 160 retrievals, 160 answers." in shown(app)
    app.segmented_control(key="ev-what").set_value(variants.RETRIEVAL).run()
    assert "160 retrievals, no model calls." in shown(app)
    app.multiselect(key="ev-chunks").set_value([AS_INDEXED, "500"]).run()
    assert "320 retrievals" in shown(app)
    assert "First, 6 documents are indexed as chunks of 500 characters" in shown(app)


def test_without_a_language_model_there_is_no_judge_and_that_is_said(visit):
    app = visit("evaluate", workspace=FULL)
    assert "No judge: faithfulness, relevancy and correctness need a language model" in shown(app)
    assert not [item for item in app.number_input if item.key == "ev-judgements"]


def test_with_a_language_model_the_judge_is_named_and_its_calls_are_counted(visit, monkeypatch):
    endpoint = workspace().model.endpoint  # the built-in one, met as any other endpoint is
    monkeypatch.setenv("TANDEM_MODEL_BASE_URL", endpoint.base_url)
    monkeypatch.setenv("TANDEM_MODEL_KEY", endpoint.key)
    monkeypatch.setenv("TANDEM_EMBEDDING_BASE_URL", "offline")
    app = visit("evaluate", workspace="evaluate-judge")
    button(app, "Load the sample").click().run()
    until(app, lambda: "40 questions under" in shown(app))
    assert "The judge is " in shown(app)
    assert "127.0.0.1" in shown(app)
    app.number_input(key="ev-judgements").set_value(2).run()
    assert "judgements." in shown(app)


# Runs


def test_a_run_is_found_again_and_cancelling_keeps_what_was_answered_to_go_on(visit, slow, monkeypatch):
    app = started(visit("evaluate", workspace=FULL))
    run_id = app.query_params["run"]
    app.switch_page("pages/settings.py").run()
    app.switch_page("pages/evaluate.py").run()
    until(app, lambda: "So far" in shown(app))
    reloaded = visit("evaluate", workspace=FULL, run=run_id)
    button(reloaded, "Cancel").click().run()
    finished(reloaded)
    assert "This evaluation was cancelled: " in shown(reloaded)
    kept = runs._runs()[run_id].result
    assert 0 < len(kept.outcomes) < 160
    monkeypatch.delenv("TANDEM_OFFLINE_FIRST_TOKEN_MS")
    runs._runs().pop(run_id)  # as in another process: only the history knows it
    again = visit("evaluate", workspace=FULL, run=run_id)
    again.button(key="go on").click().run()
    finished(again)
    whole = runs._runs()[run_id].result
    assert (whole.state, len(whole.outcomes)) == ("complete", 160)
    assert all(item in whole.outcomes for item in kept.outcomes)  # nothing was asked twice


def test_another_workspace_can_neither_see_nor_cancel_a_run(visit, slow):
    mine = started(visit("evaluate", workspace=FULL))
    run_id = mine.query_params["run"]
    other = visit("evaluate", workspace="evaluate-other", run=run_id)
    assert not has(other, "Cancel")
    runs._runs()[run_id].job.cancel()
    assert runs._runs()[run_id].job.wait(20)


def test_whoever_goes_on_with_what_goes_on_already_is_shown_that(visit, slow):
    run_id = started(visit("evaluate", workspace=FULL)).query_params["run"]
    run = runs._runs()[run_id]
    assert runs.start(workspace(), run.order, go_on=run_id) == run_id
    assert runs._runs()[run_id] is run  # and can still be cancelled
    run.job.cancel()
    assert run.job.wait(20)


def test_a_run_that_is_nowhere_is_one_sentence_with_a_way_on(visit):
    app = visit("evaluate", workspace=FULL, run="0" * 32)
    assert "There is no such run" in shown(app)
    button(app, "Plan another").click().run()
    assert "40 questions under" in shown(app)


def test_what_failed_can_be_asked_again(visit, monkeypatch):
    asked = []
    monkeypatch.setattr(starting, "start", lambda *given, **how: asked.append(how))
    app = visit("evaluate", workspace="evaluate-failed", run=stored("evaluate-failed", failing=0.3))
    app.button(key="ask again").click().run()
    assert asked[0]["retry_failed"]
    assert asked[0]["go_on"] == app.query_params["run"]


# Results


def stored(name, **how):
    """The id of a made-up evaluation in the history."""
    made = result({DENSE[0]: 0.4, DENSE[1]: 0.8}, size=40, workspace=name, run_id=history.new_run_id(), **how)
    opened = core.run(history.open_history(core.Settings.load()))
    core.run(evaluate.store_evaluation(opened, made, name="Made up"))
    return made.run_id


def test_the_filter_leaves_the_questions_on_which_the_two_disagree(visit):
    app = visit("evaluate", workspace="evaluate-made", run=stored("evaluate-made"))
    assert "LangChain answers better than LlamaIndex" in shown(app)
    control = next(item for item in app.segmented_control if "ev-filter" in item.key)
    control.set_value("Only A right").run()  # A is the better one
    assert "of 40" not in shown(app).split("questions")[-1]
    assert "The answer holds an accepted answer" in shown(app)
    assert "The answer holds no accepted answer" in shown(app)
    control = next(item for item in app.segmented_control if "ev-filter" in item.key)
    control.set_value("Only B right").run()
    assert "There is no question that only B gets right" in shown(app)


def test_the_next_question_is_one_click_away(visit):
    app = visit("evaluate", workspace="evaluate-made", run=stored("evaluate-made", seed=2))
    assert "What does ticket number 0 cost?" in shown(app)
    button(app, "Next").click().run()
    assert "2 of 40 questions" in shown(app)
    assert "What does ticket number 1 cost?" in shown(app)


def test_a_failure_is_shown_where_it_happened(visit):
    app = visit("evaluate", workspace="evaluate-made", run=stored("evaluate-made", failing=1.0, seed=3))
    assert shown(app).count("The model did not answer in time.") >= 2
    assert not app.exception


def test_a_source_that_is_no_document_is_told_before_anything_is_asked(visit):
    app = uploaded(visit, b"question,answers,source\nWho?,Ada,folder/crew-handbook.md\nWhy?,so,lost.pdf\n")
    assert "1 source not among the documents, such as “lost.pdf”" in shown(app)
