"""`python -m core history list|show|compare|export|import|rename|note|delete`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core import kinds, vote
from core.cli import benchmarks, evaluations
from core.cli.output import print_json, say, shorten, write_text
from core.errors import UsageError
from core.history import KINDS, STATES, History, RunKind, RunSummary, open_history, read_file
from core.loop import run as run_on_loop
from core.milvus import check_workspace
from core.settings import Settings

HELP = "List stored runs; show, compare, export, import, rename, annotate and delete them."
_RUN = "its id, the beginning of it, or `latest`"
Work = Callable[[argparse.Namespace, History], int]
_TEXTS = {"json", "csv", "html"}  # endings of files that say what form is meant


@dataclass(frozen=True)
class _Shown:
    """How a kind of run is put in words: what it found, and what changed between two."""

    found: Callable[[Any], str]
    changed: Callable[[Any], str]


_SHOWN: Mapping[RunKind, _Shown] = {
    "benchmark": _Shown(benchmarks.describe, benchmarks.changes),
    "evaluation": _Shown(evaluations.describe, evaluations.changes),
    "vote": _Shown(
        lambda result: "\n".join(f"- {text}" for text in vote.sentences(result)),
        lambda found: "\n".join([found.summary, *(f"- {text}" for text in found.differences)]),
    ),
}
_BRIEF = _Shown(lambda result: "", lambda found: str(found.summary))


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's own commands."""
    # Given after the command as well as before it; absent there it must not undo what stood before.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument("--workspace", help="whose runs (default: default)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str, work: Work) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text, parents=[common])
        made.set_defaults(work=work)
        return made

    _configure_list(action("list", "Show the stored runs, newest first.", _list))
    shown = action("show", "Show one run: what it found, its parts, its warnings.", _show)
    shown.add_argument("run", metavar="RUN", help=_RUN)
    both = action("compare", "What changed from one run to another of its kind, part by part.", _compare)
    both.add_argument("before", metavar="BEFORE", help=_RUN)
    both.add_argument("now", metavar="NOW", help=_RUN)
    both.add_argument(
        "--tolerance", type=float, metavar="PERCENT",
        help="differences below this are let pass (default: 5 for benchmarks, 0 for evaluations)",
    )  # fmt: skip
    _configure_export(action("export", "Write a run to a file.", _export))
    taken = action("import", "Take in a run that somebody exported as JSON.", _import)
    taken.add_argument("file", type=Path, metavar="FILE")
    taken.add_argument("--name", default="", help="call it something else")
    named = action("rename", "Call a run something else.", _rename)
    named.add_argument("run", metavar="RUN", help=_RUN)
    named.add_argument("name", metavar="NAME")
    noted = action("note", "Replace a run's note.", _note)
    noted.add_argument("run", metavar="RUN", help=_RUN)
    noted.add_argument("text", metavar="TEXT")
    gone = action("delete", "Remove runs for good.", _delete)
    gone.add_argument("runs", nargs="+", metavar="RUN", help=_RUN)


def _configure_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="of every workspace, not only of --workspace")
    parser.add_argument("--kind", action="append", choices=KINDS, default=[])
    parser.add_argument("--state", action="append", choices=STATES, default=[])
    parser.add_argument("--search", default="", metavar="TEXT", help="in names and notes")
    parser.add_argument("--limit", type=int, default=20, metavar="N")
    parser.add_argument("--offset", type=int, default=0, metavar="N")


def _configure_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=_RUN)
    parser.add_argument("--format", choices=kinds.FORMS, help="default: by the ending of FILE, else json")
    terminal = Path("-")
    parser.add_argument("--output", type=Path, metavar="FILE", default=terminal, help="default: the terminal")
    parser.add_argument("--samples", action="store_true", help="benchmarks: JSON with every single call")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 0 when it worked, 3 when a comparison found a regression."""
    check_workspace(arguments.workspace)
    code: int = arguments.work(arguments, run_on_loop(open_history(settings)))
    return code


def _list(arguments: argparse.Namespace, history: History) -> int:
    page = history.runs(
        workspace=None if arguments.all else arguments.workspace,
        kinds=arguments.kind,
        states=arguments.state,
        search=arguments.search,
        offset=arguments.offset,
        limit=arguments.limit,
    )
    if arguments.json:
        lines = [line.to_json() for line in page.runs]
        print_json({"schema_version": 1, "total": page.total, "offset": page.offset, "runs": lines})
        return 0
    for line in page.runs:
        say(_line(line))
    shown = f"{page.offset + 1} to {page.offset + len(page.runs)} of {page.total}" if page.runs else "none"
    elsewhere = "" if arguments.all else f" in the workspace {arguments.workspace} (--all for every one)"
    say(f"Runs: {shown}{elsewhere}.")
    return 0


def _line(summary: RunSummary) -> str:
    when = datetime.fromtimestamp(summary.started_at).astimezone().strftime("%Y-%m-%d %H:%M")
    marks = " (imported)" if summary.imported else ""
    part = kinds.KINDS[summary.kind].part if summary.kind in kinds.KINDS else "part"
    done = f"{summary.finished}/{summary.cells} {part}s"
    return (
        f"{summary.run_id[:12]}  {when}  {summary.kind:<10}  {summary.state:<10}  {done:>14}  "
        f"{shorten(summary.name, 40)}{marks}"
    )


def _show(arguments: argparse.Namespace, history: History) -> int:
    run = kinds.open_run(history, history.find(arguments.run))
    if arguments.json:
        say(kinds.export(run, "json", samples=False))
        return 0
    summary = run.summary
    say(f"{summary.name}  {summary.run_id}  {summary.state}")
    say(f"{summary.environment.get('backend', {}).get('label', '')}, started {run.result.started_at}")
    if summary.note:
        say(summary.note)
    say(_SHOWN.get(summary.kind, _BRIEF).found(run.result) or summary.headline)
    for text in summary.warnings:
        say(f"Warning: {text}")
    return 0


def _compare(arguments: argparse.Namespace, history: History) -> int:
    given = arguments.tolerance
    if given is not None and not 0 <= given <= 1000:
        raise UsageError("The tolerance is a number of percent from 0 to 1000.")
    named = (arguments.before, arguments.now)
    before, now = (kinds.open_run(history, history.find(text), samples=False) for text in named)
    found = kinds.compare(before, now, tolerance=None if given is None else given / 100)
    if arguments.json:
        print_json(found.to_json())
    else:
        say(_SHOWN.get(now.summary.kind, _BRIEF).changed(found))
    return 3 if kinds.regressions(found) else 0


def _export(arguments: argparse.Namespace, history: History) -> int:
    run = kinds.open_run(history, history.find(arguments.run))
    ending = arguments.output.suffix.removeprefix(".").lower()
    form = arguments.format or (ending if ending in _TEXTS else "json")
    text = kinds.export(run, form, samples=arguments.samples)
    write_text(arguments.output, text.removesuffix("\n") if str(arguments.output) == "-" else text)
    return 0


def _import(arguments: argparse.Namespace, history: History) -> int:
    data = read_file(arguments.file)
    run_id = kinds.import_json(history, data, workspace=arguments.workspace, name=arguments.name)
    if arguments.json:
        print_json(history.summary(run_id).to_json())
    else:
        say(f"Imported as {run_id}.")
    return 0


def _rename(arguments: argparse.Namespace, history: History) -> int:
    history.rename(history.find(arguments.run), arguments.name)
    return 0


def _note(arguments: argparse.Namespace, history: History) -> int:
    history.annotate(history.find(arguments.run), arguments.text)
    return 0


def _delete(arguments: argparse.Namespace, history: History) -> int:
    found = [history.find(text) for text in arguments.runs]
    history.delete(found)
    say(f"Deleted {len(found)} run{'s' if len(found) > 1 else ''}.")
    return 0
