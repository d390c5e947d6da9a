"""Runs are kept as they were, found again, and removed."""

import multiprocessing
from dataclasses import replace

import pytest

from core.bench.records import Verdict
from core.errors import StorageError, UsageError
from core.history import History, NewRun, new_run_id
from core.settings import Settings
from tests.core.history.synthetic import result

OWNER = "elsewhere 1|77|12345|me"


def begin(history, *, owner=OWNER, **fields):
    """A run that goes on."""
    given = {"run_id": new_run_id(), "kind": "benchmark", "name": "A run", "config": {}, **fields}
    with history.write() as writer:
        writer.begin(NewRun(**given), owner)
    return given["run_id"]


def names(page):
    return [run.name for run in page.runs]


def test_a_run_comes_back_as_it_was_with_every_sample(history):
    stored = result(warnings=("The rounds vary — 20 %.",))
    run_id = history.add(stored)
    found = history.result(run_id)
    assert found.to_json(samples=True) == replace(stored, run_id=run_id).to_json(samples=True)
    assert len(found.cells[0].rounds[0].samples) == 100


def test_without_samples_all_figures_are_there(history):
    run_id = history.add(result())
    found = history.result(run_id, samples=False)
    assert found.to_json() == history.result(run_id).to_json()
    assert len(found.cells[0].rounds[0].samples) == 0


def test_ids_cannot_be_guessed(history):
    ids = {history.add(result()) for _ in range(3)}
    assert len(ids) == 3
    assert all(len(run_id) == 32 for run_id in ids)


def test_the_list_is_newest_first_by_page_and_says_how_many_there_are(history):
    for hour in (10, 12, 11):
        history.add(replace(result(name=f"At {hour}"), started_at=f"2026-11-20T{hour}:00:00+00:00"))
    first = history.runs(limit=2)
    assert (names(first), first.total) == (["At 12", "At 11"], 3)
    assert names(history.runs(offset=2, limit=2)) == ["At 10"]
    line = first.runs[0]
    assert (line.state, line.cells, line.finished, line.seconds) == ("complete", 3, 3, 12.5)
    assert line.headline == "bare pymilvus search: asyncio wins."


def test_a_line_of_the_list_tells_a_finding_and_not_what_holds_for_every_run_on_this_milvus(history):
    told = (Verdict("backend", "It runs inside this process."), Verdict("winner", "Batch wins."))
    history.add(replace(result(), verdict=told))
    history.add(replace(result(), verdict=told[:1]))
    assert {line.headline for line in history.runs().runs} == {"Batch wins.", "It runs inside this process."}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"workspace": "w"}, {"Mine", "Vote"}),
        ({"kinds": ("vote", "evaluation")}, {"Vote"}),
        ({"states": ("running",)}, {"Vote"}),
        ({"search": "100%"}, {"Theirs 100%"}),
        ({"search": "LUNCH"}, {"Mine"}),
        ({"search": "\0"}, {"Mine", "Theirs 100%", "Vote"}),
    ],
    ids=["workspace", "kind", "state", "a name with a wildcard", "a note", "nothing"],
)
def test_the_list_is_filtered(history, filters, expected):
    history.add(result(name="Mine"), workspace="w", note="before lunch")
    history.add(result(name="Theirs 100%"), workspace="v")
    begin(history, kind="vote", name="Vote", workspace="w")
    assert set(names(history.runs(**filters))) == expected


def test_a_run_is_renamed_and_annotated(history):
    run_id = history.add(result())
    history.rename(run_id, "  After the\n upgrade \0")
    history.annotate(run_id, "two lines\nof a note 🎉\0")
    found = history.summary(run_id)
    assert (found.name, found.note) == ("After the upgrade", "two lines\nof a note 🎉")
    assert history.result(run_id).plan.name == "After the upgrade"


@pytest.mark.parametrize("name", ["", " \n\0", "x" * 201], ids=["empty", "blank", "long"])
def test_a_name_that_is_none_is_refused(history, name):
    run_id = history.add(result())
    with pytest.raises(UsageError, match="name"):
        history.rename(run_id, name)
    assert history.summary(run_id).name == "Searches"


def test_deleting_removes_all_of_a_run_and_nothing_of_another(history):
    gone, kept = history.add(result()), history.add(result())
    history.delete([gone])
    with pytest.raises(UsageError, match="no such run"):
        history.result(gone)
    assert len(history.result(kept).cells[2].rounds[4].samples) == 100
    with history._engine.connect() as connection:
        for table in ("tandem_run_cells", "tandem_run_rounds"):
            found = connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE run_id = '{gone}'")
            assert found.scalar() == 0


def test_a_run_that_goes_on_is_not_deleted(history):
    done, going = history.add(result()), begin(history)
    with pytest.raises(UsageError, match="still goes on"):
        history.delete([done, going])
    assert history.runs().total == 2


def test_a_run_whose_process_fell_silent_is_incomplete(history, monkeypatch):
    from core.history import store

    run_id, now = begin(history), store.time()
    assert history.summary(run_id).state == "running"
    monkeypatch.setattr(store, "time", lambda: now + 61)
    assert history.summary(run_id).state == "incomplete"
    assert "ended before the run did" in history.runs(states=("incomplete",)).runs[0].warnings[0]


def test_a_run_that_was_only_slow_is_running_again_with_its_next_sign_of_life(history, monkeypatch):
    from core.history import store

    run_id, now = begin(history), store.time()
    with monkeypatch.context() as patch:
        patch.setattr(store, "time", lambda: now + 61)
        assert history.summary(run_id).state == "incomplete"
    with history.write() as writer:
        writer.alive(run_id)
    assert history.summary(run_id).state == "running"


def test_on_a_terminal_the_beginning_of_an_id_is_enough(history):
    old = history.add(replace(result(), started_at="2026-01-01T10:00:00+00:00"))
    new = history.add(result())
    assert history.find(old[:12]) == old
    assert history.find("latest") == new
    for text in ("", "zz", "%"):
        with pytest.raises(UsageError):
            history.find(text)


def test_what_a_database_cannot_hold_is_stored_as_nothing(history):
    run_id = begin(
        history, name="half \ud83d", environment={"rtt_ms": float("nan"), "nested": [float("inf"), 1.5, "\0"]}
    )
    assert history.summary(run_id).environment == {"rtt_ms": None, "nested": [None, 1.5, ""]}


def test_runs_of_other_kinds_are_kept_with_their_parts_and_are_no_benchmarks(history):
    run_id = begin(history, kind="evaluation", cells={"dense": {"top_k": 5}, "hybrid": {}})
    with history.write() as writer:
        writer.round(run_id, "dense", 1, {"question": "Why?", "hit": True})
        writer.cell(run_id, "dense", {"top_k": 5, "hit@5": 1.0}, 0)
    dense, hybrid = history.stored(run_id).cells
    assert (dense.finished, dense.rounds[0].data["hit"], hybrid.finished) == (True, True, False)
    with pytest.raises(UsageError, match="is no benchmark"):
        history.result(run_id)


def test_a_run_of_a_later_version_is_not_misread(history):
    run_id = history.add(replace(result(), schema_version=99))
    with pytest.raises(UsageError, match="later Tandem"):
        history.result(run_id)


def _open(settings, barrier):
    barrier.wait()
    History.open(settings).runs()


def test_many_processes_may_create_the_history_at_once(settings):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    workers = [context.Process(target=_open, args=(settings, barrier)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert [worker.exitcode for worker in workers] == [0] * 4


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "history.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match=r"The history .*history.db is damaged: move it away and go on"):
        History.open(Settings.load({"home": tmp_path}))
