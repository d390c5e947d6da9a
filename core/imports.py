"""Imports the frameworks: slow, and not safe from two threads at once."""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

_alone = threading.RLock()

# openai looks for httpx2 among the loaded modules whenever it makes a client. It takes one for whole that
# another thread has only begun to import, as huggingface_hub and langsmith do, and the client fails.
_FIRST = ("httpx2",)


def import_alone(name: str) -> ModuleType:
    """Import a module while no other thread imports one through here; blocks, for seconds if it is large.

    Raises ImportError as `importlib.import_module` does.
    """
    with _alone:
        for first in _FIRST:
            if find_spec(first):
                import_module(first)
        return _import(name)


# Modules that import each other, imported by two threads, can wait for each other: Python notices, and fails
# one of the imports. A library that imports lazily does so without asking here, so once more may help.
@retry(
    retry=retry_if_exception(lambda error: type(error).__name__ == "_DeadlockError"),
    stop=stop_after_attempt(5),
    wait=wait_fixed(0.2),
    reraise=True,
)
def _import(name: str) -> ModuleType:
    return import_module(name)
