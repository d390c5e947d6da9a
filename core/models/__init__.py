"""Models: the OpenAI-compatible endpoint in force, and the built-in offline one.

Names are imported when first used, so that importing this room costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.models.client import ModelClient
    from core.models.endpoint import Endpoint
    from core.models.failures import explain, is_model_error
    from core.models.probing import Check, probe
    from core.models.resolution import resolve

_HOMES = {
    "Check": "probing",
    "Endpoint": "endpoint",
    "ModelClient": "client",
    "explain": "failures",
    "is_model_error": "failures",
    "probe": "probing",
    "resolve": "resolution",
}

__all__ = ["Check", "Endpoint", "ModelClient", "explain", "is_model_error", "probe", "resolve"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
