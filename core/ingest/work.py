"""What moves through the pipeline: documents, their chunks, and who measures and reports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from core.catalogue.records import DocumentRecord
from core.documents import Chunk, Document, Splitter, document_id
from core.engines.base import ENGINE_NAMES, EngineName, Mode, Vector
from core.ingest.records import STAGES, FileResult, Progress
from core.settings import Settings


@dataclass(frozen=True)
class Cut:
    """One way of cutting a document, and the engines that get those chunks."""

    splitter: Splitter
    engines: tuple[EngineName, ...]


def cuts(settings: Settings, mode: Mode) -> tuple[Cut, ...]:
    """Controlled mode cuts once for both engines; in native mode each engine cuts in its own way."""
    if mode is Mode.CONTROLLED:
        return (Cut(Splitter.of(settings), ENGINE_NAMES),)
    return tuple(Cut(Splitter(name, 0, 0, native=True), (name,)) for name in ENGINE_NAMES)


@dataclass(eq=False)
class Work:
    """One document on its way. `load` reads and parses it, blocks, and is let go with the file's bytes.

    `kept` says that its text comes from the catalogue, not from a file.

    `records` and `missing` (chunks that an engine has yet to store) are known once it is cut.
    """

    place: int
    name: str
    content_hash: str
    load: Callable[[], Document] | None
    note: str | None = None
    kept: bool = False
    records: tuple[DocumentRecord, ...] = ()
    missing: dict[EngineName, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of its revisions, one a cut."""
        return tuple(record.document_id for record in self.records)

    @property
    def chunks(self) -> int:
        """Chunks of all its cuts."""
        return sum(record.chunks for record in self.records)

    @property
    def stored(self) -> bool:
        """Whether every engine has every chunk."""
        return bool(self.missing) and not any(self.missing.values())


@dataclass(frozen=True, eq=False)
class Piece:
    """One chunk of one document, with the engines that wait for it."""

    work: Work
    chunk: Chunk
    engines: tuple[EngineName, ...]


Row = tuple[Piece, Vector]


def records_of(
    document: Document, pieces: Sequence[Sequence[Chunk]], ways: Sequence[Cut]
) -> tuple[DocumentRecord, ...]:
    """The catalogue's records of a document that was cut in these ways."""
    return tuple(
        DocumentRecord(
            name=document.name,
            document_id=document_id(document.name, document.content_hash, way.splitter),
            content_hash=document.content_hash,
            kind=document.kind,
            splitter=way.splitter.label,
            engines=way.engines,
            characters=document.characters,
            chunks=len(chunks),
        )
        for way, chunks in zip(ways, pieces, strict=True)
    )


class Meter:
    """Seconds during which each stage had work under way, however much of it at once."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self._busy = dict.fromkeys(STAGES, 0.0)
        self._open = dict.fromkeys(STAGES, 0)
        self._since = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time until the block ends as work of this stage."""
        if not self._open[name]:
            self._since[name] = perf_counter()
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                self._busy[name] += perf_counter() - self._since[name]

    def timings(self) -> dict[str, float]:
        """Seconds by stage, and `total`, the wall time so far."""
        return {**self._busy, "total": perf_counter() - self._start}


class Board:
    """Gathers what became of each file, and reports it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._results: dict[int, FileResult] = {}
        self._repeats: list[tuple[int, int, str]] = []
        self._done = {"parse": 0, "embed": 0, "index": 0}
        self._total = {"parse": 0, "embed": 0, "index": 0}

    def count(self, stage: str, done: int = 0, more: int = 0, message: str = "") -> None:
        """Count work of a stage as done, or as yet to do."""
        self._done[stage] += done
        self._total[stage] += more
        total = max(self._total[stage], self._done[stage])
        self._progress.update(stage=stage, done=self._done[stage], total=total, message=message)

    def state(self, name: str, state: str) -> None:
        """Report where a file is."""
        self._progress.file(name, state)

    def settle(self, place: int, result: FileResult) -> None:
        """Note what became of the file at this place; the first word counts."""
        if place not in self._results:
            self._results[place] = result
            self._progress.file(result.name, result.status, result.error or result.note or "")

    def repeat(self, place: int, first: int, name: str) -> None:
        """Note that a file came before in this ingest, at place `first`."""
        self._repeats.append((place, first, name))

    def results(self) -> tuple[FileResult, ...]:
        """What became of each file, in the order in which they were given."""
        for place, first, name in self._repeats:
            earlier = self._results[first]
            if earlier.status == "failed":
                self._results[place] = earlier
            else:
                note = "The same file came twice in this ingest."
                self._results[place] = FileResult(
                    name, "unchanged", None, note, earlier.chunks, earlier.characters
                )
        return tuple(self._results[place] for place in sorted(self._results))
