"""Engines: one adapter a framework. Importing this room imports no framework; `load` does."""

from __future__ import annotations

from core.engines.base import ENGINE_LABELS, ENGINE_NAMES, Engine, EngineName
from core.engines.setup import Setup
from core.imports import import_alone

__all__ = ["ENGINE_LABELS", "ENGINE_NAMES", "Engine", "EngineName", "Setup", "load"]


def load(name: EngineName, setup: Setup) -> Engine:
    """Make the adapter of a framework, not yet opened; imports the framework, so it blocks."""
    import_alone(f"core.engines.{name}")
    if name == "llamaindex":
        from core.engines.llamaindex import LlamaIndexEngine

        return LlamaIndexEngine(setup)
    from core.engines.langchain import LangChainEngine

    return LangChainEngine(setup)
