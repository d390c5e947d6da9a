"""`python -m core bench`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Its names are imported when used: no other command should wait for them.
import core.bench as lab
from core.cli import benchmarks
from core.cli.output import print_json, say, write_text
from core.cli.thresholds import GRAMMAR, Outcome, Threshold
from core.errors import UsageError
from core.history import (
    Comparison,
    check_comparable,
    compare,
    export_json,
    open_history,
    read_file,
    read_json,
    run_recorded,
)
from core.history.texts import duration
from core.loop import run as run_on_loop
from core.milvus import Backend, check_workspace, explain, is_milvus_error
from core.settings import Settings
from core.workspace import open_backend

if TYPE_CHECKING:
    from core.bench import CellKey, Plan, RunResult

HELP = "Measure both frameworks and bare pymilvus: one call after the other, threads, asyncio, batch."
DEFAULT_PRESET = "quick-look"
_LISTS = {
    "framework": ("frameworks", "pymilvus, llamaindex, langchain"),
    "operation": ("operations", "insert, search, or one of a framework: llamaindex.query"),
    "mode": ("modes", "sequential, threads, asyncio, batch, open"),
    "count": ("counts", "calls in one round"),
    "concurrency": ("concurrencies", "threads, or calls under way at once; 0 is all of them"),
    "consistency": ("consistencies", "Strong, Session, Bounded, Eventually"),
    "rtt-ms": ("rtts_ms", "network round trip to add, in milliseconds"),
    "load": ("loads", "open loop: 200/s, or 70%% of the measured maximum"),
}
_NUMBERS = {
    "rounds": (int, "rounds", "measured rounds, when the time allows"),
    "time-budget": (float, "time_budget_s", "seconds that the run may take"),
    "dimension": (int, "dimension", "length of the vectors"),
    "rows": (int, "rows", "rows in a collection before it is read"),
    "top-k": (int, "top_k", "hits of a search"),
    "seed": (int, "seed", "seed of data, order and arrivals"),
    "first-token-ms": (float, "first_token_ms", "whole questions: the model's delay to its first token"),
}
# What a call to a server takes besides the network, and how long Strong consistency waits.
_SERVICE_S, _STRONG_S, _STAGING_S = 0.003, 0.3, 3.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = GRAMMAR
    parser.add_argument("--preset", metavar="NAME", help=f"a named plan; {DEFAULT_PRESET} when none is given")
    parser.add_argument("--list-presets", action="store_true", help="show the named plans and stop")
    for option, (_, what) in _LISTS.items():
        parser.add_argument(
            f"--{option}", action="extend", type=_listed, metavar="A,B", help=f"{what}; a list, or repeated"
        )
    for option, (kind, _, what) in _NUMBERS.items():
        parser.add_argument(f"--{option}", type=kind, metavar="N", help=what)
    parser.add_argument("--name", help="what the run is called in the history")
    parser.add_argument("--note", default="", help="a note to go with it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there; - is the terminal")
    parser.add_argument("--samples", action="store_true", help="with --json: every single call as well")
    parser.add_argument("--threshold", action="append", default=[], metavar="LIMIT", help="see below")
    parser.add_argument("--compare", metavar="RUN", help="an earlier run: its id, `latest`, or a JSON file")
    parser.add_argument("--yes", action="store_true", help="do not ask before a remote server is measured")
    parser.add_argument("--cleanup", action="store_true", help="remove what killed runs left, and stop")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure; 0 when the run is valid and keeps every limit."""
    if arguments.list_presets:
        return _list_presets(as_json=arguments.json is not None)
    if arguments.cleanup:
        return _cleanup(run_on_loop(open_backend(settings)), asks=not arguments.yes)
    check_workspace(arguments.workspace)
    plan = _plan(arguments)
    thresholds = [Threshold.parse(text) for text in arguments.threshold]
    _check_file(arguments.json)
    before = _earlier(arguments.compare, settings)
    backend = run_on_loop(open_backend(settings))
    _mention_leftovers(backend, _people(arguments))
    keys = [cell.key for cell in lab.unfold(plan, backend) if not cell.note]
    for threshold in thresholds:
        threshold.check_plan(plan, keys)
    if before is not None:
        check_comparable(before, plan, keys)
    _ask(plan, backend, asks=not arguments.yes)
    result, stopped = _measure(arguments, plan, backend, settings)
    return _report(arguments, result, thresholds, before, stopped=stopped)


def _measure(
    arguments: argparse.Namespace, plan: Plan, backend: Backend, settings: Settings
) -> tuple[RunResult | None, bool]:
    """The result, and whether Ctrl-C ended the run; then the result holds what was finished."""
    watch = benchmarks.Watch(_people(arguments))
    context = lab.Context(backend)
    coro = run_recorded(
        plan, context, watch.emit, settings, workspace=arguments.workspace, note=arguments.note
    )
    try:
        return run_on_loop(coro), False
    except (KeyboardInterrupt, CancelledError):
        return watch.result, True
    finally:
        watch.close()


def _report(
    arguments: argparse.Namespace,
    result: RunResult | None,
    thresholds: Sequence[Threshold],
    before: RunResult | None,
    *,
    stopped: bool,
) -> int:
    stream = _people(arguments)
    if result is None or (stopped and not result.cells):
        print("Stopped before anything was measured.", file=stream)
        return 130
    outcomes = [] if stopped else [item for limit in thresholds for item in limit.check(result)]
    found = _compared(before, result)
    _describe(result, outcomes, found, stream)
    if arguments.json is not None:
        extra = {
            "thresholds": [item.to_json() for item in outcomes],
            "comparison": found.to_json() if found else None,
        }
        text = export_json(result, note=arguments.note, samples=arguments.samples, **extra)
        write_text(arguments.json, text)
    if stopped:
        print(f"Stopped. What was finished is kept in the history as {result.run_id}.", file=stream)
        return 130
    if not result.valid:
        print(f"The run is not valid: {_why(result)}", file=sys.stderr)
        return 1
    missed = any(not item.passed for item in outcomes) or bool(found and found.regressions)
    return 3 if missed else 0


def _describe(result: RunResult, outcomes: Sequence[Outcome], found: Comparison | None, stream: Any) -> None:
    verdict = [f"- {item.text}" for item in result.verdict]
    parts = ["\n".join(verdict), benchmarks.table(result) if result.cells else ""]
    if outcomes:
        parts.append("\n".join(map(_outcome, outcomes)))
    if found is not None:
        parts.append(f"Against {found.before}: {benchmarks.changes(found)}")
    print("\n" + "\n\n".join(part for part in parts if part), file=stream)


def _compared(before: RunResult | None, result: RunResult) -> Comparison | None:
    """What changed; None when there is nothing to compare, or the run is no measure."""
    shared = before is not None and {cell.key for cell in before.cells} & {cell.key for cell in result.cells}
    return compare(before, result) if before is not None and shared and result.valid else None


def _outcome(found: Outcome) -> str:
    mark = "kept  " if found.passed else "MISSED"
    return f"{mark}  {found.threshold}: {found.measured}  {found.label}"


def _why(result: RunResult) -> str:
    wrong = [cell.key.label for cell in result.cells if cell.verified is False]
    if wrong:
        return f"{wrong[0]} had a wrong effect."
    if result.warnings:
        return result.warnings[-1]
    return "not every cell was measured."


def _plan(arguments: argparse.Namespace) -> Plan:
    given = {field: getattr(arguments, option.replace("-", "_")) for option, (field, _) in _LISTS.items()}
    given |= {
        field: getattr(arguments, option.replace("-", "_")) for option, (_, field, _) in _NUMBERS.items()
    }
    changed = {name: value for name, value in given.items() if value is not None}
    if arguments.preset is None and changed:
        return lab.Plan.make(**changed, name=arguments.name)
    return lab.preset(arguments.preset or DEFAULT_PRESET).plan(**changed, name=arguments.name)


def _earlier(named: str | None, settings: Settings) -> RunResult | None:
    """The run to compare with, found before the new one begins."""
    if named is None:
        return None
    path = Path(named)
    if path.suffix == ".json":
        return read_json(read_file(path)).result
    history = run_on_loop(open_history(settings))
    return history.result(history.find(named, "benchmark"))


def _check_file(path: Path | None) -> None:
    """A run of minutes must not end with a path that cannot be written."""
    if path is not None and str(path) != "-" and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UsageError(f"The result cannot be written to {path}: name a file in a folder that exists.")


def _ask(plan: Plan, backend: Backend, *, asks: bool) -> None:
    """Before a server that is not this machine's is measured, say what it will be sent, and ask."""
    if backend.address.local or not asks:
        return
    most = lab.outline(plan, backend).operations
    roughly = duration(_guess(plan, backend))
    question = (
        f"This sends up to {most:,} operations to {backend.address.shown}, in temporary collections of its "
        f"own (tandem_bench_...) that are dropped at the end. It takes roughly {roughly}, guessed from the "
        f"round trip of {backend.rtt_ms:.0f} ms; a probe at the start tells more."
    )
    _confirm(question, "Go on?")


def _confirm(question: str, ask: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} To allow it where nobody can be asked, add --yes.")
    print(f"{question}\n{ask} [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in {"y", "yes"}:
        raise UsageError("Nothing was done.")


def _guess(plan: Plan, backend: Backend) -> float:
    """Seconds that a run may take, from the network alone."""
    cells = lab.unfold(plan, backend)
    rounds = {cell.key: _one_round(cell.key, backend.rtt_ms) for cell in cells}
    return lab.predict(plan, cells, lab.Forecast(rounds, _STAGING_S)).seconds


def _one_round(key: CellKey, rtt_ms: float) -> float:
    call = (rtt_ms + key.rtt_ms) / 1e3 + _SERVICE_S + (_STRONG_S if key.consistency == "Strong" else 0.0)
    turns = 1 if key.mode == "batch" else math.ceil(key.count / key.limit)
    return max(turns * call, key.count * _SERVICE_S / 4)


def _mention_leftovers(backend: Backend, stream: Any) -> None:
    if found := _leftovers(backend):
        many = f"{len(found)} temporary collection{'s' if len(found) > 1 else ''}"
        print(f"Killed runs left {many} in this Milvus: `bench --cleanup` removes them.", file=stream)


def _leftovers(backend: Backend) -> list[str]:
    try:
        return lab.leftovers(backend)
    except Exception as error:
        if is_milvus_error(error):
            raise explain(error, backend.address, backend.settings) from error
        raise


def _cleanup(backend: Backend, *, asks: bool) -> int:
    found = _leftovers(backend)
    if not found:
        say("Nothing is left of killed runs.")
        return 0
    for name in found:
        say(f"  {name}")
    if asks and not backend.address.local:
        _confirm(f"These {len(found)} collections are left of killed runs.", "Drop them?")
    lab.drop_all(backend, found)
    say(f"Removed {len(found)} temporary collection{'s' if len(found) > 1 else ''} of killed runs.")
    return 0


def _list_presets(*, as_json: bool) -> int:
    if as_json:
        plans = [
            {"name": item.name, "purpose": item.purpose, "plan": item.plan().to_json()}
            for item in lab.PRESETS.values()
        ]
        print_json({"schema_version": 1, "presets": plans})
        return 0
    for item in lab.PRESETS.values():
        say(f"{item.name:<20} {item.purpose}")
    return 0


def _people(arguments: argparse.Namespace) -> Any:
    """Where text for people goes: standard output, unless that is taken by the JSON."""
    return sys.stderr if arguments.json is not None and str(arguments.json) == "-" else sys.stdout


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
