"""Whatever an ingest runs into as one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import milvus, models
from core.errors import DocumentError, TandemError

if TYPE_CHECKING:
    from core.workspace import Workspace

REMOVED = "“{name}” was removed while it was being indexed."


def explain(error: BaseException, workspace: Workspace, name: str) -> TandemError:
    """One sentence for a failure of the file `name`, whatever it is."""
    return known(error, workspace) or DocumentError(
        f"“{name}” could not be indexed ({type(error).__name__}): run `python -m core doctor`, and ingest it "
        "again."
    )


def known(error: BaseException, workspace: Workspace) -> TandemError | None:
    """One sentence for a failure of Milvus, the model endpoint or the disk; None for any other."""
    if isinstance(error, TandemError):
        return error
    if milvus.is_milvus_error(error):
        return milvus.explain(error, workspace.backend.address, workspace.settings)
    if models.is_model_error(error):
        return models.explain(error, workspace.model.endpoint)
    return None
