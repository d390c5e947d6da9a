"""What makes an ingest's work findable, and what takes leftovers away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.catalogue.records import DocumentRecord
from core.engines.base import ENGINE_NAMES, Engine, EngineName, Mode
from core.errors import BackendError, DocumentError, TandemError
from core.ingest.failures import REMOVED
from core.ingest.records import EngineResult, FileResult
from core.ingest.work import Board, Meter, Work
from core.loop import get_loop

if TYPE_CHECKING:
    from core.milvus import Backend
    from core.workspace import Workspace

# Milvus Lite acknowledges rows before they are safe from a full disk, so documents become findable
# after a flush. One every so many chunks (about 3 s of work) bounds what a kill costs.
_CHECKPOINT = 5000
# Ids in one filter expression.
_IDS = 200
_SHORT = "Milvus does not hold every chunk of “{name}”: run the ingest again to complete it."

Fail = Callable[[Work, BaseException], None]


class Settlement:
    """Turns documents that both engines have stored into documents that can be found.

    A server keeps what it has acknowledged: its documents are findable at once. Milvus Lite's wait
    for the flush at a checkpoint or at the end.
    """

    def __init__(self, workspace: Workspace, mode: Mode, board: Board, meter: Meter) -> None:
        self._workspace = workspace
        self._mode = mode
        self._space = workspace.space(mode)
        self._board = board
        self._meter = meter
        self._waits = workspace.backend.kind == "lite"
        self._waiting: list[Work] = []
        self._settled: list[Work] = []
        self._flushing = asyncio.Lock()

    async def store(self, work: Work) -> None:
        """Take a document that both engines have stored; raises when it cannot be made findable."""
        if not self._waits:
            await self._reveal(work)
            return
        self._waiting.append(work)
        if sum(waiting.chunks for waiting in self._waiting) >= _CHECKPOINT:
            await self._checkpoint(work)

    async def end(self, fail: Fail) -> None:
        """Flush, count, and reveal what waits; `fail` is told what Milvus does not hold whole."""
        stored, self._waiting = self._waiting, []
        if not stored and not self._settled:
            return
        try:
            await self._end(stored, fail)
        except Exception as error:
            for work in stored:
                if work not in self._settled:
                    fail(work, error)
            raise

    async def _end(self, stored: Sequence[Work], fail: Fail) -> None:
        wrong = await self._incomplete(await self._flush(), [*stored, *self._settled])
        bad = [work for work in (*stored, *self._settled) if not wrong.isdisjoint(work.ids)]
        for work in bad:
            await get_loop().blocking(self._workspace.catalogue.hide, self._space, work.ids)
            fail(work, DocumentError(_SHORT.format(name=work.name)))
        for work in stored:
            if work not in bad:
                await self._reveal_or_fail(work, fail)

    def abandon(self, fail: Fail, error: BaseException) -> None:
        """Give up on what waits, because Milvus is lost."""
        for work in self._waiting:
            fail(work, error)
        self._waiting = []

    async def _checkpoint(self, newest: Work) -> None:
        async with self._flushing:
            stored, self._waiting = self._waiting, []
            try:
                await self._flush()
            except Exception:
                self._waiting += [work for work in stored if work is not newest]
                raise
            for work in stored:
                await self._reveal(work)

    async def _reveal_or_fail(self, work: Work, fail: Fail) -> None:
        try:
            await self._reveal(work)
        except TandemError as error:
            fail(work, error)

    async def _flush(self) -> dict[EngineName, int]:
        """Rows of each collection that can be counted now.

        A server takes seconds to load a new collection. It has acknowledged every row, so that is
        not waited for here: the first search waits, and the next ingest counts.
        """
        backend = self._workspace.backend
        names = {name: self._workspace.collection(name, self._mode) for name in ENGINE_NAMES}
        with self._meter.stage("flush"):
            ready = await asyncio.gather(*(self._is_ready(name) for name in names.values()))
            names = {name: names[name] for name, loaded in zip(list(names), ready, strict=True) if loaded}
            counts = await asyncio.gather(*(backend.finish(name) for name in names.values()))
        return dict(zip(names, counts, strict=True))

    async def _is_ready(self, collection: str) -> bool:
        return self._waits or await get_loop().blocking(self._workspace.backend.is_loaded, collection)

    async def _reveal(self, work: Work) -> None:
        catalogue = self._workspace.catalogue
        if not await get_loop().blocking(catalogue.complete, self._space, work.name, work.ids):
            raise DocumentError(REMOVED.format(name=work.name))
        self._settled.append(work)
        characters = work.records[0].characters
        self._board.settle(
            work.place, FileResult(work.name, "indexed", None, work.note, work.chunks, characters)
        )

    async def _incomplete(self, counts: Mapping[EngineName, int], works: Sequence[Work]) -> set[str]:
        known = await get_loop().blocking(self._workspace.catalogue.documents, self._space)
        ours = {identity for work in works for identity in work.ids}
        suspects = [record for record in known if record.document_id in ours]
        return await incomplete(self._workspace, self._mode, counts, known, suspects)


async def incomplete(
    workspace: Workspace,
    mode: Mode,
    counts: Mapping[EngineName, int],
    known: Sequence[DocumentRecord],
    suspects: Sequence[DocumentRecord],
) -> set[str]:
    """Ids of suspects that some engine holds other than whole; `counts` are the collections' rows.

    Documents are counted one by one only when the sums of what is `known` do not explain the rows.
    """
    wrong: set[str] = set()
    for name in counts:
        held = [record for record in known if name in record.engines]
        if counts[name] == sum(record.chunks for record in held):
            continue
        mine = [record for record in suspects if name in record.engines]
        if not counts[name]:
            wrong.update(record.document_id for record in mine)
            continue
        engine = await workspace.engine(name, mode)
        if await _count(workspace, engine, mine) == sum(record.chunks for record in mine):
            continue
        for record in mine:
            if await _count(workspace, engine, [record]) != record.chunks:
                wrong.add(record.document_id)
    return wrong


async def damaged(workspace: Workspace, mode: Mode) -> set[str]:
    """Ids of documents of the corpus whose chunks are not all in Milvus: dropped there, or moved away."""
    blocking = get_loop().blocking
    found = await blocking(workspace.catalogue.documents, workspace.space(mode))
    lost = {record.document_id for record in found if record.state == "lost"}
    known = [record for record in found if record.state == "indexed"]
    if not known:
        return lost
    names = [workspace.collection(name, mode) for name in ENGINE_NAMES]
    counts = await asyncio.gather(*(blocking(_rows, workspace.backend, name) for name in names))
    by_engine = dict(zip(ENGINE_NAMES, counts, strict=True))
    return lost | await incomplete(workspace, mode, by_engine, known, known)


async def sweep_space(workspace: Workspace, mode: Mode) -> None:
    """Delete the chunks of leftovers and replaced revisions; only while nobody else writes."""
    catalogue, space = workspace.catalogue, workspace.space(mode)
    left = await get_loop().blocking(catalogue.leftovers, space)
    ids = [record.document_id for record in left]
    if ids:
        await delete_chunks(workspace, mode, ids)
        await get_loop().blocking(catalogue.drop, workspace.name, space, ids)


async def delete_chunks(workspace: Workspace, mode: Mode, ids: Sequence[str]) -> None:
    """Delete every chunk of these documents from both engines, and see that they are gone.

    The count reads at Strong consistency: after it, no search at a weaker one finds them again.
    """
    engines = await _with_collection(workspace, mode)
    for start in range(0, len(ids), _IDS):
        some = tuple(ids[start : start + _IDS])
        await asyncio.gather(*(engine.delete(some) for engine in engines))
        left = await asyncio.gather(*(_count_ids(workspace, engine, some) for engine in engines))
        if any(left):
            raise BackendError(
                "Milvus has not deleted all chunks of replaced documents: run the ingest again."
            )


async def held(workspace: Workspace, mode: Mode) -> dict[EngineName, EngineResult]:
    """How many chunks of findable documents each engine holds."""
    known = await get_loop().blocking(workspace.catalogue.documents, workspace.space(mode))
    ready = [record for record in known if record.state == "indexed"]
    return {
        name: EngineResult(sum(record.chunks for record in ready if name in record.engines))
        for name in ENGINE_NAMES
    }


def _rows(backend: Backend, collection: str) -> int:
    """Rows of a collection that need not exist or be loaded; blocks, and needs no framework."""
    if not backend.has(collection):
        return 0
    backend.wait_loaded(collection)
    return backend.count(collection)


async def _with_collection(workspace: Workspace, mode: Mode) -> list[Engine]:
    """The engines whose collection exists."""
    collections = {name: workspace.collection(name, mode) for name in ENGINE_NAMES}
    has = await asyncio.gather(
        *(get_loop().blocking(workspace.backend.has, one) for one in collections.values())
    )
    return [
        await workspace.engine(name, mode) for name, exists in zip(collections, has, strict=True) if exists
    ]


async def _count(workspace: Workspace, engine: Engine, records: Sequence[DocumentRecord]) -> int:
    ids = tuple(record.document_id for record in records)
    parts = [ids[start : start + _IDS] for start in range(0, len(ids), _IDS)]
    return sum([await _count_ids(workspace, engine, part) for part in parts])


async def _count_ids(workspace: Workspace, engine: Engine, ids: tuple[str, ...]) -> int:
    field = engine.document_field
    return await get_loop().blocking(workspace.backend.count, engine.collection, ids, field)
