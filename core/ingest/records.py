"""What goes into an ingest and what comes out of it. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from core.engines.base import EngineName

SCHEMA_VERSION = 1
STAGES = ("parse", "chunk", "embed", "index", "flush")

Status = Literal["indexed", "unchanged", "failed"]


@dataclass(frozen=True)
class Upload:
    """One file to ingest. A path is read only when its turn comes, and one file at a time."""

    name: str
    data: bytes | Path


@dataclass(frozen=True)
class FileResult:
    """What became of one file, under the name that it has in the corpus.

    `chunks` counts what was cut from it (in native mode, by both engines together). `error` is fit
    to show; `note` tells what a person would not expect, such as a new name.
    """

    name: str
    status: Status
    error: str | None = None
    note: str | None = None
    chunks: int = 0
    characters: int = 0


@dataclass(frozen=True)
class EngineResult:
    """How many chunks an engine holds in this workspace after the ingest."""

    chunks: int


@dataclass(frozen=True)
class IngestSummary:
    """One finished ingest; `files` in the order in which they were given.

    `timings` has the seconds during which each of `STAGES` had work under way, and `total`, the
    wall time: the stages overlap, so they add up to more. `error` is a failure of no single file,
    fit to show.
    """

    files: tuple[FileResult, ...]
    engines: Mapping[EngineName, EngineResult]
    timings: Mapping[str, float]
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether every file is in the corpus and nothing else went wrong."""
        return self.error is None and all(file.status != "failed" for file in self.files)

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON types."""
        return {
            "schema_version": SCHEMA_VERSION,
            "files": [asdict(file) for file in self.files],
            "engines": {name: asdict(engine) for name, engine in self.engines.items()},
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
            "error": self.error,
        }


class Progress(Protocol):
    """Who shows how far an ingest is; called on the event-loop thread, must not block."""

    def update(self, *, stage: str, done: int, total: int, message: str = "") -> None:
        """`done` of `total` files (parse) or chunks (embed, index); both 0 where nothing is counted."""
        ...

    def file(self, name: str, state: str, detail: str = "") -> None:
        """A file is now parsing, indexing, indexed, unchanged or failed; `detail` says why."""
        ...


class Silent:
    """A `Progress` that shows nothing."""

    def update(self, *, stage: str, done: int, total: int, message: str = "") -> None:
        """Do nothing."""

    def file(self, name: str, state: str, detail: str = "") -> None:
        """Do nothing."""
