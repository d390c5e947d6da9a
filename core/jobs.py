"""Long work in the background: a page starts it, goes away, and finds it again by its id.

Nothing here polls: a job's state is read off its coroutine whenever somebody asks.
"""

from __future__ import annotations

import asyncio
import logging
import secrets as token
import traceback
from collections.abc import Awaitable, Callable, Hashable, Iterable
from time import monotonic
from typing import Any, Generic, Literal, TypeVar

from core.errors import TandemError, redact
from core.loop import Checkpoint, Handle, Item, Progress, Snapshot, submit
from core.loop.kept import kept

__all__ = ["Item", "Job", "JobState", "Jobs", "Progress", "Snapshot", "get_jobs"]

T = TypeVar("T")
JobState = Literal["running", "done", "failed", "cancelled"]

KEEP_FINISHED = 200  # finished jobs, the oldest go first
KEEP_SECONDS = 3600.0

_log = logging.getLogger("tandem.jobs")


class Job(Generic[T]):
    """One piece of work under way or ended; every member may be used from any thread."""

    def __init__(
        self,
        name: str,
        work: Callable[[Progress], Awaitable[T]],
        owner: Hashable,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.id = token.token_urlsafe(16)
        self.name = name
        self.owner = owner
        self.progress = Progress()
        self._secrets = secrets
        coro = _perform(name, work, self.progress, secrets)
        self._handle: Handle[T] = submit(coro, name=name, owner=owner, progress=self.progress)

    @property
    def state(self) -> JobState:
        """Running until its `finally` blocks have run; then how it ended."""
        if not self._handle.done():
            return "running"
        if self._handle.cancelled():
            return "cancelled"
        return "done" if self._handle.error() is None else "failed"

    @property
    def result(self) -> T | None:
        """What the work returned; None unless the state is done."""
        return self._handle.result() if self.state == "done" else None

    @property
    def error(self) -> str | None:
        """Why it failed, in one sentence fit to show; None unless the state is failed."""
        if self.state != "failed":
            return None
        error = self._handle.error()
        if isinstance(error, TandemError):
            return redact(str(error), self._secrets)
        return f"{self.name} stopped because of an unexpected error; the log says more. Please try again."

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        finished = self._handle.finished
        return (monotonic() if finished is None else finished) - self._handle.created

    @property
    def finished(self) -> float | None:
        """When it ended, on the `time.monotonic` clock; None while it runs."""
        return self._handle.finished if self._handle.done() else None

    def cancel(self) -> None:
        """Ask it to stop; returns at once."""
        self._handle.cancel()

    def wait(self, timeout: float | None = None, *, checkpoint: Checkpoint | None = None) -> bool:
        """Watch until it has ended, at most `timeout` seconds; return whether it has. Never cancels."""
        return self._handle.wait(timeout, checkpoint=checkpoint)


class Jobs:
    """The jobs of this process; get it from `get_jobs`."""

    def __init__(self, jobs: dict[str, Job[Any]]) -> None:
        self._jobs = jobs

    def start(
        self,
        name: str,
        work: Callable[[Progress], Awaitable[T]],
        owner: Hashable,
        *,
        secrets: Iterable[str] = (),
    ) -> Job[T]:
        """Run `work(progress)` on the event-loop thread; only `owner` can get at the job.

        `name` starts the sentence shown when it fails in an unforeseen way. `secrets` are kept out
        of the log and of error texts.
        """
        self._prune()
        job = Job(name, work, owner, tuple(secrets))
        self._jobs[job.id] = job
        return job

    def get(self, job_id: str, owner: Hashable) -> Job[Any] | None:
        """The job, or None: unknown, forgotten and somebody else's look the same."""
        self._prune()
        job = self._jobs.get(job_id)
        return job if job is not None and job.owner == owner else None

    def of(self, owner: Hashable) -> tuple[Job[Any], ...]:
        """Every job of this owner, oldest first."""
        self._prune()
        return tuple(job for job in list(self._jobs.values()) if job.owner == owner)

    def cancel(self, job_id: str, owner: Hashable) -> bool:
        """Ask a job to stop; False where `get` would say None."""
        job = self.get(job_id, owner)
        if job is not None:
            job.cancel()
        return job is not None

    def cancel_owner(self, owner: Hashable) -> None:
        """Ask every job of this owner to stop."""
        for job in self.of(owner):
            job.cancel()

    def _prune(self) -> None:
        """Forget what ended too long ago, or too many jobs ago."""
        ended = sorted(
            (job.finished, job.id) for job in list(self._jobs.values()) if job.finished is not None
        )
        oldest = monotonic() - KEEP_SECONDS
        surplus = len(ended) - KEEP_FINISHED
        for index, (finished, job_id) in enumerate(ended):
            if index < surplus or finished < oldest:
                self._jobs.pop(job_id, None)


def get_jobs() -> Jobs:
    """The registry of this process; its jobs outlive reruns, sessions and module reloads."""
    jobs: dict[str, Job[Any]] = kept("jobs", dict)
    return Jobs(jobs)


async def _perform(
    name: str, work: Callable[[Progress], Awaitable[T]], progress: Progress, secrets: tuple[str, ...]
) -> T:
    try:
        return await work(progress)
    except (TandemError, asyncio.CancelledError):
        raise
    except BaseException as error:
        details = "".join(traceback.format_exception(error))
        _log.error("%s failed:\n%s", name, redact(details, secrets))
        raise
