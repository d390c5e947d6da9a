"""Long work in the background: found again by its owner, cancelled, and failing in one sentence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import core.jobs
from core.errors import BackendError
from core.jobs import Job, Jobs, Progress, get_jobs
from core.loop import cancel_owner


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs({})
    yield registry
    for owner in ("ann", "bob"):
        registry.cancel_owner(owner)
        assert all(job.wait(10) for job in registry.of(owner))


async def _forever(progress: Progress) -> None:
    await asyncio.Event().wait()


def _raising(error: BaseException) -> Callable[[Progress], Any]:
    async def work(progress: Progress) -> None:
        raise error

    return work


async def _ingest(progress: Progress) -> str:
    progress.update(stage="parse", done=0, total=2)
    for name in ("a.pdf", "b.pdf"):
        progress.file(name, "parsing")
        await asyncio.sleep(0)
        progress.file(name, "failed" if name == "b.pdf" else "indexed", "it is empty")
        progress.advance()
    return "summary"


def _finish(job: Job[Any]) -> Job[Any]:
    assert job.wait(20)
    return job


def test_a_job_runs_to_its_result(jobs: Jobs) -> None:
    job = _finish(jobs.start("Ingest", _ingest, "ann"))
    assert (job.state, job.result, job.error) == ("done", "summary", None)
    assert job.seconds >= 0


def test_progress_is_seen_from_outside(jobs: Jobs) -> None:
    shown = _finish(jobs.start("Ingest", _ingest, "ann")).progress.snapshot()
    assert (shown.stage, shown.done, shown.total, shown.fraction) == ("parse", 2, 2, 1.0)
    assert [(item.name, item.state) for item in shown.items] == [("a.pdf", "indexed"), ("b.pdf", "failed")]
    assert shown.elapsed >= 0


def test_another_stage_starts_from_nothing() -> None:
    progress = Progress()
    progress.update(stage="parse", done=5, total=5, message="b.pdf")
    progress.update(stage="embed")
    shown = progress.snapshot()
    assert (shown.done, shown.total, shown.message, shown.fraction) == (0, None, "", None)


def test_progress_counts_right_from_many_threads() -> None:
    progress = Progress()
    threads = [threading.Thread(target=lambda: [progress.advance() for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert progress.snapshot().done == 4000


def test_a_running_job_has_no_result_yet(jobs: Jobs) -> None:
    job = jobs.start("Wait", _forever, "ann")
    assert (job.state, job.result, job.error, job.finished) == ("running", None, None, None)
    assert not job.wait(0.01)


def test_only_its_owner_gets_at_a_job(jobs: Jobs) -> None:
    job = jobs.start("Wait", _forever, "ann")
    assert jobs.get(job.id, "ann") is job
    assert jobs.get(job.id, "bob") is jobs.get("no such id", "bob") is None
    assert jobs.cancel(job.id, "bob") is jobs.cancel("no such id", "bob") is False
    assert jobs.of("bob") == ()
    assert job.state == "running"


def test_ids_cannot_be_guessed(jobs: Jobs) -> None:
    ids = {_finish(jobs.start("Ingest", _ingest, "ann")).id for _ in range(20)}
    assert len(ids) == 20
    assert min(len(job_id) for job_id in ids) >= 20


def test_cancelling_says_cancelled_only_after_the_finally(jobs: Jobs) -> None:
    begun, cleaned = threading.Event(), []

    async def work(progress: Progress) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    job = jobs.start("Ingest", work, "ann")
    begun.wait()
    assert jobs.cancel(job.id, "ann")
    while job.state == "running":
        job.wait(0.01)
    assert (job.state, job.error, cleaned) == ("cancelled", None, [True])


@pytest.mark.parametrize(
    "end", [Jobs.cancel_owner, lambda jobs, owner: cancel_owner(owner)], ids=["jobs", "loop"]
)
def test_an_owners_end_cancels_his_jobs_only(jobs: Jobs, end: Callable[[Jobs, str], None]) -> None:
    mine = [jobs.start("Wait", _forever, "ann") for _ in range(3)]
    other = jobs.start("Wait", _forever, "bob")
    end(jobs, "ann")
    assert [_finish(job).state for job in mine] == ["cancelled"] * 3
    assert other.state == "running"


def test_a_clear_error_is_shown_as_it_is(jobs: Jobs) -> None:
    job = _finish(jobs.start("Ingest", _raising(BackendError("Milvus is gone: start it again.")), "ann"))
    assert (job.state, job.error) == ("failed", "Milvus is gone: start it again.")


@pytest.mark.parametrize("error", [ValueError("bad hunter2 sk-abcdefgh"), SystemExit("hunter2")], ids=repr)
def test_any_other_error_is_one_sentence_and_the_log_keeps_no_secret(
    jobs: Jobs, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    job = _finish(jobs.start("Ingest", _raising(error), "ann", secrets=["hunter2"]))
    assert job.state == "failed"
    assert job.error == "Ingest stopped because of an unexpected error; the log says more. Please try again."
    assert "test_jobs.py" in caplog.text
    assert type(error).__name__ in caplog.text
    assert "hunter2" not in caplog.text
    assert "sk-abc" not in caplog.text


def test_work_that_fails_before_it_is_a_coroutine_is_a_failed_job(jobs: Jobs) -> None:
    def refuse(progress: Progress) -> Any:
        raise BackendError("No Milvus.")

    assert _finish(jobs.start("Ingest", refuse, "ann")).error == "No Milvus."


def test_finished_jobs_are_forgotten_by_number(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.jobs, "KEEP_FINISHED", 3)
    running = jobs.start("Wait", _forever, "ann")
    done = [_finish(jobs.start("Ingest", _ingest, "ann")) for _ in range(5)]
    assert jobs.of("ann") == (running, *done[2:])


def test_finished_jobs_are_forgotten_by_age(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    running, done = jobs.start("Wait", _forever, "ann"), _finish(jobs.start("Ingest", _ingest, "ann"))
    assert jobs.get(done.id, "ann") is done
    monkeypatch.setattr(core.jobs, "KEEP_SECONDS", -1.0)
    assert jobs.get(done.id, "ann") is None
    assert jobs.get(running.id, "ann") is running


def test_the_registry_is_found_again() -> None:
    job = _finish(get_jobs().start("Ingest", _ingest, "ann"))
    assert get_jobs().get(job.id, "ann") is job
