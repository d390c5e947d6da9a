"""Runs in SQL: listed, opened, renamed, deleted. Every call blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, or_, select, true, update
from sqlalchemy.exc import SQLAlchemyError

from core.bench.records import RunResult
from core.errors import UsageError
from core.history import benchmarks
from core.history.records import RunKind, RunPage, RunState, RunSummary, StoredCell, StoredRound, StoredRun
from core.history.schema import cells, database, rounds, runs
from core.history.texts import clean_name, clean_note
from core.history.writer import Writer
from core.processes import EXPIRES, has_ended
from core.settings import Settings

MAX_PAGE = 500
ENDED_EARLY = "The process of this run ended before the run did: what it had finished by then is here."


class History:
    """Every run that was ever stored. Safe from any thread; coroutines go through the loop's `blocking`.

    Every method raises `StorageError` when the database or its disk fails, and those that take a
    run's id raise `UsageError` when there is no such run.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.url = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, settings: Settings) -> History:
        """Open the history of the settings, creating its tables when they are missing."""
        return cls(database.connect(settings))

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction to write in; all of it happens, or nothing."""
        with self._transaction() as connection:
            yield Writer(connection)

    def runs(
        self,
        *,
        workspace: str | None = None,
        kinds: Sequence[RunKind] = (),
        states: Sequence[RunState] = (),
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> RunPage:
        """A page of the list, newest first; `search` looks into names and notes, whatever the case."""
        wanted = _wanted(workspace, kinds, states, search)
        with self._transaction() as connection:
            _settle(connection)
            total = connection.scalar(select(func.count()).select_from(runs).where(wanted)) or 0
            query = select(runs).where(wanted).order_by(runs.c.started_at.desc(), runs.c.run_id)
            rows = connection.execute(query.offset(max(offset, 0)).limit(min(max(limit, 0), MAX_PAGE))).all()
            counts = _counts(connection, [row.run_id for row in rows])
        return RunPage(tuple(_summary(row, counts) for row in rows), total, offset)

    def summary(self, run_id: str) -> RunSummary:
        """One run's line in the list."""
        with self._transaction() as connection:
            return _found(connection, run_id)[1]

    def find(self, text: str, kind: RunKind | None = None) -> str:
        """The id of the one run whose id begins so, or of the newest one (of a kind) for "latest".

        For a terminal, where ids are typed: a page must ask for whole ids, which nobody can guess.
        """
        if text == "latest":
            wanted = _wanted(None, (kind,) if kind else (), (), "")
            query = select(runs.c.run_id).where(wanted).order_by(runs.c.started_at.desc(), runs.c.run_id)
        else:
            query = select(runs.c.run_id).where(runs.c.run_id.startswith(text, autoescape=True))
        with self._transaction() as connection:
            found = connection.scalars(query.limit(1 if text == "latest" else 2)).all()
        if len(found) != 1 or not text:
            raise UsageError(
                f"Several runs begin with {text!r}: give more of the id."
                if len(found) > 1
                else f"There is no run {text[:64]!r} in the history: `history list` shows those that are."
            )
        return str(found[0])

    def stored(self, run_id: str, *, samples: bool = True) -> StoredRun:
        """A run of any kind with all that belongs to it; without `samples` these stay in the database."""
        with self._transaction() as connection:
            return _stored(connection, run_id, samples=samples)

    @contextmanager
    def change(self, run_id: str) -> Iterator[tuple[Writer, StoredRun]]:
        """One transaction over a run as it is: nobody else changes it between the reading and the writing."""
        with self._transaction() as connection:
            writer = Writer(connection)
            writer.update(run_id)  # a write comes first: it waits for every other one, on any database
            yield writer, _stored(connection, run_id, samples=True)

    def result(self, run_id: str, *, samples: bool = True) -> RunResult:
        """A benchmark as it was measured; raises `UsageError` for a run of another kind.

        What a killed or running one has stored so far is summed up anew, cells under way included.
        """
        return benchmarks.load(self.stored(run_id, samples=samples))

    def add(self, result: RunResult, *, workspace: str = "", note: str = "", imported: bool = False) -> str:
        """Store a whole benchmark under a new id, which is returned."""
        with self.write() as writer:
            return benchmarks.store(writer, result, workspace=workspace, note=note, imported=imported)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run something else; `UsageError` for an empty or overlong name."""
        name = clean_name(name)
        with self._transaction() as connection:
            _found(connection, run_id)
            Writer(connection).update(run_id, name=name)

    def annotate(self, run_id: str, note: str) -> None:
        """Replace a run's note; `UsageError` for an overlong one."""
        note = clean_note(note)
        with self._transaction() as connection:
            _found(connection, run_id)
            Writer(connection).update(run_id, note=note)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Remove runs for good; `UsageError`, and nothing is removed, when one is missing or goes on."""
        wanted = list(run_ids)
        with self._transaction() as connection:
            for run_id in wanted:
                summary = _found(connection, run_id)[1]
                if summary.state == "running":
                    raise UsageError(f"The run {summary.name!r} still goes on: cancel it before deleting it.")
            Writer(connection).delete(wanted)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise database.explain(error, str(self._engine.url)) from error


def _wanted(
    workspace: str | None, kinds: Sequence[RunKind], states: Sequence[RunState], search: str
) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if workspace is not None:
        conditions.append(runs.c.workspace == workspace)
    if kinds:
        conditions.append(runs.c.kind.in_(kinds))
    if states:
        conditions.append(runs.c.state.in_(states))
    if text := search.replace("\0", "").strip():
        columns = (runs.c.name, runs.c.note)
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return and_(*conditions)


def _settle(connection: Connection) -> None:
    """Mark runs as incomplete whose process has ended, or has been silent for too long."""
    query = select(runs.c.run_id, runs.c.owner, runs.c.heartbeat, runs.c.warnings)
    silent = time() - EXPIRES
    for row in connection.execute(query.where(runs.c.state == "running")).all():
        if row.heartbeat > silent and not has_ended(row.owner):
            continue
        unchanged = and_(runs.c.run_id == row.run_id, runs.c.heartbeat == row.heartbeat)
        warnings = [*(text for text in row.warnings if text != ENDED_EARLY), ENDED_EARLY]
        connection.execute(update(runs).where(unchanged).values(state="incomplete", warnings=warnings))


def _found(connection: Connection, run_id: str) -> tuple[Row[Any], RunSummary]:
    _settle(connection)
    row = connection.execute(select(runs).where(runs.c.run_id == run_id[:64])).one_or_none()
    if row is None:
        raise UsageError("There is no such run in the history: it was deleted, or the link is not whole.")
    return row, _summary(row, _counts(connection, [run_id]))


def _stored(connection: Connection, run_id: str, *, samples: bool) -> StoredRun:
    row, summary = _found(connection, run_id)
    # Percentiles of cells that were under way are computed when they are read.
    samples = samples or summary.finished < summary.cells
    parts = _cells(connection, run_id, samples=samples)
    return StoredRun(summary, tuple(row.verdict), tuple(row.ratios), parts)


def _counts(connection: Connection, run_ids: Sequence[str]) -> dict[tuple[str, bool], int]:
    """How many cells of each run are finished, and are not."""
    query = (
        select(cells.c.run_id, cells.c.finished, func.count())
        .where(cells.c.run_id.in_(run_ids))
        .group_by(cells.c.run_id, cells.c.finished)
    )
    return {(run_id, bool(finished)): count for run_id, finished, count in connection.execute(query)}


def _summary(row: Row[Any], counts: dict[tuple[str, bool], int]) -> RunSummary:
    finished = counts.get((row.run_id, True), 0)
    return RunSummary(
        run_id=row.run_id,
        workspace=row.workspace,
        kind=row.kind,
        name=row.name,
        note=row.note,
        state=row.state,
        imported=row.imported,
        workload_hash=row.workload_hash,
        config=row.config,
        environment=row.environment,
        headline=_headline(row.verdict),
        warnings=tuple(row.warnings),
        schema_version=row.schema_version,
        started_at=row.started_at,
        updated_at=row.updated_at,
        seconds=row.seconds,
        cells=finished + counts.get((row.run_id, False), 0),
        finished=finished,
    )


def _headline(verdict: Sequence[Mapping[str, str]]) -> str:
    """The first finding; what is true of every run on this backend tells none of them apart."""
    findings = [item for item in verdict if item.get("topic") != "backend"] or verdict
    return next((item.get("text", "") for item in findings), "")


def _cells(connection: Connection, run_id: str, *, samples: bool) -> tuple[StoredCell, ...]:
    columns = [rounds.c.label, rounds.c.round_index, rounds.c.warmup, rounds.c.data]
    if samples:
        columns.append(rounds.c.samples)
    parts: dict[str, list[StoredRound]] = {}
    query = select(*columns).where(rounds.c.run_id == run_id).order_by(rounds.c.round_index)
    for label, *rest in connection.execute(query):
        parts.setdefault(label, []).append(StoredRound(*rest))
    found = connection.execute(select(cells).where(cells.c.run_id == run_id).order_by(cells.c.position))
    return tuple(
        StoredCell(row.label, row.finished, row.data, tuple(parts.get(row.label, ()))) for row in found
    )
