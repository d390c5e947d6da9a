"""A list of questions asked one after the other, and the table that comes of it."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence

import streamlit as st

import core
from core import Answer, AskOptions, EngineName, Job, Mode, Progress, UsageError, Workspace
from pages.parts import palette, session
from pages.parts.safe_text import markdown, plain, shorten
from pages.parts.units import count, seconds

MOST = 200
TICK = 0.25
_ENGINES = core.ENGINE_NAMES


class Batch:
    """Questions and what has come back so far; filled by the event-loop thread, read by the page."""

    def __init__(self, questions: Sequence[str], options: AskOptions) -> None:
        self.questions = tuple(questions)
        self.options = options
        self.answers: list[dict[EngineName, Answer]] = []
        self.failures: dict[int, str] = {}
        self.job: Job[None] | None = None


def read(text: str) -> list[str]:
    """The questions in a text: one a line, or JSON lines with a `question` each.

    Raises `UsageError` when there is none, or more than `MOST`.
    """
    found = [question for line in text.splitlines() if (question := _question(line.strip()))]
    if not found:
        raise UsageError("The list holds no question: write one on each line.")
    if len(found) > MOST:
        raise UsageError(
            f"The list holds {len(found):,} questions and the limit is {MOST}: ask fewer at once."
        )
    return found


def _question(line: str) -> str:
    if line.startswith("{"):
        try:
            value = json.loads(line)
        except ValueError:
            return line
        return str(value.get("question", "")).strip() if isinstance(value, dict) else line
    return line


def start(workspace: Workspace, batch: Batch) -> None:
    """Begin asking, in the background."""

    async def work(progress: Progress) -> None:
        progress.update(stage="questions", done=0, total=len(batch.questions))
        for place, question in enumerate(batch.questions):
            progress.update(message=question)
            try:
                found = await core.answers(workspace, question, batch.options)
            except UsageError as error:
                found = {}
                batch.failures[place] = str(error)
            batch.answers.append(dict(found))
            progress.advance()

    owner = session.current().owner
    batch.job = core.get_jobs().start("The list", work, owner, secrets=workspace.settings.secrets)


def draw(batch: Batch) -> None:
    """Draw progress and table until the list is done."""
    job = batch.job
    assert job is not None
    if job.state == "running":
        _follow(batch, job)
        st.rerun()
    done = len(batch.answers)
    if job.error:
        st.error(plain(job.error), icon=":material/error:")
    elif job.state == "cancelled":
        st.caption(f"Stopped after {done} of {count(len(batch.questions), 'question')}.")
    if done:
        st.markdown(f"**{finding(batch)}**")
        _table(batch)
        st.download_button(
            "Download as CSV",
            to_csv(batch),
            "tandem-questions.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _follow(batch: Batch, job: Job[None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        title = st.empty()
        st.button("Cancel", icon=":material/close:", key=f"cancel-{job.id}", on_click=job.cancel)
    bar, table = st.empty(), st.empty()
    drawn = 0
    while job.state == "running":
        shown = job.progress.snapshot()
        title.markdown(f":shimmer[**Asking**] · {seconds(shown.elapsed)}", width="stretch")
        bar.progress(
            shown.fraction or 0.0, text=f"{shown.done} of {shown.total or 0} · {plain(shown.message)}"
        )
        if len(batch.answers) > drawn:
            drawn = len(batch.answers)
            with table.container():
                _table(batch)
        time.sleep(TICK)


def finding(batch: Batch) -> str:
    """What the table shows, in a sentence."""
    both = [answers for answers in batch.answers if _complete(answers)]
    if not both:
        return "No question was answered by both engines"
    medians = {name: _median([answers[name].timings.total for answers in both]) for name in _ENGINES}
    times = ", ".join(f"{palette.engine(name).label} {seconds(medians[name])}" for name in _ENGINES)
    told = f"{count(len(both), 'question')} answered by both; median time {times}"
    if batch.options.mode is Mode.NATIVE:
        return told
    shared = sum(_shared(answers)[0] for answers in both)
    return f"{told}; {shared} of {sum(_shared(answers)[1] for answers in both)} chunks shared"


def _complete(answers: dict[EngineName, Answer]) -> bool:
    return all(name in answers and answers[name].error is None for name in _ENGINES)


def _median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _shared(answers: dict[EngineName, Answer]) -> tuple[int, int]:
    agreed = core.overlap(*(answers[name].hits for name in _ENGINES))
    return agreed.shared, agreed.k


def _table(batch: Batch) -> None:
    text = st.column_config.TextColumn
    labels = [palette.engine(name).label for name in _ENGINES]
    st.dataframe(
        records(batch),
        hide_index=True,
        column_config={
            "#": st.column_config.NumberColumn(width=40, pinned=True),
            "Question": text(width="medium"),
            **{label: st.column_config.MarkdownColumn(width="medium") for label in labels},
            **{f"{label} time (ms)": st.column_config.NumberColumn(format="%.0f") for label in labels},
        },
    )


def records(batch: Batch) -> list[dict[str, object]]:
    """One record a question that has been asked."""
    rows: list[dict[str, object]] = []
    for place, answers in enumerate(batch.answers):
        shared = "{} of {}".format(*_shared(answers)) if _complete(answers) else "–"
        row: dict[str, object] = {"#": place + 1, "Question": shorten(batch.questions[place], 300)}
        row |= {palette.engine(n).label: _told(batch, place, answers.get(n)) for n in _ENGINES}
        if batch.options.mode is not Mode.NATIVE:  # there each engine cut its own chunks
            row["Shared chunks"] = shared
        row |= {f"{palette.engine(n).label} time (ms)": _milliseconds(answers.get(n)) for n in _ENGINES}
        rows.append(row)
    return rows


def _told(batch: Batch, place: int, answer: Answer | None) -> str:
    if answer is None:
        return plain(batch.failures.get(place, ""))
    return plain(answer.error) if answer.error else markdown(answer.text)


def _milliseconds(answer: Answer | None) -> float | None:
    return answer.timings.total * 1000 if answer and answer.error is None else None


def to_csv(batch: Batch) -> str:
    """The whole table: full answers, sources and times."""
    rows = [_csv_row(batch, place, answers) for place, answers in enumerate(batch.answers)]
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return "\ufeff" + target.getvalue()


def _csv_row(batch: Batch, place: int, answers: dict[EngineName, Answer]) -> dict[str, object]:
    row: dict[str, object] = {"question": batch.questions[place]}
    for name in _ENGINES:
        answer = answers.get(name) or Answer(name, error=batch.failures.get(place))
        row[f"{name} answer"] = answer.text
        row[f"{name} error"] = answer.error or ""
        row[f"{name} sources"] = "; ".join(_source(hit.chunk.source, hit.chunk.page) for hit in answer.hits)
        row[f"{name} seconds"] = f"{answer.timings.total:.4f}"
    shared, longest = _shared(answers) if _complete(answers) else ("", "")
    return {**row, "shared chunks": shared, "chunks": longest}


def _source(name: str, page: int | None) -> str:
    return name if page is None else f"{name} p. {page}"


def _cell(value: object) -> str:
    """Text that a spreadsheet takes as text: a document's `=cmd()` must not become a formula."""
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
