"""A benchmark is stored while it goes on; whatever happens to the database, the benchmark goes on."""

import asyncio
import itertools
import json
import multiprocessing
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from core.bench.events import CellFinished, RoundFinished, RunFinished, RunStarted, Warned
from core.errors import UsageError
from core.history import History, Recorder, recorder, run_recorded
from core.loop import run as run_on_loop
from core.milvus import Backend
from core.settings import Settings
from tests.core.history.synthetic import events, result

KILLED = """
import asyncio, sys
from core.history import History, Recorder
from core.settings import Settings
from tests.core.history.synthetic import events, result

async def main():
    history = History.open(Settings.load({"home": sys.argv[1], "database_url": sys.argv[2]}))
    async with Recorder(history, lambda event: None) as recorder:
        for event in list(events(result()))[: int(sys.argv[3])]:
            recorder.emit(event)
        while recorder._pending:
            await asyncio.sleep(0.01)
        print(recorder.run_id, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def listen(history, told, wanted, **options):
    """Record these events; the recorder, when it is done."""
    async with Recorder(history, told.append, **options) as listening:
        for event in wanted:
            listening.emit(event)
    return listening


def warnings(told):
    return [event.text for event in told if isinstance(event, Warned)]


def killed_after(settings, count):
    """The id of a run whose process was killed when so many events were stored."""
    command = [sys.executable, "-c", KILLED, str(settings.home), settings.database_url, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        run_id = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    return run_id


def test_what_was_told_is_what_is_kept(history):
    told, wanted = [], result(warnings=("Noisy.",))
    listening = asyncio.run(listen(history, told, events(wanted), workspace="w", note="why"))
    found = history.result(listening.run_id)
    assert found.to_json(samples=True) == replace(wanted, run_id=listening.run_id).to_json(samples=True)
    assert history.runs(workspace="w").runs[0].note == "why"
    assert told == list(events(wanted))
    assert listening.trouble == ""


def test_rounds_and_cells_are_there_while_the_run_goes_on(history):
    async def watched():
        async with Recorder(history, lambda event: None) as listening:
            counts = []
            for event in events(result()):
                listening.emit(event)
                if isinstance(event, RoundFinished | CellFinished):
                    await stored(listening)
                    run = history.result(listening.run_id)
                    done = history.summary(listening.run_id)
                    counts.append((sum(len(cell.rounds) for cell in run.cells), done.finished, done.state))
            return counts

    counts = asyncio.run(watched())
    assert [rounds for rounds, _, _ in counts] == [*range(1, 16), 15, 15, 15]
    assert [finished for _, finished, _ in counts[-3:]] == [1, 2, 3]
    assert {state for _, _, state in counts} == {"running"}


async def stored(listening):
    await until(lambda: not listening._pending)


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for happens on another thread
        await asyncio.sleep(0.005)


def test_a_killed_run_is_there_incomplete_with_all_that_was_finished(settings, history):
    whole = list(events(result()))
    first_cell = next(place for place, event in enumerate(whole) if isinstance(event, CellFinished)) + 1
    run_id = killed_after(settings, first_cell)
    found = history.result(run_id)
    assert history.summary(run_id).state == found.state == "incomplete"
    assert [cell.state for cell in found.cells] == ["complete", "incomplete", "incomplete"]
    assert found.cells[0].to_json(samples=True) == result().cells[0].to_json(samples=True)
    assert [len(cell.rounds) for cell in found.cells] == [5, 5, 5]
    assert found.verdict
    assert found.ratios
    assert "ended before the run did" in found.warnings[-1]


def test_a_run_killed_in_its_first_pass_keeps_the_rounds_that_were_done(settings, history):
    run_id = killed_after(settings, 5)
    assert [len(cell.rounds) for cell in history.result(run_id).cells] == [1, 1]
    history.delete([run_id])
    assert history.runs().total == 0


def test_a_cancelled_run_keeps_what_is_finished(history):
    whole = list(events(result()))
    part = replace(result(), state="cancelled", cells=result().cells[:1])

    async def cancelled():
        task = asyncio.create_task(interrupted())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def interrupted():
        async with Recorder(history, lambda event: None) as listening:
            for event in [*whole[:20], RunFinished(part)]:
                listening.emit(event)
            await asyncio.sleep(60)

    asyncio.run(cancelled())
    run = history.runs().runs[0]
    assert (run.state, run.finished) == ("cancelled", 1)


def test_a_run_that_breaks_off_is_incomplete_at_once(history):
    async def broken():
        async with Recorder(history, lambda event: None) as listening:
            for event in list(events(result()))[:6]:
                listening.emit(event)
            raise UsageError("A plan that cannot be.")

    with pytest.raises(UsageError, match="cannot be"):
        asyncio.run(broken())
    assert history.runs().runs[0].state == "incomplete"


@pytest.mark.parametrize(
    ("state", "kept"), [("cancelled", 0), ("incomplete", 1)], ids=["cancelled", "Milvus gone"]
)
def test_of_a_run_that_never_began_only_a_failure_is_kept(history, state, kept):
    nothing = replace(result(), cells=(), verdict=(), ratios=(), state=state, warnings=("Milvus is gone.",))
    asyncio.run(listen(history, [], [Warned("Milvus is gone."), RunFinished(nothing)]))
    found = history.runs().runs
    assert [run.warnings for run in found] == [("Milvus is gone.",)] * kept


def test_a_database_that_goes_and_comes_back_loses_nothing(own_postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "RETRY", 0.1)
    history = History.open(Settings.load({"home": tmp_path, "database_url": own_postgres.url}))
    told, whole = [], list(events(result()))

    async def disturbed():
        async with Recorder(history, told.append) as listening:
            for event in whole[:8]:
                listening.emit(event)
            await stored(listening)
            await asyncio.to_thread(own_postgres.stop)
            for event in whole[8:]:
                listening.emit(event)
            await until(lambda: listening.trouble)
            await asyncio.to_thread(own_postgres.start)
        return listening

    listening = asyncio.run(disturbed())
    assert listening.trouble == ""
    found = history.result(listening.run_id)
    assert found.to_json(samples=True) == replace(result(), run_id=listening.run_id).to_json(samples=True)
    assert len(warnings(told)) == 1
    assert "The history's database on 127.0.0.1 failed" in warnings(told)[0]
    assert "The benchmark goes on" in warnings(told)[0]


def test_a_database_that_stays_away_costs_one_warning_and_ends_in_time(own_postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "RETRY", 0.05)
    history = History.open(Settings.load({"home": tmp_path, "database_url": own_postgres.url}))
    own_postgres.stop()
    told = []
    listening = asyncio.run(listen(history, told, events(result())))
    assert listening.trouble.startswith("This run is not in the history as a whole. The history's database")
    assert len(warnings(told)) == 1


def _fill(home, answers):
    history = History.open(Settings.load({"home": home}))
    told = []

    async def disturbed():
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        recorder.RETRY = 0.05
        async with Recorder(history, told.append) as listening:
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, most))
            for event in events(result()):
                listening.emit(event)
            await until(lambda: listening.trouble)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        return listening.run_id

    run_id = asyncio.run(disturbed())
    answers.put((warnings(told), history.summary(run_id).state, len(history.result(run_id).cells)))


def test_a_full_disk_costs_one_warning_and_nothing_is_lost_once_there_is_space(tmp_path):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    worker = context.Process(target=_fill, args=(tmp_path, answers))
    worker.start()
    told, state, cells = answers.get(timeout=20)
    worker.join(20)
    assert len(told) == 1
    assert "disk is full: free some space" in told[0]
    assert (state, cells) == ("complete", 3)


def test_a_slow_database_does_not_hold_up_the_event_loop(tmp_path):
    history = History.open(Settings.load({"home": tmp_path}))
    turns = []

    async def tick():
        while True:
            turns.append(time.monotonic())
            await asyncio.sleep(0.005)

    async def held_up():
        ticking = asyncio.create_task(tick())
        with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with Recorder(history, lambda event: None) as listening:
                for event in events(result()):
                    listening.emit(event)
                await asyncio.sleep(0.5)
                other.execute("COMMIT")
        ticking.cancel()
        return listening.run_id

    run_id = asyncio.run(held_up())
    assert history.summary(run_id).state == "complete"
    assert max(later - sooner for sooner, later in itertools.pairwise(turns)) < 0.3


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    return Backend.connect(Settings.load({"home": tmp_path_factory.mktemp("lite")}))


def small():
    from core.bench import Plan

    return Plan.make(
        name="Small",
        frameworks=("pymilvus",),
        operations=("search",),
        modes=("sequential",),
        counts=(12,),
        rounds=2,
        warmup_calls=2,
        rows=20,
        dimension=8,
    )


def test_a_real_run_is_in_the_history_under_the_id_that_it_tells(backend, settings, history):
    from core.bench import Context

    told = []
    found = run_on_loop(run_recorded(small(), Context(backend), told.append, settings, workspace="w"))
    assert history.result(found.run_id).to_json(samples=True) == found.to_json(samples=True)
    started = next(event for event in told if isinstance(event, RunStarted))
    assert (started.run_id, history.summary(found.run_id).workspace) == (found.run_id, "w")
    json.dumps(found.to_json())


def test_a_history_that_cannot_be_opened_does_not_stop_a_run(backend, tmp_path):
    from core.bench import Context

    (tmp_path / "history.db").write_bytes(b"not a database" * 100)
    told, settings = [], Settings.load({"home": tmp_path})
    found = run_on_loop(run_recorded(small(), Context(backend), told.append, settings))
    assert found.valid
    assert [text for text in warnings(told) if "is not being stored" in text] == [found.warnings[-1]]
    assert "is damaged: move it away" in found.warnings[-1]
