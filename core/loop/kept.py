"""What a process keeps while its modules are reloaded.

Streamlit drops every watched module from `sys.modules` when a source file changes; whatever lived
in them is lost, or worse, lives on beside its successor. The holder made here has no file, so it is
never watched. Entries are keyed by process id: a forked child starts with none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar, cast

T = TypeVar("T")
_HOLDER = "_tandem_kept"


def kept(name: str, make: Callable[[], T]) -> T:
    """The object of this process under `name`, made on first use.

    When two threads ask at once both may call `make`, and one result is dropped: it must be cheap
    and free of effects.
    """
    items, key = _items(), (os.getpid(), name)
    found = items.get(key)
    if found is None:
        # dict.setdefault is atomic; a lock could be held by another thread at the moment of a fork.
        found = items.setdefault(key, make())
    return cast("T", found)


def drop(name: str, value: object) -> None:
    """Forget `value`, if it is still what is kept under `name`."""
    items, key = _items(), (os.getpid(), name)
    if items.get(key) is value:
        items.pop(key, None)


def _items() -> dict[tuple[int, str], Any]:
    holder = sys.modules.get(_HOLDER)
    if holder is None:
        fresh = ModuleType(_HOLDER)
        fresh.__dict__["items"] = {}
        holder = sys.modules.setdefault(_HOLDER, fresh)
    return cast("dict[tuple[int, str], Any]", holder.__dict__["items"])
