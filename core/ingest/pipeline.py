"""The stages of an ingest: parse, chunk, embed, index; all at work at once, with bounded queues between.

A failure belongs to one document; the others go on. Only when Milvus is lost, or the embedding
endpoint refuses one document after the other, everything that is left fails at once with that reason.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from core import milvus
from core.documents import Chunk, split
from core.engines.base import ENGINE_NAMES, Engine, EngineName, Mode
from core.errors import DocumentError
from core.ingest.channel import Channel
from core.ingest.failures import REMOVED, explain, known
from core.ingest.records import FileResult
from core.ingest.work import Board, Cut, Meter, Piece, Row, Work, cuts, records_of
from core.loop import get_loop

if TYPE_CHECKING:
    from core.workspace import Workspace

# A long PDF must not hold up the small files behind it; more would only take turns at the GIL.
_PARSERS = 2
# A document waits in memory with its bytes, a chunk with its vector (25 KB at 3,072 dimensions).
_WAITING_DOCUMENTS = 2
_WAITING_CHUNKS = 1000
# One insert: LlamaIndex would cut a larger one in two, and a half-done insert could not be repeated.
_ROWS = 500
# So many documents refused in a row by the embedding endpoint mean that it is the endpoint.
_REFUSALS = 3

Settle = Callable[[Work], Awaitable[None]]


class Pipeline:
    """One run of the stages over some documents.

    `settle` is awaited once for each document that both engines have stored. What has failed is
    noted on the board; its chunks, if any, are left to be swept.
    """

    def __init__(self, workspace: Workspace, mode: Mode, board: Board, meter: Meter, settle: Settle) -> None:
        self.stopped: str | None = None
        self.lost = False
        self._workspace = workspace
        self._mode = mode
        self._board = board
        self._meter = meter
        self._settle = settle
        self._cuts = cuts(workspace.settings, mode)
        self._begun: set[Work] = set()
        self._refused = 0
        # Known with the first document that is new: opening an engine for nothing would take seconds.
        self._work_expected: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._documents: Channel[Work] = Channel(_WAITING_DOCUMENTS)
        self._pieces: Channel[Piece] = Channel(_WAITING_CHUNKS)
        self._rows: dict[EngineName, Channel[Row]] = {name: Channel(_WAITING_CHUNKS) for name in ENGINE_NAMES}

    async def run(self, works: AsyncIterator[Work]) -> None:
        """Take every document through all stages."""
        embedders = self._workspace.settings.embedding_concurrency
        async with asyncio.TaskGroup() as group:
            group.create_task(_stage([self._admit(works)], [self._documents]))
            group.create_task(_stage([self._parse() for _ in range(_PARSERS)], [self._pieces]))
            group.create_task(_stage([self._embed() for _ in range(embedders)], list(self._rows.values())))
            for name in ENGINE_NAMES:
                group.create_task(self._index(name))

    def fail(self, work: Work, error: BaseException) -> None:
        """Give up on one document."""
        if work.error is None:
            work.error = str(explain(error, self._workspace, work.name))
            self._board.settle(work.place, FileResult(work.name, "failed", work.error))
        self._begun.discard(work)

    def stop(self, error: BaseException) -> None:
        """Give up on every document that is not finished."""
        self.stopped = self.stopped or str(known(error, self._workspace) or error)
        for work in list(self._begun):
            self.fail(work, error)

    async def _admit(self, works: AsyncIterator[Work]) -> None:
        async for work in works:
            self._expect(True)
            await self._documents.put([work])
        self._expect(False)

    def _expect(self, work: bool) -> None:
        if not self._work_expected.done():
            self._work_expected.set_result(work)

    async def _parse(self) -> None:
        while batch := await self._documents.take(1):
            (work,) = batch
            if self.stopped:
                self._board.settle(work.place, FileResult(work.name, "failed", self.stopped))
                continue
            self._begun.add(work)
            self._board.state(work.name, "parsing")
            try:
                pieces = await self._cut(work)
            except Exception as error:  # noqa: BLE001 - one document's failure must not stop the others
                self.fail(work, error)
            else:
                self._board.state(work.name, "indexing")
                await self._pieces.put(pieces)
            self._board.count("parse", done=1, message=work.name)

    async def _cut(self, work: Work) -> list[Piece]:
        """Parse and cut a document, and note it in the catalogue before anything of it is written."""
        blocking, workspace = get_loop().blocking, self._workspace
        with self._meter.stage("parse"):
            load, work.load = work.load, None
            assert load is not None
            document = await blocking(load)
            del load
        with self._meter.stage("chunk"):
            chunks = [await blocking(split, document, way.splitter) for way in self._cuts]
        work.records = records_of(document, chunks, self._cuts)
        space = workspace.space(self._mode)
        begin = partial(workspace.catalogue.begin, kept=work.kept)
        if not await blocking(begin, workspace.name, space, work.records, document.pages):
            raise DocumentError(REMOVED.format(name=work.name))
        for way, cut in zip(self._cuts, chunks, strict=True):
            for engine in way.engines:
                work.missing[engine] = len(cut)
        self._board.count("embed", more=work.chunks)
        self._board.count("index", more=sum(work.missing.values()))
        return _pieces(work, self._cuts, chunks)

    async def _embed(self) -> None:
        while batch := await self._pieces.take(self._workspace.settings.embedding_batch):
            await self._embed_batch(batch)

    async def _embed_batch(self, batch: Sequence[Piece]) -> None:
        batch = [piece for piece in batch if piece.work.error is None]
        if not batch:
            return
        try:
            with self._meter.stage("embed"):
                vectors = await self._workspace.model.embed([piece.chunk.text for piece in batch])
        except Exception as error:  # noqa: BLE001 - one document's failure must not stop the others
            await self._one_by_one(batch, error)
            return
        self._refused = 0
        self._board.count("embed", done=len(batch))
        rows = list(zip(batch, vectors, strict=True))
        for name, channel in self._rows.items():
            await channel.put(row for row in rows if name in row[0].engines)

    async def _one_by_one(self, batch: Sequence[Piece], error: Exception) -> None:
        """Find out whose chunks the endpoint refuses; documents in a row mean that it refuses all."""
        works = dict.fromkeys(piece.work for piece in batch)
        if len(works) > 1:
            for work in works:
                await self._embed_batch([piece for piece in batch if piece.work is work])
            return
        if batch[0].work.error is None:
            self._refused += 1
            self.fail(batch[0].work, error)
        if self._refused >= _REFUSALS:
            self.stop(error)

    async def _index(self, name: EngineName) -> None:
        if not await self._work_expected:
            return
        engine = await self._open(name)
        while batch := await self._rows[name].take(_ROWS):
            await self._add(engine, batch)

    async def _open(self, name: EngineName) -> Engine:
        """The engine, ready to be written to.

        Opened while documents are parsed: a new collection takes seconds on a server.
        """
        engine = await self._workspace.engine(name, self._mode, loaded=False)
        if await get_loop().blocking(self._workspace.backend.has, engine.collection):
            return engine
        # Dropped behind the back of an engine that was opened earlier.
        await self._workspace.forget_engine(name, self._mode)
        return await self._workspace.engine(name, self._mode, loaded=False)

    async def _add(self, engine: Engine, batch: Sequence[Row]) -> None:
        batch = [row for row in batch if row[0].work.error is None]
        if not batch:
            return
        try:
            with self._meter.stage("index"):
                await engine.add([piece.chunk for piece, _ in batch], [vector for _, vector in batch])
        except Exception as error:  # noqa: BLE001 - one document's failure must not stop the others
            await self._apart(engine, batch, error)
            return
        self._board.count("index", done=len(batch))
        for work, count in Counter(piece.work for piece, _ in batch).items():
            work.missing[engine.name] -= count
            if work.stored and work.error is None:
                await self._finish(work)

    async def _apart(self, engine: Engine, batch: Sequence[Row], error: Exception) -> None:
        """After a refusal, which stores nothing, find out whose chunks Milvus refuses."""
        if milvus.is_milvus_error(error) and milvus.is_lost(error):
            self.lost = True
            self.stop(error)
            return
        works = dict.fromkeys(piece.work for piece, _ in batch)
        if len(works) == 1:
            self.fail(batch[0][0].work, error)
            return
        for work in works:
            await self._add(engine, [row for row in batch if row[0].work is work])

    async def _finish(self, work: Work) -> None:
        try:
            await self._settle(work)
        except Exception as error:  # noqa: BLE001 - one document's failure must not stop the others
            self.fail(work, error)
        self._begun.discard(work)


async def _stage(workers: Sequence[Awaitable[None]], feeds: Sequence[Channel[Any]]) -> None:
    """Run the workers of a stage, then tell the next stage that nothing more comes."""
    await asyncio.gather(*workers)
    for channel in feeds:
        await channel.close()


def _pieces(work: Work, ways: Sequence[Cut], chunks: Sequence[Sequence[Chunk]]) -> list[Piece]:
    return [Piece(work, chunk, way.engines) for way, cut in zip(ways, chunks, strict=True) for chunk in cut]
