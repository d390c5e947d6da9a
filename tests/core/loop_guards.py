"""Guards for tests of code that runs on the event-loop thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutine
from typing import Any

from core.loop import get_loop


class SyncWrapperError(AssertionError):
    """A blocking wrapper was called where it would stop every other task."""


@contextmanager
def forbid_sync_wrappers() -> Iterator[list[str]]:
    """Fail when LlamaIndex's blocking wrappers run on the loop thread, or nest_asyncio anywhere.

    Yields the list of offences, and fails at the end when there is one: frameworks swallow errors.
    """
    import nest_asyncio
    from llama_index.core import async_utils

    offences: list[str] = []
    wrapped = [
        (async_utils.asyncio_run, _guard(async_utils.asyncio_run, offences, anywhere=False)),
        (async_utils.run_async_tasks, _guard(async_utils.run_async_tasks, offences, anywhere=False)),
        (nest_asyncio.apply, _guard(nest_asyncio.apply, offences, anywhere=True)),
    ]
    for original, guard in wrapped:
        _replace_everywhere(original, guard)
    try:
        yield offences
    finally:
        for original, guard in wrapped:
            _replace_everywhere(guard, original)
    if offences:
        raise SyncWrapperError(", ".join(offences))


def _guard(original: Callable[..., Any], offences: list[str], *, anywhere: bool) -> Callable[..., Any]:
    def guard(*args: Any, **kwargs: Any) -> Any:
        if not anywhere and not get_loop().on_thread():
            return original(*args, **kwargs)
        for coro in (item for arg in args for item in (arg if isinstance(arg, list) else [arg])):
            if iscoroutine(coro):
                coro.close()
        offences.append(f"{original.__module__}.{original.__name__}")
        raise SyncWrapperError(offences[-1])

    return guard


def _replace_everywhere(old: object, new: object) -> None:
    """Modules bind these functions by name at import, so each binding is replaced."""
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is old:
                setattr(module, name, new)
