"""Runs of every kind behind one table: how each is opened, exported, taken in and compared.

Pages and the command line look here and ask for no kind by name. A new kind is one more entry of `KINDS`
(and one where the pages and the command line draw it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, cast

# Its names are imported when used: no other command, and no page, should wait for them.
import core.evaluate as evaluations
import core.vote as votes
from core import history as runs
from core.errors import UsageError
from core.history import History, RunKind, RunSummary
from core.history import benchmarks as benchmark_rows
from core.history.imports import parse, read_benchmark
from core.history.records import StoredRun
from core.history.texts import clean_name

_NO_RUN = "This JSON file holds no run: choose a file that Tandem exported as JSON."


class Comparison(Protocol):
    """What changed between two runs of one kind."""

    @property
    def summary(self) -> str:
        """One sentence for the whole."""
        ...

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        ...


class Filed(Protocol):
    """What a file holds: a result that has no id yet, and what goes with it."""

    @property
    def result(self) -> Any:
        """The run."""
        ...

    @property
    def note(self) -> str:
        """What its owner noted."""
        ...


@dataclass(frozen=True)
class Opened:
    """A run of the history with what it found; what type `result` is follows from the kind."""

    summary: RunSummary
    result: Any


class About(NamedTuple):
    """What goes into a file besides the result; `every` asks for each single call, where that is a choice."""

    name: str = ""
    note: str = ""
    every: bool = True


@dataclass(frozen=True)
class Form:
    """A form in which a run leaves: the ending of the file, what it is, and how it is made of a result."""

    suffix: str
    mime: str
    label: str
    meaning: str
    make: Callable[[Any, About], str]


@dataclass(frozen=True)
class Kind:
    """What can be done with runs of a kind.

    `part` is what one consists of ("cell"). `add` stores a file's run as imported, into a workspace and
    under a name (empty: its own), and returns the id. `compare` takes the result before, the one now and
    the share by which they may differ (None: what is usual for the kind).
    """

    name: RunKind
    part: str
    load: Callable[[StoredRun], Any]
    forms: Mapping[str, Form]
    read: Callable[[Mapping[str, Any]], Filed]
    add: Callable[[History, Any, str, str], str]
    compare: Callable[[Any, Any, float | None], Comparison]


def _json(meaning: str, make: Callable[[Any, About], str]) -> Form:
    return Form("json", "application/json", "JSON", meaning, make)


def _csv(label: str, meaning: str, make: Callable[[Any, About], str]) -> Form:
    return Form("csv", "text/csv", label, meaning, make)


def _html(make: Callable[[Any, About], str]) -> Form:
    return Form("html", "text/html", "HTML", "A report that needs no network, to be sent or printed", make)


def _add_benchmark(history: History, filed: Any, workspace: str, name: str) -> str:
    result = filed.result
    if name:
        result = replace(result, plan=result.plan.model_copy(update={"name": clean_name(name)}))
    return history.add(result, workspace=workspace, note=filed.note, imported=True)


# These import what they call when they are called.
def _load_evaluation(stored: StoredRun) -> Any:
    return evaluations.load_evaluation(stored)


def _read_evaluation(raw: Mapping[str, Any]) -> Filed:
    return evaluations.read_evaluation(raw)


def _add_evaluation(history: History, filed: Any, workspace: str, name: str) -> str:
    called = clean_name(name) if name else filed.name
    result = replace(filed.result, workspace=workspace)
    return evaluations.add_evaluation(history, result, name=called, note=filed.note, imported=True)


def _load_vote(stored: StoredRun) -> Any:
    return votes.load_votes(stored)


def _read_vote(raw: Mapping[str, Any]) -> Filed:
    return votes.read_votes(raw)


def _add_vote(history: History, filed: Any, workspace: str, name: str) -> str:
    result = replace(filed.result, name=clean_name(name)) if name else filed.result
    return votes.store_votes(history, result, workspace=workspace, note=filed.note, imported=True)


def _optional(tolerance: float | None) -> dict[str, float]:
    return {} if tolerance is None else {"tolerance": tolerance}


KINDS: Mapping[RunKind, Kind] = {
    "benchmark": Kind(
        name="benchmark",
        part="cell",
        load=benchmark_rows.load,
        forms={
            "json": _json(
                "Everything, each call included; another Tandem can import it",
                lambda found, about: runs.export_json(found, note=about.note, samples=about.every),
            ),
            "csv": _csv("CSV", "A row a cell, for a spreadsheet", lambda found, _: runs.export_csv(found)),
            "samples": _csv(
                "CSV of calls", "A row a call", lambda found, _: "".join(runs.export_samples_csv(found))
            ),
            "html": _html(lambda found, about: runs.export_html(found, note=about.note)),
        },
        read=read_benchmark,
        add=_add_benchmark,
        compare=lambda before, now, tolerance: runs.compare(before, now, **_optional(tolerance)),
    ),
    "evaluation": Kind(
        name="evaluation",
        part="variant",
        load=_load_evaluation,
        forms={
            "json": _json(
                "Everything, each answer and chunk included; another Tandem can import it",
                lambda found, about: evaluations.export_json(found, name=about.name, note=about.note),
            ),
            "csv": _csv(
                "CSV of variants",
                "A row a variant: each metric with its interval",
                lambda found, _: evaluations.export_variants_csv(found),
            ),
            "outcomes": _csv(
                "CSV of answers",
                "A row for each question under each variant",
                lambda found, _: evaluations.export_csv(found),
            ),
            "html": _html(
                lambda found, about: evaluations.export_html(found, name=about.name, note=about.note)
            ),
        },
        read=_read_evaluation,
        add=_add_evaluation,
        compare=lambda before, now, tolerance: evaluations.compare_evaluations(
            before, now, **_optional(tolerance)
        ),
    ),
    "vote": Kind(
        name="vote",
        part="question",
        load=_load_vote,
        forms={
            "json": _json(
                "Everything, each vote and answer included; another Tandem can import it",
                lambda found, about: votes.export_json(found, note=about.note),
            ),
            "csv": _csv("CSV", "A row a vote, for a spreadsheet", lambda found, _: votes.export_csv(found)),
            "html": _html(lambda found, about: votes.export_html(found, note=about.note)),
        },
        read=_read_vote,
        add=_add_vote,
        compare=lambda before, now, _: votes.compare_votes(before, now),
    ),
}
FORMS = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.forms))
"""Every form that some kind of run can leave in."""


def kind_of(name: str) -> Kind:
    """The kind of that name; `UsageError` for one that this Tandem does not know."""
    found = KINDS.get(cast("RunKind", name))
    if found is None:
        raise UsageError(f"A run of the kind “{name[:40]}” is not opened here: update Tandem.")
    return found


def open_run(history: History, run_id: str, *, samples: bool = True) -> Opened:
    """A run with what it found; blocks. Without `samples` single calls stay in the database."""
    stored = history.stored(run_id, samples=samples)
    return Opened(stored.summary, kind_of(stored.summary.kind).load(stored))


def export(run: Opened, form: str, *, samples: bool = True) -> str:
    """The run in one of the forms of its kind; `UsageError` names them for any other."""
    forms = kind_of(run.summary.kind).forms
    if form not in forms:
        raise UsageError(f"Runs of the kind {run.summary.kind} are exported as {' or '.join(forms)}.")
    return forms[form].make(run.result, About(run.summary.name, run.summary.note, samples))


def read(data: bytes | str) -> tuple[Kind, Filed]:
    """The run in a file and its kind, without storing it.

    Raises `UsageError` with one sentence for a file that is too large, damaged, of a later version, or
    no run at all.
    """
    raw = parse(data)
    if not isinstance(raw, dict) or not {"schema_version", "plan"} <= raw.keys():
        raise UsageError(_NO_RUN)
    kind = KINDS.get(raw.get("kind", "benchmark")) if isinstance(raw.get("kind", ""), str) else None
    if kind is None:
        raise UsageError(_NO_RUN)
    return kind, kind.read(raw)


def import_json(history: History, data: bytes | str, *, workspace: str = "", name: str = "") -> str:
    """Store a colleague's run under a new id, which is returned; it is marked as imported. Blocks.

    `name` calls it something else than the file does. Raises as `read` does.
    """
    kind, filed = read(data)
    return kind.add(history, filed, workspace, name)


def compare(before: Opened, now: Opened, *, tolerance: float | None = None) -> Comparison:
    """What changed; `UsageError` with the reason when the two must not be set side by side.

    `tolerance` is the share by which runs of the same thing may differ; None takes the kind's own.
    """
    if before.summary.kind != now.summary.kind:
        raise UsageError(
            f"A run of the kind {before.summary.kind} and one of the kind {now.summary.kind} measure "
            "different things: compare runs of one kind."
        )
    return kind_of(now.summary.kind).compare(before.result, now.result, tolerance)


def regressions(found: Comparison) -> tuple[Any, ...]:
    """What became worse beyond doubt; nothing where the kind knows no better and worse."""
    return tuple(getattr(found, "regressions", ()))
