"""Ingest, index again, remove, sweep: what the pages and the command line call, on the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from core.catalogue.records import DocumentRecord
from core.documents import Document, clean_name, content_hash, document_id, parse
from core.engines.base import Mode
from core.errors import BackendError, DocumentError, TandemError
from core.ingest.failures import known
from core.ingest.guard import alone, alone_or_not_at_all, reason
from core.ingest.naming import Names
from core.ingest.pipeline import Pipeline
from core.ingest.reading import read
from core.ingest.records import FileResult, IngestSummary, Progress, Silent, Upload
from core.ingest.settle import Settlement, damaged, delete_chunks, held, sweep_space
from core.ingest.work import Board, Meter, Work, cuts
from core.loop import get_loop

if TYPE_CHECKING:
    from core.workspace import Workspace

# What a cancelled ingest may still take to make findable what both engines have stored.
_KEEP_SECONDS = 4.0


async def ingest(
    workspace: Workspace,
    uploads: Iterable[Upload],
    *,
    mode: Mode = Mode.CONTROLLED,
    progress: Progress | None = None,
) -> IngestSummary:
    """Read, cut and embed files, and index them in both engines.

    Unchanged files are skipped; a changed one replaces what the corpus has under its name, all at
    once, when its last chunk is in both engines. A file's failure is in its result and stops no
    other. Raises `TandemError` only when nothing could be done at all. Cancelling it, or killing
    the process, leaves no file half findable: the next ingest completes what it is given again.
    """
    given = list(uploads)
    run = _Run(workspace, mode, progress or Silent())
    return await alone(workspace, run.progress, lambda: run.over(partial(run.admit_uploads, given)))


async def reindex(
    workspace: Workspace, mode: Mode = Mode.CONTROLLED, *, progress: Progress | None = None
) -> IngestSummary:
    """Index the whole corpus again from the text that the catalogue keeps, as far as it is not yet.

    For native mode, another embedding model, another chunk size, or a Milvus that lost its data.
    """
    run = _Run(workspace, mode, progress or Silent())
    return await alone(workspace, run.progress, lambda: run.over(run.admit_corpus))


async def copy(source: Workspace, target: Workspace, *, progress: Progress | None = None) -> IngestSummary:
    """Make the corpus of `target` that of `source`, cut and embedded by the settings of `target`.

    From the text that the catalogue keeps, so no file is parsed again; what is there already stays, and
    what `source` no longer has goes. Controlled mode only.
    """
    corpus = await get_loop().blocking(source.catalogue.corpus, source.name)
    names = {record.name for record in corpus}
    there = await get_loop().blocking(target.catalogue.corpus, target.name)
    await remove(target, [record.name for record in there if record.name not in names])
    run = _Run(target, Mode.CONTROLLED, progress or Silent())
    return await alone(target, run.progress, lambda: run.over(partial(run.admit_copies, corpus, source)))


async def remove(
    workspace: Workspace, names: Sequence[str], *, progress: Progress | None = None
) -> tuple[str, ...]:
    """Remove documents from the workspace, in every mode; returns the names that it had.

    They cannot be found from the first moment on. When Milvus fails in the middle, or an ingest
    is under way, their chunks are deleted by it or by the next one.
    """
    gone = await get_loop().blocking(workspace.catalogue.retire, workspace.name, names)
    if gone:
        await alone(workspace, progress or Silent(), lambda: _sweep_all(workspace))
    return gone


async def sweep(workspace: Workspace) -> None:
    """Delete what a killed ingest or removal left in Milvus, unless an ingest is under way."""
    await alone_or_not_at_all(workspace, lambda: _sweep_all(workspace))


async def pending(workspace: Workspace, mode: Mode = Mode.CONTROLLED) -> tuple[str, ...]:
    """Names of documents of the corpus that `reindex` would index in this mode."""
    blocking, catalogue = get_loop().blocking, workspace.catalogue
    corpus = await blocking(catalogue.corpus, workspace.name)
    known = await blocking(catalogue.documents, workspace.space(mode))
    ready = {record.document_id for record in known if record.state == "indexed"}
    ways = cuts(workspace.settings, mode)
    return tuple(
        one.name
        for one in corpus
        if not ready.issuperset(document_id(one.name, one.content_hash, way.splitter) for way in ways)
    )


async def _sweep_all(workspace: Workspace) -> None:
    for mode in Mode:
        try:
            await sweep_space(workspace, mode)
        except TandemError:
            raise
        except Exception as error:
            if sentence := known(error, workspace):
                raise sentence from error
            raise


class _Run:
    """One ingest or reindex."""

    def __init__(self, workspace: Workspace, mode: Mode, progress: Progress) -> None:
        self.progress = progress
        self._workspace = workspace
        self._mode = mode
        self._space = workspace.space(mode)
        self._ways = cuts(workspace.settings, mode)
        self._meter = Meter()
        self._board = Board(progress)
        self._settlement = Settlement(workspace, mode, self._board, self._meter)
        self._pipeline = Pipeline(workspace, mode, self._board, self._meter, self._settlement.store)

    async def over(self, works: Callable[[], AsyncIterator[Work]]) -> IngestSummary:
        """Take all works through the pipeline and settle them."""
        try:
            await self._prepare()
            await self._pipeline.run(works())
        except asyncio.CancelledError:
            with suppress(Exception):
                async with asyncio.timeout(_KEEP_SECONDS):
                    await self._settlement.end(self._pipeline.fail)
            raise
        except TandemError:
            raise
        except Exception as error:
            if sentence := known(reason(error), self._workspace):
                raise sentence from error
            raise
        problem = await self._end()
        engines = await held(self._workspace, self._mode)
        return IngestSummary(self._board.results(), engines, self._meter.timings(), problem)

    async def _prepare(self) -> None:
        """Take away what a killed ingest left, and see what the corpus has."""
        blocking, workspace = get_loop().blocking, self._workspace
        await sweep_space(workspace, self._mode)
        self._damaged = await damaged(workspace, self._mode)
        self._known = {
            record.document_id: record
            for record in await blocking(workspace.catalogue.documents, self._space)
        }
        self._corpus = await blocking(workspace.catalogue.corpus, workspace.name)
        self._names = Names({record.name: record.content_hash for record in self._corpus})

    async def _end(self) -> str | None:
        """Settle, and sweep what failed or was replaced; returns what went wrong with that."""
        if self._pipeline.lost:
            self._settlement.abandon(self._pipeline.fail, BackendError(self._pipeline.stopped or ""))
            return None
        try:
            self.progress.update(stage="flush", done=0, total=0)
            await self._settlement.end(self._pipeline.fail)
            await sweep_space(self._workspace, self._mode)
        except Exception as error:
            # What is done stays done, and the summary tells the rest.
            if sentence := known(error, self._workspace):
                return str(sentence)
            raise
        return None

    async def admit_uploads(self, uploads: Sequence[Upload]) -> AsyncIterator[Work]:
        """Read the files one by one and pass on those that are new or changed."""
        self._board.count("parse", more=len(uploads))
        places: dict[str, int] = {}
        for place, upload in enumerate(uploads):
            name = clean_name(upload.name)
            try:
                self._check_going_on(place, name)
                data = await get_loop().blocking(read, name, upload, self._workspace.settings)
            except TandemError as error:
                self._board.settle(place, FileResult(name, "failed", str(error)))
                continue
            content = await get_loop().blocking(content_hash, data)
            chosen, repeated = self._names.choose(name, content)
            if repeated:
                self._board.repeat(place, places[chosen], chosen)
                continue
            places[chosen] = place
            note = None if chosen == name else f"Added under this name: another file is called “{name}”."
            load = partial(parse, chosen, data, self._workspace.settings)
            del data
            if await self._is_new(work := Work(place, chosen, content, load, note)):
                yield work

    async def admit_corpus(self) -> AsyncIterator[Work]:
        """Pass on the documents of the corpus that are not indexed in this space."""
        self._board.count("parse", more=len(self._corpus))
        for place, record in enumerate(self._corpus):
            load = partial(_stored, self._workspace, record)
            work = Work(place, record.name, record.content_hash, load, kept=True)
            if await self._is_new(work):
                yield work

    async def admit_copies(self, corpus: Sequence[DocumentRecord], source: Workspace) -> AsyncIterator[Work]:
        """Pass on the documents of another corpus that this one does not have so."""
        self._board.count("parse", more=len(corpus))
        for place, record in enumerate(corpus):
            load = partial(_stored, source, record)
            if await self._is_new(work := Work(place, record.name, record.content_hash, load)):
                yield work

    def _check_going_on(self, place: int, name: str) -> None:
        most = self._workspace.settings.max_files
        if place >= most:
            raise DocumentError(
                f"“{name}” is one file too many: an ingest takes {most} files at most. Ingest it in another "
                "one, or raise TANDEM_MAX_FILES."
            )
        if self._pipeline.stopped:
            raise DocumentError(self._pipeline.stopped)

    async def _is_new(self, work: Work) -> bool:
        ids = [document_id(work.name, work.content_hash, way.splitter) for way in self._ways]
        known = [self._known[one] for one in ids if one in self._known]
        broken = [one for one in ids if one in self._damaged]
        if broken:
            await get_loop().blocking(self._workspace.catalogue.lose, self._space, broken)
            await delete_chunks(self._workspace, self._mode, broken)
        if broken or len(known) < len(ids):
            return True
        chunks, characters = sum(record.chunks for record in known), known[0].characters
        self._board.settle(
            work.place, FileResult(work.name, "unchanged", None, work.note, chunks, characters)
        )
        return False


def _stored(workspace: Workspace, record: DocumentRecord) -> Document:
    pages = workspace.catalogue.pages(workspace.name, record.content_hash, record.kind)
    if not pages:
        raise DocumentError(f"The text of “{record.name}” is no longer kept: ingest the file again.")
    return Document(record.name, record.content_hash, record.kind, pages)
