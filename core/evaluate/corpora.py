"""Where each variant searches: the corpus as it is, its native index, or a copy cut to another size.

A copy is a workspace of its own, named after a hash of the one it was made from, so that nobody
finds it who does not know that one. It is made once; later only what has changed is indexed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.catalogue.schema import documents
from core.documents import Splitter, document_id
from core.engines.base import ENGINE_NAMES, Mode
from core.errors import BackendError, UsageError
from core.evaluate.records import ChunkSize, Variant
from core.ingest import IngestSummary, copy, pending, reindex, remove
from core.ingest.records import Progress
from core.loop import get_loop
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.catalogue import DocumentRecord

Place = tuple[Mode, ChunkSize | None]
"""What tells the corpora of an evaluation apart."""

_PREFIX = "ev-"


@dataclass(frozen=True)
class Corpus:
    """A corpus that is ready to be searched; `label` says how it is cut."""

    workspace: Workspace
    mode: Mode
    label: str
    documents: tuple[DocumentRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: what a result keeps of it; no workspace's name, for who knows that may open it."""
        return {
            "label": self.label,
            "mode": self.mode.value,
            "documents": len({record.name for record in self.documents}),
            "chunks": sum(record.chunks for record in self.documents),
            "characters": sum(record.characters for record in self.documents),
        }


def place_of(variant: Variant) -> Place:
    """Which corpus a variant searches."""
    return variant.mode, variant.chunk


def corpus_label(place: Place) -> str:
    """A corpus in words."""
    mode, chunk = place
    if mode is Mode.NATIVE:
        return "each framework's own chunks"
    return f"chunks of {chunk.size} characters, {chunk.overlap} shared" if chunk else "the corpus as it is"


async def prepare_corpora(
    workspace: Workspace, variants: Sequence[Variant], progress: Progress | None = None
) -> dict[Place, Corpus]:
    """Every corpus that the variants search, indexed where it is not yet, one after the other.

    Raises `UsageError` when the workspace holds no documents, and what an ingest raises. Documents
    that could not be indexed are a `BackendError`: variants over different documents compare nothing.
    """
    places = dict.fromkeys(place_of(variant) for variant in variants)
    return {place: await _prepare(workspace, place, progress) for place in places}


async def to_index(workspace: Workspace, variants: Sequence[Variant]) -> tuple[tuple[str, int], ...]:
    """What `prepare_corpora` would have to index: (label, documents) of each corpus that is not ready."""
    places = dict.fromkeys(place_of(variant) for variant in variants)
    counts = [(corpus_label(place), await _missing(workspace, place)) for place in places]
    return tuple((label, count) for label, count in counts if count)


async def drop_copies(workspace: Workspace) -> tuple[str, ...]:
    """Remove every copy that evaluations made of this workspace's corpus; returns their names.

    Call it when the workspace goes, or to free space: the next evaluation makes them again.
    """
    names = await get_loop().blocking(_copies, workspace)
    for name in names:
        copied = await Workspace.open(workspace.settings, name)
        await get_loop().blocking(_drop_collections, copied)
        for engine in ENGINE_NAMES:
            await copied.forget_engine(engine)
        there = await get_loop().blocking(copied.catalogue.corpus, name)
        await remove(copied, [record.name for record in there])
        await get_loop().blocking(_forget, copied)
    return names


async def corpus_hash(workspace: Workspace) -> str:
    """Hash (16 hex digits) of the documents of a workspace: names and contents, however they are cut."""
    found = await get_loop().blocking(workspace.catalogue.corpus, workspace.name)
    text = "\x1f".join(f"{record.name}\x1e{record.content_hash}" for record in found)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


async def _prepare(workspace: Workspace, place: Place, progress: Progress | None) -> Corpus:
    mode, chunk = place
    source = workspace
    if mode is Mode.NATIVE:
        if await pending(workspace, mode):
            _check(await reindex(workspace, mode, progress=progress), place)
    elif chunk is not None:
        workspace = await _cut(workspace, chunk)
        if workspace.name != source.name:
            _check(await copy(source, workspace, progress=progress), place)
    known = await workspace.documents(mode)
    ready = tuple(record for record in known if record.state == "indexed")
    if not ready:
        raise UsageError(
            f"The workspace {source.name!r} holds no documents yet: add some on the Documents page, or with "
            "`python -m core ingest PATHS`."
        )
    await asyncio.gather(*(workspace.engine(name, mode) for name in ENGINE_NAMES))
    return Corpus(workspace, mode, corpus_label(place), ready)


async def _missing(workspace: Workspace, place: Place) -> int:
    mode, chunk = place
    if mode is Mode.NATIVE:
        return len(await pending(workspace, mode))
    if chunk is None or (target := await _cut(workspace, chunk)).name == workspace.name:
        return 0
    corpus = await get_loop().blocking(workspace.catalogue.corpus, workspace.name)
    ready = {record.document_id for record in await target.documents() if record.state == "indexed"}
    splitter = Splitter.of(target.settings)
    return sum(document_id(item.name, item.content_hash, splitter) not in ready for item in corpus)


async def _cut(workspace: Workspace, chunk: ChunkSize) -> Workspace:
    """The workspace itself where all of it is cut so, else the place of its copy."""
    changes = {"chunk_size": chunk.size, "chunk_overlap": chunk.overlap}
    settings = workspace.settings.model_copy(update=changes)
    splitter = Splitter.of(settings)
    there = [record.splitter for record in await workspace.documents() if record.state == "indexed"]
    if set(there) == {splitter.label}:
        return workspace
    name = f"{_prefix(workspace)}{splitter.name}-{chunk.size}-{chunk.overlap}"
    return await Workspace.open(settings, name)


def _prefix(workspace: Workspace) -> str:
    return f"{_PREFIX}{hashlib.sha256(workspace.name.encode()).hexdigest()[:10]}-"


def _copies(workspace: Workspace) -> tuple[str, ...]:
    ours = documents.c.workspace.startswith(_prefix(workspace), autoescape=True)
    with workspace.catalogue.transaction() as connection:
        return tuple(connection.scalars(select(documents.c.workspace).where(ours).distinct()))


def _drop_collections(copied: Workspace) -> None:
    """Those of other embedding models and index settings as well; all begin with the workspace's name."""
    own = copied.collection(ENGINE_NAMES[0]).partition(f"_{Mode.CONTROLLED.value}_")[0]
    for collection in copied.backend.collections(f"{own}_"):
        copied.backend.drop(collection)


def _forget(copied: Workspace) -> None:
    """Take what is left of the copy out of the catalogue."""
    query = select(documents.c.space, documents.c.document_id).where(documents.c.workspace == copied.name)
    with copied.catalogue.transaction() as connection:
        rows = connection.execute(query).all()
    for space, identity in rows:
        copied.catalogue.drop(copied.name, space, [identity])


def _check(summary: IngestSummary, place: Place) -> None:
    failed = [file for file in summary.files if file.status == "failed"]
    if failed or summary.error:
        reason = summary.error or failed[0].error
        raise BackendError(f"The corpus could not be indexed as {corpus_label(place)}. {reason}")
