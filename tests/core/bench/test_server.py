"""A real server that goes away in the middle of a run, and one that shows why async wins."""

import asyncio
import threading

import pytest

from core.bench import Context, Plan, run
from core.bench.events import RoundFinished, RunFinished, Warned
from core.milvus import Backend
from core.settings import Settings

pytestmark = pytest.mark.server

PLAN = {
    "frameworks": ("pymilvus", "llamaindex"),
    "operations": ("search",),
    "modes": ("sequential", "asyncio"),
    "dimension": 16,
    "rows": 100,
    "rounds": 3,
    "counts": (40,),
    "warmup_calls": 4,
}


def connect(server, tmp_path):
    return Backend.connect(Settings.load({"home": tmp_path, "milvus_uri": server.uri, "milvus_timeout": 2.0}))


def measure(backend, plan, at_first_round):
    """Run the plan; call something once when the first measured round is over."""
    events = []

    def listen(event):
        first = isinstance(event, RoundFinished) and event.round.index == 1
        if first and not any(isinstance(item, RoundFinished) and item.round.index == 1 for item in events):
            at_first_round()
        events.append(event)

    return asyncio.run(run(plan, Context(backend), listen)), events


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_and_comes_back_costs_rounds_and_no_result(own_milvus_server, tmp_path):
    server = own_milvus_server
    backend = connect(server, tmp_path)
    restarted = []

    def crash():
        server.kill()
        restarted.append(threading.Thread(target=server.start))
        restarted[0].start()

    result, events = measure(backend, Plan.make(**PLAN), crash)
    restarted[0].join()
    assert result.state == "complete"
    assert all(cell.counted and cell.verified for cell in result.cells if not cell.note)
    assert any("stopped answering" in event.text for event in events if isinstance(event, Warned))
    assert any(not item.counted for cell in result.cells for item in cell.rounds if not item.warmup)


@pytest.mark.timeout(300)
def test_a_server_that_stays_away_ends_the_run_with_the_reason_and_what_was_finished(
    own_milvus_server, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.bench.recovery.RECOVER_SECONDS", 3.0)
    backend = connect(own_milvus_server, tmp_path)
    result, events = measure(backend, Plan.make(**{**PLAN, "counts": (20, 40)}), own_milvus_server.kill)
    assert result.state == "incomplete"
    assert "the cells that were finished are kept" in result.warnings[-1]
    assert isinstance(events[-1], RunFinished)
    assert any(cell.counted for cell in result.cells)


@pytest.mark.timeout(300)
def test_strong_consistency_is_what_async_hides(milvus_server, tmp_path):
    settings = Settings.load({"home": tmp_path, "milvus_uri": milvus_server})
    changes = {"consistencies": ("Strong", "Bounded"), "counts": (12,), "frameworks": ("llamaindex",)}
    result, _ = measure(Backend.connect(settings), Plan.make(**{**PLAN, **changes}), lambda: None)
    by = {(cell.key.consistency, cell.key.mode): cell for cell in result.cells}
    assert by["Strong", "asyncio"].throughput > 4 * by["Strong", "sequential"].throughput
    assert by["Bounded", "sequential"].throughput > 8 * by["Strong", "sequential"].throughput
    assert by["Strong", "asyncio"].native_async == "native"
    cause = next(item.text for item in result.verdict if item.topic == "cause")
    assert "% is waiting for the consistency level" in cause
