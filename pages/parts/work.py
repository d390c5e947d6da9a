"""Long work on a workspace: ingest and re-indexing, with progress, cancel and a way back after F5.

The jobs belong to the workspace, not to the browser session: its name is in the address, so a reload
finds them again, and whoever shares the workspace sees them too.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

import streamlit as st

import core
from core import IngestSummary, Job, Mode, Progress, Snapshot, Upload, Workspace
from pages.parts import session
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count, seconds

INGEST, SAMPLE, RECUT, NATIVE, REMOVE = (
    "Adding documents",
    "Loading the sample",
    "Cutting all documents anew",
    "Building the native index",
    "Deleting documents",
)
TICK = 0.25

# Share of an ingest's work that each stage is taken to be, for one bar over stages that overlap.
_WEIGHTS = {"parse": 0.2, "embed": 0.4, "index": 0.4}
_DONE = {
    "parse": "read {} of {} files",
    "embed": "embedded {} of {} chunks",
    "index": "indexed {} of {} rows",
}
_MARKS = {
    "indexed": ":green[:material/check_circle:]",
    "unchanged": ":gray[:material/check_circle:]",
    "failed": ":red[:material/error:]",
}
_WAITING = ":gray[:material/pending:]"
_SHOWN_FILES = 10


class Relay:
    """Hands an ingest's progress to a job: stages that overlap become one bar and one line."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counts: dict[str, tuple[int, int]] = {}
        self._reached = 0
        progress.update(stage="ingest", done=0, total=1000)

    def update(self, *, stage: str, done: int, total: int, message: str = "") -> None:
        """Take in how far one stage is."""
        self._counts[stage] = (done, total)
        share = sum(
            weight * min(1.0, done / total)
            for name, weight in _WEIGHTS.items()
            for done, total in [self._counts.get(name, (0, 0))]
            if total
        )
        # Totals grow while files are read; a bar that runs backwards would only confuse.
        self._reached = max(self._reached, int(share * 1000))
        self._progress.update(done=self._reached, message=self._line(stage))

    def file(self, name: str, state: str, detail: str = "") -> None:
        """Take in what became of one file."""
        self._progress.item(name, state, detail)

    def _line(self, stage: str) -> str:
        if stage == "flush":
            return "Making it searchable"
        told = [
            text.format(f"{done:,}", f"{total:,}")
            for name, text in _DONE.items()
            for done, total in [self._counts.get(name, (0, 0))]
            if total
        ]
        line = ", ".join(told)
        return line[:1].upper() + line[1:]


def add(workspace: Workspace, uploads: Sequence[Upload], name: str = INGEST) -> None:
    """Start adding these files."""
    _start(workspace, name, lambda progress: core.ingest(workspace, uploads, progress=Relay(progress)))


def rebuild(workspace: Workspace, mode: Mode) -> None:
    """Start indexing the whole corpus again: with the splitter in force, or each engine's native way."""
    name = NATIVE if mode is Mode.NATIVE else RECUT
    _start(workspace, name, lambda progress: core.reindex(workspace, mode, progress=Relay(progress)))


def remove(workspace: Workspace, names: Sequence[str]) -> None:
    """Start deleting these documents from both engines."""
    _start(workspace, REMOVE, lambda progress: core.remove(workspace, names))


def _start(workspace: Workspace, name: str, work: Callable[[Progress], Awaitable[object]]) -> None:
    owner = session.workspace_owner(workspace.name)
    core.get_jobs().start(name, work, owner, secrets=workspace.settings.secrets)


def running() -> Job[object] | None:
    """The job under way on this session's workspace, if any."""
    return next((job for job in _all() if job.state == "running"), None)


def finished() -> Job[object] | None:
    """The job that ended last on this workspace, unless this session has put its report away."""
    ended = [job for job in _all() if job.state != "running"]
    newest = max(ended, key=lambda job: job.finished or 0.0, default=None)
    return newest if newest is not None and newest.id not in session.current().put_away else None


def put_away(job: Job[object]) -> None:
    """Do not show this job's report again in this session."""
    session.current().put_away.add(job.id)


def _all() -> tuple[Job[object], ...]:
    return core.get_jobs().of(session.workspace_owner(session.current().workspace_name))


def watch(job: Job[object]) -> None:
    """Draw the progress until the job ends, then run the page again.

    A loop and not a timer: any click ends this run at the next drawing, and the new run takes it up.
    """
    with st.container(border=True, key="progress"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = st.empty()
            st.button("Cancel", icon=":material/close:", key=f"cancel-{job.id}", on_click=job.cancel)
        bar, files = st.empty(), st.empty()
    while job.state == "running":
        shown = job.progress.snapshot()
        title.markdown(f":shimmer[**{job.name}**] · {seconds(shown.elapsed)}", width="stretch")
        bar.progress(shown.fraction or 0.0, text=plain(shown.message) or "Starting")
        files.markdown(file_lines(shown))
        time.sleep(TICK)
    st.rerun()


def file_lines(shown: Snapshot) -> str:
    """The files with their states, failed ones and those under way first; the rest as a number."""
    order = sorted(shown.items, key=lambda item: item.state in _MARKS and item.state != "failed")
    lines = [
        f"{_MARKS.get(item.state, _WAITING)} {plain(shorten(item.name, 60))} "
        f":small[:gray[{plain(item.detail or item.state)}]]"
        for item in order[:_SHOWN_FILES]
    ]
    if len(order) > _SHOWN_FILES:
        lines.append(f":small[:gray[and {count(len(order) - _SHOWN_FILES, 'more file')}]]")
    return "  \n".join(lines)


def report(job: Job[object]) -> None:
    """What became of a job that has ended."""
    with st.container(border=True, key="report"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{_headline(job)}**", width="stretch")
            st.button(
                "Dismiss",
                icon=":material/close:",
                type="tertiary",
                key="dismiss",
                on_click=put_away,
                args=(job,),
            )
        if job.error:
            st.error(plain(job.error), icon=":material/error:")
        if isinstance(job.result, IngestSummary):
            _summary(job.result)


def _headline(job: Job[object]) -> str:
    if job.state == "cancelled":
        return f"{job.name} was cancelled; what was complete stays, and starting again completes the rest"
    if job.state == "failed":
        return f"{job.name} failed"
    result = job.result
    if isinstance(result, IngestSummary):
        return headline(result) if job.name in (INGEST, SAMPLE) else f"{job.name}: {headline(result)}"
    return f"{job.name}: done in {seconds(job.seconds)}"


def headline(summary: IngestSummary) -> str:
    """What an ingest did, in a sentence."""
    tally = {state: sum(file.status == state for file in summary.files) for state in _MARKS}
    parts = [f"{count(tally['indexed'], 'document')} indexed in both engines"] if tally["indexed"] else []
    if tally["unchanged"]:
        parts.append(f"{tally['unchanged']} unchanged")
    if tally["failed"]:
        parts.append(f"{tally['failed']} failed")
    done = ", ".join(parts) or "Nothing to do"
    return f"{done}, in {seconds(summary.timings.get('total', 0.0))}"


def _summary(summary: IngestSummary) -> None:
    if summary.error:
        st.error(plain(summary.error), icon=":material/error:")
    for file in summary.files:
        if file.status == "failed":
            st.markdown(f"{_MARKS['failed']} {plain(file.error or file.name)}")
        elif file.note:
            st.markdown(f":gray[:material/info:] {plain(shorten(file.name, 80))}: {plain(file.note)}")
    with st.container(horizontal=True, gap="medium"):
        for stage, spent in summary.timings.items():
            if stage != "total":
                st.metric(_METRICS.get(stage, stage.capitalize()), seconds(spent), width="content")
    st.caption("Stages overlap, so they add up to more than the whole.")


_METRICS = {
    "parse": "Reading",
    "chunk": "Cutting",
    "embed": "Embedding",
    "index": "Indexing",
    "flush": "Flush, load",
}
