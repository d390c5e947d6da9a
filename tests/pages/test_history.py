"""The History page: every run, to be opened, named, compared, deleted, sent and received."""

import json
from dataclasses import replace

import pytest

import core
from core import evaluate, history
from core.bench.plan import Plan
from pages.parts.lab import exporting, listing
from pages.parts.safe_text import JOINER
from tests.core.evaluate.synthetic import VARIANTS, evaluated
from tests.pages.benchmarks import INSERTS, SEARCHES, run
from tests.pages.conftest import button, said, texts


def plain(text):
    return text.replace("\\", "").replace(JOINER, "")


def opened():
    return core.run(history.open_history(core.Settings.load()))


def add(workspace, name="Mine", cells=INSERTS, **more):
    plan = Plan.make(name=name, **more.pop("fields", {}))
    return opened().add(run(cells, plan=plan, **more), workspace=workspace)


def add_evaluation(workspace, name="Quality", share=None, **more):
    result = evaluated(share, run_id=history.new_run_id(), workspace=workspace, **more)
    return evaluate.add_evaluation(opened(), result, name=name)


def made(kind, form, result, **about):
    return core.kinds.KINDS[kind].forms[form].make(result, core.kinds.About(**about))


def names(app):
    return [item.label for item in app.button if item.key and item.key.startswith("open-")]


def test_an_empty_history_says_what_to_do(visit):
    app = visit("history", workspace="history-empty")
    assert "There is no run yet" in texts(app)
    assert "every evaluation and every blind vote" in texts(app)


def test_runs_are_listed_newest_first_and_only_to_their_workspace(visit):
    add("history-list", "Older")
    newer = replace(run(INSERTS, plan=Plan.make(name="Newer")), started_at="2026-02-01T12:00:00+00:00")
    opened().add(newer, workspace="history-list")
    assert names(visit("history", workspace="history-list")) == ["**Newer**", "**Older**"]
    assert names(visit("history", workspace="history-elsewhere")) == []


def test_the_list_is_narrowed_by_name_and_state_and_says_so_when_nothing_fits(visit):
    add("history-filter", "Whole")
    add("history-filter", "Torn", state="incomplete")
    app = visit("history", workspace="history-filter")
    app.button_group(key="history-states").set_value(["incomplete"]).run()
    assert names(app) == ["**Torn**"]
    app.text_input(key="history-search").set_value("whole").run()
    assert "No run fits" in texts(app)
    app.button_group(key="history-states").set_value([]).run()
    assert names(app) == ["**Whole**"]


def test_a_run_opens_by_click_and_by_address_and_shows_its_verdict(visit):
    run_id = add("history-open", cells=SEARCHES)
    app = visit("history", workspace="history-open")
    button(app, "**Mine**").click().run()
    assert app.query_params["run"] == run_id
    by_address = visit("history", workspace="history-open", run=run_id)
    for page in (app, by_address):
        assert not page.exception
        assert "34 times as fast" in plain(texts(page))


def test_an_incomplete_run_is_marked_with_the_reason(visit):
    why = "The process of this run ended before the run did."
    run_id = add("history-torn", state="incomplete", warnings=(why,))
    app = visit("history", workspace="history-torn")
    assert "incomplete" in texts(app)
    app.query_params["run"] = run_id
    app.run()
    assert why in plain("".join(item.value for item in app.warning))


def test_a_run_is_renamed_and_gets_a_note(visit):
    run_id = add("history-rename")
    app = visit("history", workspace="history-rename", run=run_id)
    next(item for item in app.text_input if item.label == "Name").set_value("Before the move")
    next(item for item in app.text_area if item.label == "Note").set_value("On the *old* server")
    button(app, "Save").click().run()
    summary = opened().summary(run_id)
    assert (summary.name, summary.note) == ("Before the move", "On the *old* server")
    assert "Before the move" in "".join(item.value for item in app.subheader)
    assert "On the *old* server" in plain(texts(app))


def test_an_empty_name_is_refused_with_a_reason(visit):
    run_id = add("history-noname")
    app = visit("history", workspace="history-noname", run=run_id)
    next(item for item in app.text_input if item.label == "Name").set_value(" ")
    button(app, "Save").click().run()
    assert "A run needs a name" in said(app)


def test_deleting_asks_first(visit):
    """The dialog's own button is pressed in tests/browser/test_benchmark.py: AppTest cannot."""
    run_id = add("history-delete")
    app = visit("history", workspace="history-delete", run=run_id)
    button(app, "Delete…").click().run()
    assert "cannot be brought back" in texts(app)
    assert opened().summary(run_id)


def test_two_runs_are_compared_from_the_list_the_newer_with_the_older(visit):
    old = add("history-two")
    slower = [
        replace(cell, rounds=tuple(replace(item, seconds=item.seconds * 2) for item in cell.rounds))
        for cell in INSERTS
    ]
    new = opened().add(
        replace(run(slower, plan=Plan.make(name="Mine")), started_at="2026-02-01T12:00:00+00:00"),
        workspace="history-two",
    )
    app = visit("history", workspace="history-two")
    for run_id in (new, old):
        app.checkbox(key=f"tick-{run_id}").check().run()
    button(app, "Compare the two").click().run()
    assert (app.query_params["run"], app.query_params["with"]) == (new, old)
    assert "Of 3 cells in both runs: 3 slower" in plain(texts(app))
    assert "Mine** (2026-02-01 12:00 UTC) against the earlier **Mine** (" in plain(texts(app))


def test_runs_of_different_work_are_not_compared_and_the_reason_is_told(visit):
    old, new = add("history-refuse"), add("history-refuse", fields={"dimension": 8})
    app = visit("history", workspace="history-refuse", run=new)
    app.query_params["with"] = old
    app.run()
    refused = plain("".join(item.value for item in app.warning))
    assert "dimension 768 against 8" in refused


def test_somebody_elses_run_can_be_read_by_its_address_and_not_changed(visit):
    run_id = add("history-theirs")
    app = visit("history", workspace="history-mine", run=run_id)
    assert not said(app)
    labels = [item.label for item in app.button]
    assert "Save" not in labels
    assert "Delete…" not in labels


def test_a_run_that_was_deleted_is_one_sentence(visit):
    app = visit("history", workspace="history-gone", run="f" * 32)
    assert "There is no such run" in said(app)
    button(app, "All runs").click().run()
    assert not app.error


def test_what_is_exported_can_be_imported_and_is_marked(visit):
    result = run(INSERTS)
    file = made("benchmark", "json", result, note="from Ada")
    app = visit("history", workspace="history-import")
    app.file_uploader(key="import-0").upload("run.json", file.encode()).run()
    assert not app.exception
    summary = opened().summary(app.query_params["run"])
    assert (summary.imported, summary.note, summary.workspace) == (True, "from Ada", "history-import")
    assert "This run was made elsewhere" in texts(app)


@pytest.mark.parametrize("data", [b"not json", b"{}", json.dumps({"schema_version": 99}).encode()])
def test_a_file_that_holds_no_run_is_refused_with_a_sentence(visit, data):
    app = visit("history", workspace="history-bad")
    app.file_uploader(key="import-0").upload("run.json", data).run()
    assert not app.exception
    assert "file" in said(app)


@pytest.mark.parametrize("suffix", ["json", "csv", "html"])
def test_a_run_becomes_a_file_in_each_form(suffix):
    result = replace(run(SEARCHES), plan=Plan.make(name="Quick look: Ada's"))
    assert "llamaindex" in made("benchmark", suffix, result).lower()
    assert exporting.file_name(result.plan.name, result.started_at) == "tandem-quick-look-ada-s-2026-01-31"


def test_names_and_notes_of_others_cannot_act_on_the_page(visit):
    evil = "![x](https://evil.test/x.png) <b>bold</b> :red[red]"
    plan = Plan.make(name=evil)
    opened().add(run(INSERTS, plan=plan), workspace="history-evil", note=evil, imported=True)
    shown = texts(visit("history", workspace="history-evil"))
    assert "![x](" not in shown
    assert "<b>" not in shown.replace(JOINER, "!")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (600, "10 min ago"), (7200, "2 h ago")],
    ids=["now", "minutes", "hours"],
)
def test_how_long_ago_is_said_as_people_do(seconds, said):
    import time

    assert listing.ago(time.time() - seconds) == said


# Evaluations


def test_benchmarks_and_evaluations_stand_in_one_list_with_what_each_consists_of(visit):
    add("history-both", "Speed")
    add_evaluation("history-both")
    app = visit("history", workspace="history-both")
    assert set(names(app)) == {"**Speed**", "**Quality**"}
    assert "40 questions × 4 variants" in texts(app)
    assert "3 cells" in texts(app)
    assert "no measurable difference between LlamaIndex and LangChain" in plain(texts(app))
    kinds = app.button_group(key="history-kinds")
    assert [option.split()[-1] for option in kinds.options] == ["Benchmarks", "Evaluations", "Votes"]
    kinds.set_value(["evaluation"]).run()
    assert names(app) == ["**Quality**"]


def test_an_evaluation_opens_by_click_and_by_address_and_is_renamed(visit):
    run_id = add_evaluation("history-evaluation")
    app = visit("history", workspace="history-evaluation")
    button(app, "**Quality**").click().run()
    by_address = visit("history", workspace="history-evaluation", run=run_id)
    for page in (app, by_address):
        assert not page.exception
        assert page.query_params["run"] == run_id
        assert "Quality" in "".join(item.value for item in page.subheader)
    next(item for item in by_address.text_input if item.label == "Name").set_value("Before the move")
    button(by_address, "Save").click().run()
    assert opened().summary(run_id).name == "Before the move"
    assert "Before the move" in "".join(item.value for item in by_address.subheader)


def test_an_evaluation_that_was_cancelled_says_how_far_it_came(visit):
    half = evaluated().outcomes[:80]
    run_id = add_evaluation("history-half", state="cancelled", outcomes=half)
    app = visit("history", workspace="history-half", run=run_id)
    assert "80 of 160 answers are there" in plain("".join(item.value for item in app.warning))


def test_two_evaluations_are_compared_from_the_list_and_say_what_became_worse(visit):
    old = add_evaluation("history-quality")
    later = "2026-11-21T10:00:00+00:00"
    new = add_evaluation("history-quality", share={VARIANTS[2].key: 0.3}, started_at=later)
    app = visit("history", workspace="history-quality")
    for run_id in (new, old):
        app.checkbox(key=f"tick-{run_id}").check().run()
    button(app, "Compare the two").click().run()
    assert not app.exception
    assert (app.query_params["run"], app.query_params["with"]) == (new, old)
    assert "4 variants in both evaluations, 4 metrics: 4 worse, 12 no measurable" in plain(texts(app))


def test_a_benchmark_and_an_evaluation_are_not_compared_and_the_reason_is_told(visit):
    old, new = add("history-mixed"), add_evaluation("history-mixed")
    app = visit("history", workspace="history-mixed", run=new)
    app.query_params["with"] = old
    app.run()
    assert "compare runs of one kind" in plain("".join(item.value for item in app.warning))


def test_an_evaluation_that_was_exported_is_imported_and_marked(visit):
    file = made("evaluation", "json", evaluated(), name="From Ada", note="*new* chunks")
    app = visit("history", workspace="history-received")
    app.file_uploader(key="import-0").upload("run.json", file.encode()).run()
    assert not app.exception
    summary = opened().summary(app.query_params["run"])
    assert (summary.kind, summary.imported, summary.name) == ("evaluation", True, "From Ada")
    assert summary.workspace == "history-received"
    assert "*new* chunks" in plain(texts(app))


def test_every_kind_can_be_drawn_and_leaves_in_each_of_its_forms():
    from pages.parts.lab import faces

    assert faces.FACES.keys() == core.kinds.KINDS.keys()
    for form in core.kinds.KINDS["evaluation"].forms:
        assert "llamaindex" in made("evaluation", form, evaluated()).lower()
