"""One question to every engine at once, as a stream of events with wire timings."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from core import models
from core.engines.base import (
    ENGINE_LABELS,
    ENGINE_NAMES,
    Answer,
    EngineName,
    Event,
    Failed,
    Finished,
    Hit,
    Mode,
    Query,
    Retrieval,
    Retrieved,
    Timings,
    Token,
    Usage,
)
from core.errors import ModelError, TandemError, UsageError
from core.milvus import explain as explain_milvus
from core.milvus import is_loading, is_milvus_error, is_stale
from core.settings import Settings
from core.trace import SpanKind, Trace, tracing

if TYPE_CHECKING:
    from core.workspace import Workspace

# Seconds until a task that goes on after its cancel is cancelled again: long enough to close a connection.
_CANCEL_AGAIN = 0.5


@dataclass(frozen=True)
class AskOptions:
    """How a question is asked; None takes what is in force.

    `retrieval` None is hybrid where the backend has it, else dense. `documents` restricts the
    search to these document names. `retrieve_only` leaves the model out.
    """

    engines: tuple[EngineName, ...] = ENGINE_NAMES
    retrieval: Retrieval | None = None
    top_k: int | None = None
    mode: Mode = Mode.CONTROLLED
    documents: tuple[str, ...] | None = None
    retrieve_only: bool = False


def check_question(question: str, settings: Settings) -> str:
    """The question without surrounding blanks; `UsageError` when it is empty or too long."""
    text = question.replace("\x00", "").strip()
    if not text:
        raise UsageError("The question is empty: type what you want to know about the documents.")
    if len(text) > settings.max_question:
        raise UsageError(
            f"The question has {len(text):,} characters and the limit is {settings.max_question:,}: "
            "shorten it, or raise TANDEM_MAX_QUESTION."
        )
    return text


async def prepare(workspace: Workspace, question: str, options: AskOptions) -> Query:
    """Turn a question and its options into the query that every engine gets.

    Raises `UsageError` for an empty or too long question, an empty corpus, or a document name that
    the corpus does not have.
    """
    text = check_question(question, workspace.settings)
    known = await workspace.documents(options.mode)
    ready: defaultdict[str, list[str]] = defaultdict(list)
    for document in known:
        if document.state == "indexed":
            ready[document.name].append(document.document_id)
    if not ready:
        raise UsageError(_empty_corpus(workspace, options.mode))
    hidden = await workspace.hidden(options.mode)
    return Query(
        question=text,
        retrieval=options.retrieval or workspace.default_retrieval(options.mode),
        top_k=_top_k(workspace.settings, options),
        mode=options.mode,
        visible=_visible(ready, options.documents),
        hidden=hidden,
    )


async def ask(
    workspace: Workspace, question: str, options: AskOptions | None = None
) -> AsyncGenerator[Event, None]:
    """Ask every engine at once and yield what happens, as it happens.

    Each engine ends with exactly one `Finished` or `Failed`; one side's failure or slowness never
    holds the other. Closing the iterator cancels what is under way. Raises `UsageError` before any
    event when the question cannot be asked.
    """
    options = options or AskOptions()
    query = await prepare(workspace, question, options)
    events: asyncio.Queue[Event] = asyncio.Queue()
    tasks = [
        asyncio.create_task(_one(workspace, name, query, events, retrieve_only=options.retrieve_only))
        for name in options.engines
    ]
    try:
        open_sides = len(tasks)
        while open_sides:
            event = await events.get()
            open_sides -= isinstance(event, Finished | Failed)
            yield event
    finally:
        await end_all(tasks)


async def end_all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks, and again until every one has ended.

    On Python 3.11 `asyncio.wait_for`, through which pymilvus calls, drops a cancel that comes in the same
    moment as its result: the answer would be written to its end.
    """
    under_way = set(tasks)
    while under_way:
        for task in under_way:
            task.cancel()
        _, under_way = await asyncio.wait(under_way, timeout=_CANCEL_AGAIN)
    # Takes what they raised, which asyncio would log as never retrieved.
    await asyncio.gather(*tasks, return_exceptions=True)


async def answers(
    workspace: Workspace, question: str, options: AskOptions | None = None
) -> dict[EngineName, Answer]:
    """Ask every engine at once and wait for all; a failed side's answer carries its `error`."""
    found: dict[EngineName, Answer] = {}
    async for event in ask(workspace, question, options):
        if isinstance(event, Finished | Failed):
            found[event.engine] = event.answer
    return found


async def answer_one(
    workspace: Workspace, name: EngineName, query: Query, *, retrieve_only: bool = False
) -> Answer:
    """Put a prepared query to one engine; a failure is in the answer's `error`."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    await _one(workspace, name, query, events, retrieve_only=retrieve_only)
    while not isinstance(event := events.get_nowait(), Finished | Failed):
        pass
    return event.answer


class _Side:
    """What one engine has produced so far."""

    def __init__(self, name: EngineName, events: asyncio.Queue[Event]) -> None:
        self.name = name
        self.trace = Trace()
        self.hits: tuple[Hit, ...] = ()
        self.pieces: list[str] = []
        self._events = events

    def emit(self, event: Retrieved | Token) -> None:
        """Keep and pass on what the engine reports."""
        if isinstance(event, Retrieved):
            self.hits = event.hits
        else:
            self.pieces.append(event.text)
        self._events.put_nowait(event)

    def answer(self, settings: Settings, error: str | None = None) -> Answer:
        """The answer as it stands."""
        return Answer(
            engine=self.name,
            text="".join(self.pieces).strip(),
            hits=self.hits,
            timings=timings(self.trace, perf_counter()),
            usage=_usage(self.trace, settings),
            error=error,
        )


async def _one(
    workspace: Workspace,
    name: EngineName,
    query: Query,
    events: asyncio.Queue[Event],
    *,
    retrieve_only: bool,
) -> None:
    side = _Side(name, events)
    try:
        await _attempt(workspace, side, query, retrieve_only=retrieve_only)
        events.put_nowait(Finished(name, side.answer(workspace.settings)))
    except Exception as error:  # noqa: BLE001 - one engine's failure must not reach the other
        sentence = str(explain(error, workspace, name))
        events.put_nowait(Failed(name, side.answer(workspace.settings, sentence)))


async def _attempt(workspace: Workspace, side: _Side, query: Query, *, retrieve_only: bool) -> None:
    """Answer once, and a second time when a restarted Milvus turns out not to have loaded yet."""
    for last in (False, True):
        engine = await workspace.engine(side.name, query.mode)
        side.trace = Trace()  # opening the engine is not part of answering
        try:
            with tracing(side.trace):
                if retrieve_only:
                    side.emit(Retrieved(side.name, await engine.retrieve(query)))
                else:
                    await engine.answer(query, side.emit)
        except Exception as error:
            if is_stale(error):
                await workspace.forget_engine(side.name, query.mode)
            if last or not is_loading(error):
                raise
        else:
            return


def explain(error: BaseException, workspace: Workspace, name: EngineName) -> TandemError:
    """One sentence for whatever an engine raised; never a secret, never a traceback."""
    if isinstance(error, TandemError):
        return error
    if is_milvus_error(error):
        return explain_milvus(error, workspace.backend.address, workspace.settings)
    if models.is_model_error(error):
        return models.explain(error, workspace.model.endpoint)
    return ModelError(
        f"{ENGINE_LABELS[name]} failed with {type(error).__name__}: run `python -m core doctor`, "
        "and ask again."
    )


def timings(trace: Trace, end: float) -> Timings:
    """Read the stages of one answer off its wire trace; times in seconds since the question."""
    spans = sorted(trace.spans, key=lambda span: span.start)
    generated = [span for span in spans if span.kind == "generate"]
    first = next((span.first for span in generated if span.first is not None), None)
    total = end - trace.start
    return Timings(
        embed=_seconds(trace, "embed"),
        search=_seconds(trace, "search"),
        first_token=None if first is None else first - trace.start,
        generate=_seconds(trace, "generate"),
        total=total,
        overhead=max(0.0, total - trace.seconds()),
        spans=tuple((span.kind, span.start - trace.start, span.end - trace.start) for span in spans),
    )


def _seconds(trace: Trace, kind: SpanKind) -> float | None:
    return trace.seconds(kind) if any(span.kind == kind for span in trace.spans) else None


def _usage(trace: Trace, settings: Settings) -> Usage | None:
    if not trace.usage:
        return None
    read, written = trace.usage.get("input", 0), trace.usage.get("output", 0)
    cost = None
    if settings.price_input is not None or settings.price_output is not None:
        cost = (read * (settings.price_input or 0) + written * (settings.price_output or 0)) / 1e6
    return Usage(read, written, cost)


def _top_k(settings: Settings, options: AskOptions) -> int | None:
    if options.top_k is not None:
        if not 1 <= options.top_k <= 50:
            raise UsageError(f"top-k is {options.top_k}: choose a number from 1 to 50.")
        return options.top_k
    return settings.top_k if options.mode is Mode.CONTROLLED else None


def _visible(ready: Mapping[str, Sequence[str]], names: Sequence[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    missing = [name for name in names if name not in ready]
    if missing or not names:
        shown = ", ".join(repr(name[:80]) for name in missing[:3]) or "none"
        raise UsageError(f"The corpus has no such document ({shown}): choose among those that it lists.")
    return tuple(identity for name in names for identity in ready[name])


def _empty_corpus(workspace: Workspace, mode: Mode) -> str:
    if mode is Mode.NATIVE:
        return (
            f"The workspace {workspace.name!r} has no native index yet: build it first "
            "(Compare page, or `python -m core ingest --native`)."
        )
    return (
        f"The workspace {workspace.name!r} holds no documents yet: add some on the Documents page, "
        "or with `python -m core ingest PATHS`."
    )
