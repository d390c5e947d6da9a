"""A workspace: one corpus on one Milvus with one model endpoint, and the engines over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.engines.base import Engine, EngineName, Mode
from core.settings import Settings

if TYPE_CHECKING:
    from core.catalogue import Catalogue
    from core.milvus import Backend
    from core.models import ModelClient


class Workspace:
    """What ingest, ask, bench and evaluate work on. Open it with `Workspace.open`, on the loop."""

    name: str
    settings: Settings
    backend: Backend
    model: ModelClient
    catalogue: Catalogue

    @classmethod
    async def open(cls, settings: Settings, name: str) -> Workspace:
        """Connect to Milvus and the model endpoint; creates no collection yet."""
        raise NotImplementedError

    def space(self, mode: Mode = Mode.CONTROLLED) -> str:
        """Key of the collections in force: workspace, mode, embedding model and index settings.

        The catalogue files its documents under this key, so that another embedding model or index
        starts empty instead of mixing vectors.
        """
        raise NotImplementedError

    async def engines(self, mode: Mode = Mode.CONTROLLED) -> Mapping[EngineName, Engine]:
        """Both engines, opened (their collections exist and are loaded)."""
        raise NotImplementedError
