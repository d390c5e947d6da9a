"""The Benchmark page: plan, run, leave, find again, cancel, read."""

import time

import pytest

import core
from core import bench, history
from core.bench.plan import Plan
from pages.parts.lab import builder, estimates, presets, runs, starting
from pages.parts.safe_text import JOINER
from tests.pages.benchmarks import INSERTS, run
from tests.pages.conftest import button, said, texts

TINY = {
    "frameworks": ["pymilvus"],
    "operations": ["search"],
    "modes": ["sequential", "asyncio"],
    "counts": ["12"],
    "rounds": 2,
    "rows": 20,
    "dimension": 8,
    "warmup_calls": 0,
    "name": "Tiny",
}
LONG = {**TINY, "counts": ["400"], "rounds": 100, "name": "Long"}


@pytest.fixture(autouse=True)
def _no_probes(monkeypatch):
    """Probing every preset takes seconds, and would go on into the next test."""
    monkeypatch.setattr(estimates, "probe", lambda workspace, plans: None)


def plain(text):
    return text.replace("\\", "").replace(JOINER, "")


def started(visit, fields, workspace):
    """The page of a plan that has just been started in the builder."""
    app = visit("benchmark", workspace=workspace)
    builder_fields = {**builder._fields(Plan.make()), **fields}
    app.session_state["plan fields"] = builder_fields
    app.segmented_control(key=builder.VIEW).set_value(builder.BUILD).run()
    return app.button(key="start").click().run()


def until(app, label):
    """Run the page again and again, as its timer does, until it has this button."""
    return until_true(app, lambda: any(item.label.startswith(label) for item in app.button))


def until_true(app, there, seconds=40):
    """Run the page again and again until it shows what is awaited."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, texts(app) + said(app)
        time.sleep(0.1)
        app.run()
    return app


def bars(app):
    return [item.proto.text for item in app.get("progress")]


def test_a_plan_is_run_to_its_verdict_and_kept_in_the_history(visit):
    app = started(visit, TINY, "bench-whole")
    run_id = app.query_params["run"]
    until(app, "Run it again")
    assert not app.exception
    shown = plain(texts(app))
    assert "Tiny" in [plain(item.value) for item in app.subheader]
    assert "pymilvus search" in shown
    assert "Milvus Lite runs inside this process" in plain("".join(item.value for item in app.info))
    stored = core.run(history.open_history(core.Settings.load())).summary(run_id)
    assert (stored.state, stored.workspace, stored.name) == ("complete", "bench-whole", "Tiny")


def test_a_run_is_found_again_after_leaving_and_after_a_reload_and_ends_within_a_second(visit):
    app = started(visit, LONG, "bench-long")
    run_id = app.query_params["run"]
    app.switch_page("pages/settings.py").run()
    app.switch_page("pages/benchmark.py").run()
    assert button(app, "Cancel")
    reloaded = visit("benchmark", workspace="bench-long", run=run_id)
    assert button(reloaded, "Cancel")
    begun = runs._runs()[run_id]
    button(reloaded, "Cancel").click().run()
    cancelled = time.monotonic()
    while begun.active:
        time.sleep(0.02)
    assert time.monotonic() - cancelled < 3  # a second on a machine of one's own
    until(reloaded, "Plan another")


def test_a_second_run_waits_and_sees_its_place(visit):
    first, second = started(visit, LONG, "bench-first"), started(visit, LONG, "bench-second")
    until_true(second, lambda: any("it is next" in text for text in bars(second)))
    for app in (second, first):
        runs._runs()[app.query_params["run"]].job.cancel()
    for app in (second, first):
        runs._runs()[app.query_params["run"]].job.wait(20)


def test_another_workspace_can_neither_see_nor_cancel_a_run(visit):
    mine = started(visit, LONG, "bench-mine")
    run_id = mine.query_params["run"]
    other = visit("benchmark", workspace="bench-other", run=run_id)
    assert not any(item.label == "Cancel" for item in other.button)
    runs._runs()[run_id].job.cancel()
    assert runs._runs()[run_id].job.wait(20)


def test_a_run_that_is_nowhere_is_one_sentence_with_a_way_on(visit):
    app = visit("benchmark", workspace="bench-none", run="0" * 32)
    assert "There is no such run" in said(app)
    button(app, "Plan another").click().run()
    assert any("Quick look" in item.value for item in app.markdown)


def test_every_preset_says_what_it_costs_before_it_starts(visit):
    app = visit("benchmark", workspace="bench-presets")
    shown = plain(texts(app))
    for preset in bench.PRESETS.values():
        assert preset.title in shown
    assert len([part for part in app.caption if " calls · " in part.value]) == len(bench.PRESETS)


def test_the_cost_follows_the_builder_and_what_cannot_be_done_is_told(visit):
    app = visit("benchmark", workspace="bench-builder")
    app.segmented_control(key=builder.VIEW).set_value(builder.BUILD).run()
    before = next(item.value for item in app.markdown if " calls · " in item.value)
    app.number_input(key="plan-rounds").set_value(2).run()
    after = next(item.value for item in app.markdown if " calls · " in item.value)
    assert before != after
    assert "× 2 rounds" in after
    assert "Not measured (no batch API): llamaindex.query.batch" in plain(texts(app))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"counts": ["many"]}, "Calls in a round: 'many' is not a number"),
        ({"counts": ["1000000"]}, "counts: 1000000 is not between"),
        ({"modes": []}, "modes"),
        ({"loads": ["fast"]}, 'must look like "200/s" or "70%"'),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_reason(fields, complaint):
    with pytest.raises(core.UsageError, match=None) as caught:
        builder.plan_of({**builder._fields(Plan.make()), **fields})
    assert complaint in str(caught.value)


def test_a_preset_survives_the_way_through_the_builder():
    for preset in bench.PRESETS.values():
        plan = preset.plan()
        again = builder.plan_of(builder._fields(plan))
        same = {"name", "preset", "operations"}
        assert again.model_dump(exclude=same) == plan.model_dump(exclude=same)


def test_an_added_round_trip_keeps_a_presets_own_comparison():
    tutorial, why = (bench.PRESETS[name] for name in ("llamaindex-tutorial", "why-async-wins"))
    assert presets._plan(tutorial, None, 50.0).rtts_ms == (50.0,)
    assert presets._plan(why, 30.0, 100.0).rtts_ms == (0.0, 100.0)
    assert presets._plan(why, 30.0, None).time_budget_s == 30.0


def test_a_server_elsewhere_is_asked_for_first(visit, monkeypatch):
    begun = []
    monkeypatch.setattr(starting, "_begin", lambda workspace, plan: begun.append(plan))
    monkeypatch.setattr("core.milvus.address.Address.local", property(lambda address: False))
    app = visit("benchmark", workspace="bench-remote")
    button(app, "Run").click().run()
    asked = plain(texts(app))
    assert "operations" in asked
    assert "drops them at the end" in asked
    assert button(app, "Measure it")
    assert not begun


def test_leftovers_of_a_killed_run_are_offered_and_removed(visit):
    app = visit("benchmark", workspace="bench-leftovers")
    backend = app.session_state["tandem"].opened[1].backend
    from core.bench.staging import PREFIX, _host

    name = f"{PREFIX}h{_host()}_p1_t1_1"  # no process 1 of today is the one of 1970
    backend.controlled.sync.create_collection(name, dimension=4)
    app.session_state["leftovers"] = None
    app.run()
    assert "left 1 temporary collection" in plain(texts(app))
    button(app, "Remove them").click().run()
    assert not backend.has(name)
    assert "temporary collection" not in plain(texts(app))


def test_what_a_run_found_before_it_failed_is_shown_with_the_failure(visit, monkeypatch):
    app = visit("benchmark", workspace="bench-failed")
    opened = core.run(history.open_history(core.Settings.load()))
    run_id = opened.add(
        run(INSERTS, state="incomplete", warnings=("Milvus went away.",)), workspace="bench-failed"
    )
    app.query_params["run"] = run_id
    app.run()
    warning = plain("".join(item.value for item in app.warning))
    assert "did not come to its end" in warning
    assert "Milvus went away" in warning


def test_a_preset_promises_as_many_cells_as_its_run_will_list(visit):
    app = visit("benchmark", workspace="benchmark-cells")
    # Two frameworks have no search by the batch: their cells say so in the run.
    assert "24 cells × 5 rounds" in plain(texts(app))
