"""The laboratory: operations x modes, driven, measured and explained.

Names are imported when first used, so that importing this room costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.bench.cells import unfold
    from core.bench.distribution import Spread, curve, spread
    from core.bench.estimate import Estimate, Forecast, estimate_run, outline, predict
    from core.bench.live import Live, LiveCell, LiveRun
    from core.bench.operations import TABLE
    from core.bench.operations import names as operation_names
    from core.bench.plan import DEFAULT_THREADS, FRAMEWORK_LABELS, FRAMEWORKS, MODES, CellKey, Plan
    from core.bench.presets import PRESETS, Preset, Published, preset, published
    from core.bench.records import ASYNC_LABELS, CellResult, Ratio, Round, RunResult, Samples, Verdict
    from core.bench.runner import Context, run
    from core.bench.staging import drop_all, leftovers
    from core.bench.sweeps import Series, series, swept
    from core.bench.usl import Scalability

_HOMES = {
    "ASYNC_LABELS": "records",
    "CellKey": "plan",
    "CellResult": "records",
    "Context": "runner",
    "DEFAULT_THREADS": "plan",
    "Estimate": "estimate",
    "Forecast": "estimate",
    "FRAMEWORKS": "plan",
    "FRAMEWORK_LABELS": "plan",
    "Live": "live",
    "LiveCell": "live",
    "LiveRun": "live",
    "MODES": "plan",
    "PRESETS": "presets",
    "Plan": "plan",
    "Preset": "presets",
    "Published": "presets",
    "Ratio": "records",
    "Round": "records",
    "RunResult": "records",
    "Samples": "records",
    "Scalability": "usl",
    "Series": "sweeps",
    "Spread": "distribution",
    "TABLE": "operations",
    "Verdict": "records",
    "curve": "distribution",
    "drop_all": "staging",
    "estimate_run": "estimate",
    "leftovers": "staging",
    "operation_names": "operations",
    "outline": "estimate",
    "predict": "estimate",
    "preset": "presets",
    "published": "presets",
    "run": "runner",
    "series": "sweeps",
    "spread": "distribution",
    "swept": "sweeps",
    "unfold": "cells",
}

__all__ = [
    "ASYNC_LABELS",
    "DEFAULT_THREADS",
    "FRAMEWORKS",
    "FRAMEWORK_LABELS",
    "MODES",
    "PRESETS",
    "TABLE",
    "CellKey",
    "CellResult",
    "Context",
    "Estimate",
    "Forecast",
    "Live",
    "LiveCell",
    "LiveRun",
    "Plan",
    "Preset",
    "Published",
    "Ratio",
    "Round",
    "RunResult",
    "Samples",
    "Scalability",
    "Series",
    "Spread",
    "Verdict",
    "curve",
    "drop_all",
    "estimate_run",
    "leftovers",
    "operation_names",
    "outline",
    "predict",
    "preset",
    "published",
    "run",
    "series",
    "spread",
    "swept",
    "unfold",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, "names" if name == "operation_names" else name)
