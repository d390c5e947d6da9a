"""`python -m core evaluate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import kinds
from core.cli import evaluations
from core.cli.output import say, write_text
from core.errors import StorageError, UsageError
from core.evaluate import (
    BadRow,
    Defaults,
    EvaluationResult,
    HistoryJournal,
    Question,
    Variant,
    default_variants,
    draft_questions,
    drop_copies,
    estimate,
    evaluate,
    export_json,
    export_questions,
    load_evaluation,
    load_questions,
    load_set,
    parse_variants,
    sample_questions,
    save_set,
)
from core.evaluate.changes import EvaluationComparison, check_comparable, compare_evaluations
from core.evaluate.questions import Format
from core.evaluate.records import Plan
from core.evaluate.runner import cutoffs
from core.evaluate.thresholds import GRAMMAR, Check, Threshold
from core.history import new_run_id, open_history, read_file
from core.loop import run as run_on_loop
from core.settings import Settings
from core.workspace import Workspace

HELP = "Put labelled questions to both frameworks under several settings: which one answers better?"

_FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".json": "json"}


@dataclass(frozen=True)
class _Job:
    """What is to be evaluated; `run_id` is that of an earlier run when this one goes on with it."""

    questions: tuple[Question, ...]
    variants: tuple[Variant, ...]
    retrieval_only: bool
    repeats: int
    judgements: int
    run_id: str
    name: str
    resumed: bool = False
    bad: tuple[BadRow, ...] = ()

    @property
    def plan(self) -> Plan:
        """What thresholds are checked against before anything runs."""
        return Plan(
            variants=self.variants,
            retrieval_only=self.retrieval_only,
            judgements=self.judgements,
            cutoffs=cutoffs(self.variants),
        )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = GRAMMAR
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--questions", type=Path, metavar="FILE", help=".csv, .jsonl or .json with a column `question`"
    )
    asked.add_argument("--sample", action="store_true", help="the forty questions of the sample corpus")
    asked.add_argument("--set", metavar="NAME", help="a question set saved with the workspace")
    asked.add_argument("--resume", metavar="RUN", help="go on with an evaluation that was stopped or killed")
    asked.add_argument("--draft", type=int, metavar="N", help="draft N questions from the corpus, and stop")
    asked.add_argument(
        "--drop-copies", action="store_true", help="remove the corpora that were re-chunked, and stop"
    )
    parser.add_argument(
        "--variants",
        action="append",
        metavar="GRID",
        help="'llamaindex,langchain x dense,hybrid x k=3,5 x chunk=500,1000 x controlled,native'; repeatable",
    )
    parser.add_argument("--retrieval-only", action="store_true", help="retrieve only: needs no model")
    parser.add_argument("--repeats", type=int, default=1, metavar="N", help="ask each question so often")
    parser.add_argument("--judge", type=int, default=0, metavar="N", help="have the chat model judge N times")
    parser.add_argument("--concurrency", type=int, metavar="N", help="questions under way at once")
    parser.add_argument("--retry-failed", action="store_true", help="with --resume: ask again what failed")
    parser.add_argument("--save", metavar="NAME", help="also save the questions with the workspace")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="with --draft: where to (.csv, .jsonl, .json)"
    )
    parser.add_argument("--name", default="Evaluation", help="what the run is called in the history")
    parser.add_argument("--note", default="", help="a note to go with it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there; - is the terminal")
    parser.add_argument("--threshold", action="append", default=[], metavar="LIMIT", help="see below")
    parser.add_argument("--compare", metavar="RUN", help="an earlier one: its id, `latest`, or a JSON file")
    parser.add_argument("--dry-run", action="store_true", help="show what it would cost, and stop")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Evaluate; 0 when the run is whole and keeps every limit."""
    thresholds = [Threshold.parse(text) for text in arguments.threshold]
    _check_file(arguments.json)
    workspace = run_on_loop(Workspace.open(settings, arguments.workspace))
    if arguments.drop_copies:
        return _drop_copies(workspace)
    if arguments.draft is not None:
        return _draft(arguments, workspace)
    job = _job(arguments, workspace)
    for threshold in thresholds:
        threshold.check_plan(job.plan)
    before = _earlier(arguments.compare, settings)
    if before is not None:
        check_comparable(before, job.questions, job.plan)
    if arguments.save:
        save_set(workspace, arguments.save, job.questions)
    stream = _people(arguments)
    print(run_on_loop(_cost(workspace, job)).sentence, file=stream, flush=True)
    if arguments.dry_run:
        say("\n".join(f"  {variant.key:<40} {variant.label}" for variant in job.variants))
        return 0
    watch = evaluations.Watch(stream)
    stopped = _measure(arguments, workspace, job, watch)
    return _report(arguments, job, watch, thresholds, before, stopped=stopped)


def _job(arguments: argparse.Namespace, workspace: Workspace) -> _Job:
    if arguments.resume:
        return _resumed(arguments, workspace.settings)
    questions, bad = _questions(arguments, workspace)
    for row in bad:
        print(f"Line {row.line} of {arguments.questions}: {row.reason}", file=sys.stderr)
    defaults = Defaults(workspace.settings, workspace.backend.capabilities.hybrid)
    variants = default_variants(defaults)
    if arguments.variants:
        grid = parse_variants(arguments.variants, defaults)
        variants = grid.variants
        for reason in grid.skipped:
            print(reason, file=sys.stderr)
    return _Job(
        questions=questions,
        variants=variants,
        retrieval_only=arguments.retrieval_only,
        repeats=arguments.repeats,
        judgements=arguments.judge,
        run_id=new_run_id(),
        name=arguments.name,
        bad=bad,
    )


def _questions(
    arguments: argparse.Namespace, workspace: Workspace
) -> tuple[tuple[Question, ...], tuple[BadRow, ...]]:
    if arguments.sample:
        return sample_questions(), ()
    if arguments.set is not None:
        return load_set(workspace, arguments.set), ()
    if arguments.questions is None:
        raise UsageError("There is nothing to ask: give --questions FILE, --set NAME, or --sample.")
    loaded = load_questions(arguments.questions, workspace.settings)
    return loaded.questions, loaded.bad


def _resumed(arguments: argparse.Namespace, settings: Settings) -> _Job:
    history = run_on_loop(open_history(settings))
    stored = history.stored(history.find(arguments.resume, "evaluation"))
    earlier = load_evaluation(stored)
    if earlier.workspace != arguments.workspace:
        raise UsageError(
            f"That evaluation is of the workspace {earlier.workspace!r}: add --workspace {earlier.workspace}."
        )
    if stored.summary.state == "running":
        raise UsageError("That evaluation still goes on in another process: wait for it, or stop it first.")
    return _Job(
        questions=earlier.questions,
        variants=earlier.plan.variants,
        retrieval_only=earlier.plan.retrieval_only,
        repeats=earlier.plan.repeats,
        judgements=earlier.plan.judgements,
        run_id=stored.summary.run_id,
        name=stored.summary.name,
        resumed=True,
    )


async def _cost(workspace: Workspace, job: _Job) -> Any:
    return await estimate(
        workspace,
        job.questions,
        job.variants,
        retrieval_only=job.retrieval_only,
        repeats=job.repeats,
        judgements=job.judgements,
    )


def _measure(
    arguments: argparse.Namespace, workspace: Workspace, job: _Job, watch: evaluations.Watch
) -> bool:
    """Evaluate; whether Ctrl-C ended it. Either way the watch has what was finished."""
    try:
        run_on_loop(_evaluate(arguments, workspace, job, watch))
    except (KeyboardInterrupt, CancelledError):
        return True
    finally:
        watch.close()
    return False


async def _evaluate(
    arguments: argparse.Namespace, workspace: Workspace, job: _Job, watch: evaluations.Watch
) -> EvaluationResult:
    journal = None
    try:
        history = await open_history(workspace.settings)
        journal = HistoryJournal(history, name=job.name, note=arguments.note, resume=job.resumed)
        watch.stored = True
    except StorageError as error:
        watch.say(f"Warning: This evaluation is not being stored: {error}")
    return await evaluate(
        workspace,
        job.questions,
        job.variants,
        retrieval_only=job.retrieval_only,
        repeats=job.repeats,
        judgements=job.judgements,
        concurrency=arguments.concurrency,
        retry_failed=arguments.retry_failed,
        emit=watch.emit,
        journal=journal,
        run_id=job.run_id,
    )


def _report(
    arguments: argparse.Namespace,
    job: _Job,
    watch: evaluations.Watch,
    thresholds: Sequence[Threshold],
    before: EvaluationResult | None,
    *,
    stopped: bool,
) -> int:
    stream, result = _people(arguments), watch.result
    if result is None:
        print("Stopped before anything was asked.", file=stream)
        return 130
    checks = [] if stopped else [check for limit in thresholds for check in limit.check(result)]
    found = None if stopped else _compared(before, result)
    print(f"\n{evaluations.describe(result, checks)}", file=stream)
    if found is not None:
        print(f"\nAgainst {found.before or arguments.compare}: {evaluations.changes(found)}", file=stream)
    if arguments.json is not None:
        write_text(arguments.json, _as_json(arguments, result, job, checks, found))
    if watch.stored:
        print(f"\nKept in the history as {result.run_id}.", file=stream)
    if stopped:
        on = f" Go on with: python -m core evaluate --resume {result.run_id[:8]}" if watch.stored else ""
        print(f"Stopped.{on}", file=stream)
        return 130
    if result.state != "complete" or result.errors or job.bad:
        print(f"The run is not whole: {_why(result, job)}", file=sys.stderr)
        return 1
    missed = any(not check.passed for check in checks) or bool(found and found.regressions)
    return 3 if missed else 0


def _earlier(named: str | None, settings: Settings) -> EvaluationResult | None:
    """The evaluation to compare with, found before the new one begins."""
    if named is None:
        return None
    path = Path(named)
    if path.suffix == ".json":
        kind, filed = kinds.read(read_file(path))
        if kind.name != "evaluation":
            raise UsageError(f"The file {path} holds no evaluation but a {kind.name}: name another one.")
        return filed.result  # type: ignore[no-any-return]  # of an evaluation, as was seen
    history = run_on_loop(open_history(settings))
    return load_evaluation(history.stored(history.find(named, "evaluation")))


def _compared(before: EvaluationResult | None, result: EvaluationResult) -> EvaluationComparison | None:
    """What changed; None when there is nothing to compare, or the run is no measure."""
    whole = result.state == "complete"
    return compare_evaluations(before, result) if before is not None and whole else None


def _as_json(
    arguments: argparse.Namespace,
    result: EvaluationResult,
    job: _Job,
    checks: Sequence[Check],
    found: EvaluationComparison | None,
) -> str:
    return export_json(
        result,
        name=job.name,
        note=arguments.note,
        bad_rows=[asdict(row) for row in job.bad],
        thresholds=[asdict(check) for check in checks],
        comparison=found.to_json() if found else None,
    )


def _why(result: EvaluationResult, job: _Job) -> str:
    if result.state != "complete":
        return f"{len(result.outcomes):,} of {result.expected:,} were asked. {' '.join(result.warnings[-1:])}"
    if result.errors:
        first = next(outcome.error for outcome in result.outcomes if outcome.error)
        return f"{result.errors:,} of {result.expected:,} failed, the first so: {first}"
    return f"{len(job.bad):,} rows of the question file are no questions."


def _draft(arguments: argparse.Namespace, workspace: Workspace) -> int:
    path = arguments.output or Path("-.jsonl")
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} is no question file: end its name with .csv, .jsonl or .json.")
    questions = run_on_loop(draft_questions(workspace, arguments.draft))
    if arguments.save:
        save_set(workspace, arguments.save, questions)
    text = export_questions(questions, kind).decode("utf-8")
    write_text(arguments.output or Path("-"), text if arguments.output else text.rstrip("\n"))
    print(
        f"{len(questions)} questions drafted: read them, and correct or delete what is wrong.",
        file=sys.stderr,
    )
    return 0


def _drop_copies(workspace: Workspace) -> int:
    names = run_on_loop(drop_copies(workspace))
    say(f"Removed {len(names)} re-chunked corpora." if names else "There are no re-chunked corpora.")
    return 0


def _check_file(path: Path | None) -> None:
    """A run of minutes must not end with a path that cannot be written."""
    if path is not None and str(path) != "-" and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UsageError(f"The result cannot be written to {path}: name a file in a folder that exists.")


def _people(arguments: argparse.Namespace) -> Any:
    """Where text for people goes: standard output, unless that is taken by the JSON."""
    return sys.stderr if arguments.json is not None and str(arguments.json) == "-" else sys.stdout
