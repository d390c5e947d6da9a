"""Engines: one adapter a framework. Importing this room imports no framework; `load` does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from core.engines.base import ENGINE_LABELS, ENGINE_NAMES, Engine, EngineName
from core.engines.setup import Setup

__all__ = ["ENGINE_LABELS", "ENGINE_NAMES", "Engine", "EngineName", "Setup", "load"]

# Packages whose modules import each other, imported by two threads at once, can wait for each other: Python
# notices, and fails one of the imports. The pages' warming up imports them, too, so once more may help.
_importing = threading.Lock()


def load(name: EngineName, setup: Setup) -> Engine:
    """Make the adapter of a framework, not yet opened; imports the framework, so it blocks."""
    with _importing:
        return _adapter(name)(setup)


@retry(
    retry=retry_if_exception(lambda error: type(error).__name__ == "_DeadlockError"),
    stop=stop_after_attempt(5),
    wait=wait_fixed(0.2),
    reraise=True,
)
def _adapter(name: EngineName) -> Callable[[Setup], Engine]:
    if name == "llamaindex":
        from core.engines.llamaindex import LlamaIndexEngine

        return LlamaIndexEngine
    from core.engines.langchain import LangChainEngine

    return LangChainEngine
