"""The laboratory: operations x modes, driven, measured and explained.

Names are imported when first used, so that importing this room costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.bench.cells import unfold
    from core.bench.estimate import Estimate, estimate_run
    from core.bench.operations import names as operation_names
    from core.bench.plan import CellKey, Plan
    from core.bench.presets import PRESETS, Preset, Published, preset, published
    from core.bench.records import CellResult, Ratio, Round, RunResult, Samples, Verdict
    from core.bench.runner import Context, run
    from core.bench.staging import drop_all, leftovers
    from core.bench.sweeps import Series, series, swept

_HOMES = {
    "CellKey": "plan",
    "CellResult": "records",
    "Context": "runner",
    "Estimate": "estimate",
    "PRESETS": "presets",
    "Plan": "plan",
    "Preset": "presets",
    "Published": "presets",
    "Ratio": "records",
    "Round": "records",
    "RunResult": "records",
    "Samples": "records",
    "Series": "sweeps",
    "Verdict": "records",
    "drop_all": "staging",
    "estimate_run": "estimate",
    "leftovers": "staging",
    "operation_names": "operations",
    "preset": "presets",
    "published": "presets",
    "run": "runner",
    "series": "sweeps",
    "swept": "sweeps",
    "unfold": "cells",
}

__all__ = [
    "PRESETS",
    "CellKey",
    "CellResult",
    "Context",
    "Estimate",
    "Plan",
    "Preset",
    "Published",
    "Ratio",
    "Round",
    "RunResult",
    "Samples",
    "Series",
    "Verdict",
    "drop_all",
    "estimate_run",
    "leftovers",
    "operation_names",
    "preset",
    "published",
    "run",
    "series",
    "swept",
    "unfold",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, "names" if name == "operation_names" else name)
