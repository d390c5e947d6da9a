"""What an adapter needs to open: the backend, the model, and how its collection is shaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.engines.base import Mode, Query, Retrieval
from core.errors import UsageError
from core.milvus import Backend, Clients, quote_all
from core.settings import Settings

if TYPE_CHECKING:
    from core.models import ModelClient


@dataclass(frozen=True)
class Setup:
    """Everything that both adapters are given alike."""

    backend: Backend
    model: ModelClient
    settings: Settings
    collection: str
    mode: Mode = Mode.CONTROLLED

    @property
    def controlled(self) -> bool:
        """Whether Tandem sets what it can, rather than leaving it to the framework."""
        return self.mode is Mode.CONTROLLED

    @property
    def hybrid(self) -> bool:
        """Whether the collection carries a BM25 field."""
        return self.controlled and self.backend.capabilities.hybrid

    @property
    def clients(self) -> Clients:
        """The timed clients that the framework's own are replaced by."""
        return self.backend.controlled if self.controlled else self.backend.native

    @property
    def index(self) -> dict[str, Any]:
        """Index settings of the dense field."""
        return {"index_type": self.settings.index_type, "params": dict(self.settings.index_params)}

    def check(self, query: Query) -> None:
        """Raise `UsageError` when the backend cannot do what the query asks."""
        if query.retrieval is Retrieval.HYBRID and not self.hybrid:
            raise UsageError(
                f"Hybrid retrieval needs BM25 functions, which {self.backend.label} "
                f"{'does not have' if self.controlled else 'is not given in native mode'}: "
                "choose dense or MMR, or use Milvus 2.5 or newer."
            )


def document_filter(field: str, query: Query) -> str:
    """The Milvus filter expression that keeps hidden or unwanted documents out; empty for none."""
    if query.visible is not None:
        return f"{field} in {quote_all(query.visible)}"
    if query.hidden:
        return f"{field} not in {quote_all(query.hidden)}"
    return ""
