"""`python -m core ask QUESTION`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.ask import AskOptions, answers
from core.cli.output import print_json, say, shorten
from core.engines.base import ENGINE_LABELS, ENGINE_NAMES, Answer, EngineName, Mode, Retrieval
from core.errors import UsageError
from core.loop import run as run_on_loop
from core.parity import overlap
from core.serialize import ask_result
from core.settings import Settings
from core.workspace import Workspace

HELP = "Ask both engines the same question at once and compare their answers, sources and timings."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("question", nargs="?", metavar="QUESTION")
    parser.add_argument(
        "--questions",
        type=Path,
        metavar="FILE.jsonl",
        help="ask every `question` of a JSON Lines file; prints one JSON line each",
    )
    parser.add_argument("--retrieve-only", action="store_true", help="retrieve, and leave the model out")
    parser.add_argument(
        "--retrieval", choices=[item.value for item in Retrieval], help="how chunks are found"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="chunks a question")
    parser.add_argument("--mode", choices=[item.value for item in Mode], default=Mode.CONTROLLED.value)
    parser.add_argument("--engine", choices=ENGINE_NAMES, action="append", help="only this engine")
    parser.add_argument("--document", action="append", metavar="NAME", help="search only this document")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask; 0 when every engine answered every question."""
    if (arguments.question is None) == (arguments.questions is None):
        raise UsageError("Give one question, or --questions FILE.jsonl.")
    options = _options(arguments)
    workspace = run_on_loop(Workspace.open(settings, arguments.workspace))
    if arguments.questions is not None:
        return _many(workspace, read_questions(arguments.questions), options)
    found = run_on_loop(answers(workspace, arguments.question, options))
    if arguments.json:
        print_json(ask_result(workspace, arguments.question, options, found))
    else:
        _describe(workspace, found)
    return _exit_code(found)


def read_questions(path: Path) -> list[str]:
    """The `question` of each line; `UsageError` names the first line that has none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The question file {path} cannot be read ({type(error).__name__}): give a UTF-8 file "
            "with one JSON object a line."
        ) from None
    questions = [_question(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UsageError(f'The question file {path} is empty: write one {{"question": ...}} a line.')
    return questions


def _question(path: Path, number: int, line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    question = record.get("question") if isinstance(record, dict) else None
    if not isinstance(question, str) or not question.strip():
        raise UsageError(f'Line {number} of {path} is not a JSON object with a "question": correct it.')
    return question


def _many(workspace: Workspace, questions: list[str], options: AskOptions) -> int:
    worst = 0
    for question in questions:
        try:
            found = run_on_loop(answers(workspace, question, options))
        except UsageError as error:
            refused: dict[str, Any] = {"schema_version": 1, "question": question, "error": str(error)}
            print_json(refused | {"answers": []}, line=True)
            worst = 1
            continue
        print_json(ask_result(workspace, question, options, found), line=True)
        worst = max(worst, _exit_code(found))
    return worst


def _options(arguments: argparse.Namespace) -> AskOptions:
    return AskOptions(
        engines=tuple(dict.fromkeys(arguments.engine or ENGINE_NAMES)),
        retrieval=Retrieval(arguments.retrieval) if arguments.retrieval else None,
        top_k=arguments.top_k,
        mode=Mode(arguments.mode),
        documents=tuple(arguments.document) if arguments.document else None,
        retrieve_only=arguments.retrieve_only,
    )


def _exit_code(found: Mapping[EngineName, Answer]) -> int:
    return 1 if any(answer.error for answer in found.values()) else 0


def _describe(workspace: Workspace, found: Mapping[EngineName, Answer]) -> None:
    say(f"{workspace.backend.label} · {workspace.model.endpoint.label}")
    for name, answer in found.items():
        say(f"\n{ENGINE_LABELS[name]}  ({answer.timings.total * 1e3:.0f} ms)")
        say(f"  {answer.error}" if answer.error else f"  {answer.text}" if answer.text else "")
        for hit in answer.hits:
            page = f", page {hit.chunk.page}" if hit.chunk.page else ""
            say(f"  [{hit.rank}] {hit.chunk.source}{page}: {shorten(hit.chunk.text, 80)}")
    if len(found) == 2:
        first, second = found.values()
        shared = overlap(first.hits, second.hits)
        say(f"\nShared chunks: {shared.shared} of {shared.k}")
