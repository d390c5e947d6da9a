"""A workspace: one corpus on one Milvus with one model endpoint, and the engines over it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from core import milvus, models
from core.engines import ENGINE_NAMES, Engine, EngineName, Setup, load
from core.engines.base import Mode, Retrieval
from core.loop import get_loop
from core.milvus import Backend
from core.settings import Settings

if TYPE_CHECKING:
    from core.catalogue import Catalogue, DocumentRecord
    from core.models import ModelClient


@dataclass(frozen=True)
class Workspace:
    """What ingest, ask, bench and evaluate work on. Open it with `Workspace.open`, on the loop.

    Cheap to open again: the connection, the model client and the engines behind it are shared by
    all workspaces of the process that have the same settings.
    """

    name: str
    settings: Settings
    backend: Backend
    model: ModelClient
    catalogue: Catalogue

    @classmethod
    async def open(cls, settings: Settings, name: str) -> Workspace:
        """Connect to Milvus and the model endpoint; creates no collection yet.

        Raises `UsageError` for a name or address that can't be one, `BackendError` or `ModelError`
        when the other side cannot be used.
        """
        milvus.check_workspace(name)
        backend, model, catalogue = await asyncio.gather(
            open_backend(settings), open_model(settings), open_catalogue(settings)
        )
        return cls(name, settings, backend, model, catalogue)

    def space(self, mode: Mode = Mode.CONTROLLED) -> str:
        """Key of the collections in force: workspace, mode, embedding model and index settings.

        The catalogue files its documents under this key, so that another embedding model, index or
        Milvus starts empty instead of mixing vectors or taking what is elsewhere for lost.
        """
        return milvus.space_key(self.name, mode.value, f"{self._mark(mode)}-{self._place()}")

    def collection(self, engine: EngineName, mode: Mode = Mode.CONTROLLED) -> str:
        """Name of an engine's collection."""
        return milvus.collection_name(self.name, mode.value, engine, self._mark(mode))

    async def engine(self, name: EngineName, mode: Mode = Mode.CONTROLLED, *, loaded: bool = True) -> Engine:
        """One engine, opened; with `loaded`, its collection can be searched."""
        setup = Setup(self.backend, self.model, self.settings, self.collection(name, mode), mode)
        loop, key = get_loop(), self._engine_key(name, mode)

        async def make() -> Engine:
            return await loop.blocking(self._open_engine, name, setup)

        async def wait() -> bool:
            await loop.blocking(self.backend.wait_loaded, setup.collection)
            # Read at Strong consistency: what an ingest wrote while it loaded can be found from here on.
            await loop.blocking(self.backend.count, setup.collection)
            return True

        engine: Engine = await loop.resource(key, make)
        if loaded:
            await loop.resource((*key, "loaded"), wait)
        return engine

    async def forget_engine(self, name: EngineName, mode: Mode = Mode.CONTROLLED) -> None:
        """Open the engine anew when it is next asked for: its collection was dropped elsewhere."""
        key = self._engine_key(name, mode)
        await get_loop().release((*key, "loaded"))
        await get_loop().release(key)

    async def engines(
        self, mode: Mode = Mode.CONTROLLED, *, loaded: bool = True
    ) -> Mapping[EngineName, Engine]:
        """Both engines, opened; with `loaded` False they can be written to before they can be searched."""
        opened = await asyncio.gather(*(self.engine(name, mode, loaded=loaded) for name in ENGINE_NAMES))
        return dict(zip(ENGINE_NAMES, opened, strict=True))

    async def documents(self, mode: Mode = Mode.CONTROLLED) -> tuple[DocumentRecord, ...]:
        """What the catalogue knows of this corpus."""
        return await get_loop().blocking(self.catalogue.documents, self.space(mode))

    async def hidden(self, mode: Mode = Mode.CONTROLLED) -> tuple[str, ...]:
        """Ids of documents whose chunks may be in Milvus but must not be found."""
        return await get_loop().blocking(self.catalogue.hidden, self.space(mode))

    def default_retrieval(self, mode: Mode = Mode.CONTROLLED) -> Retrieval:
        """Hybrid where the backend has it (controlled mode), else dense."""
        hybrid = mode is Mode.CONTROLLED and self.backend.capabilities.hybrid
        return Retrieval.HYBRID if hybrid else Retrieval.DENSE

    def _open_engine(self, name: EngineName, setup: Setup) -> Engine:
        existed = self.backend.has(setup.collection)
        engine = load(name, setup)
        engine.open()
        if not existed:
            # Whatever the catalogue says is in there is gone (a wiped server, a deleted folder).
            space = self.space(setup.mode)
            stale = [item.document_id for item in self.catalogue.documents(space) if item.state == "indexed"]
            self.catalogue.lose(space, stale)
        return engine

    def _engine_key(self, name: EngineName, mode: Mode) -> tuple[str, ...]:
        shared = (*milvus.backend_key(self.settings), *model_key(self.settings))
        return ("engine", self.collection(name, mode), *shared)

    def _place(self) -> str:
        """Which Milvus this is, in 8 hex digits; a Lite folder under `home` may move along with it."""
        uri = self.backend.address.uri
        home = str(self.settings.home.absolute())
        place = (uri.removeprefix(home), self.settings.milvus_database)
        return hashlib.sha256(repr(place).encode()).hexdigest()[:8]

    def _mark(self, mode: Mode) -> str:
        endpoint = self.model.endpoint
        native = mode is Mode.NATIVE
        return milvus.fingerprint(self.settings, endpoint.embedding_model, endpoint.dimension, native=native)


_MODEL_FIELDS = tuple(
    name for name in Settings.model_fields if name.startswith(("model_", "chat_", "embedding_", "offline_"))
)


def model_key(settings: Settings) -> tuple[str, ...]:
    """What tells one model client from another; secrets only as a hash."""
    return tuple(_shown(getattr(settings, name)) for name in _MODEL_FIELDS)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return hashlib.sha256(value.get_secret_value().encode()).hexdigest()[:16]
    return str(value)


async def open_backend(settings: Settings) -> Backend:
    """The shared connection to the Milvus of the settings."""
    loop = get_loop()

    async def make() -> Backend:
        return await loop.blocking(Backend.connect, settings)

    key = ("backend", *milvus.backend_key(settings))
    return await loop.resource(key, make, lambda backend: backend.aclose())


async def open_model(settings: Settings) -> ModelClient:
    """The shared client of the model endpoint of the settings."""
    loop = get_loop()

    async def make() -> ModelClient:
        endpoint = await loop.blocking(models.resolve, settings)
        return models.ModelClient(endpoint, settings)

    return await loop.resource(("model", *model_key(settings)), make, lambda model: model.aclose())


async def open_catalogue(settings: Settings) -> Catalogue:
    """The shared catalogue of the settings."""
    from core.catalogue import Catalogue

    loop = get_loop()

    async def make() -> Catalogue:
        return await loop.blocking(Catalogue.open, settings)

    key = ("catalogue", settings.database_url, str(settings.home))
    return await loop.resource(key, make, lambda catalogue: catalogue.close())
