"""`python -m core ingest PATHS...`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.cli.output import BarProgress, print_json, say, shorten
from core.documents import SUPPORTED
from core.engines.base import ENGINE_LABELS, Mode
from core.errors import UsageError
from core.ingest import IngestSummary, Upload, ingest, reindex
from core.loop import run as run_on_loop
from core.settings import Settings
from core.workspace import Workspace

HELP = "Read documents, cut and embed them once, and index them in both engines."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATHS", help="files or folders")
    parser.add_argument("--sample", action="store_true", help="add the sample corpus")
    parser.add_argument(
        "--native", action="store_true", help="also index each engine's own way, for native mode"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ingest; 0 when every file is indexed or unchanged."""
    uploads = [Upload(name, path) for name, path in _named(arguments.paths)]
    if arguments.sample:
        from core.sample import documents

        uploads += [Upload(path.name, path) for path in documents()]
    if not uploads and not arguments.native:
        raise UsageError("There is nothing to ingest: name files or folders, or use --sample.")
    progress = BarProgress(quiet=arguments.json)
    try:
        summary = run_on_loop(_ingest(arguments, settings, uploads, progress))
    finally:
        progress.close()
    if arguments.json:
        print_json(summary.to_json())
    else:
        _describe(summary)
    return 0 if summary.succeeded else 1


async def _ingest(
    arguments: argparse.Namespace, settings: Settings, uploads: Sequence[Upload], progress: BarProgress
) -> IngestSummary:
    workspace = await Workspace.open(settings, arguments.workspace)
    summary = await ingest(workspace, uploads, progress=progress) if uploads else None
    if arguments.native:
        native = await reindex(workspace, Mode.NATIVE, progress=progress)
        summary = summary or native
    assert summary is not None
    return summary


def _named(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir():
            found = [item for item in sorted(path.rglob("*")) if item.is_file()]
            yield from (
                (item.name, item) for item in found if item.suffix.lower().removeprefix(".") in SUPPORTED
            )
        else:
            yield path.name, path


def _describe(summary: IngestSummary) -> None:
    for file in summary.files:
        detail = file.error or f"{file.chunks} chunks, {file.characters:,} characters"
        say(f"  {file.status:<9} {shorten(file.name, 60)}  {detail}")
    for name, label in ENGINE_LABELS.items():
        say(f"{label}: {summary.engines[name].chunks:,} chunks")
    stages = "  ".join(f"{stage} {seconds:.2f} s" for stage, seconds in summary.timings.items())
    say(f"Time: {stages}")
