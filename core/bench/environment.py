"""Where a run happened: versions, backend, machine. No secret is in it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.bench.lab import Target
from core.milvus import Backend

PACKAGES = (
    "pymilvus",
    "milvus-lite",
    "grpcio",
    "llama-index-core",
    "llama-index-vector-stores-milvus",
    "langchain-core",
    "langchain-milvus",
    "langchain-openai",
    "numpy",
    "scipy",
    "streamlit",
)


def environment(backend: Backend, targets: dict[float, Target]) -> dict[str, Any]:
    """JSON-ready; `rtts_ms` maps each added round trip to the one that was measured."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count() or 1,
        "memory_gib": round(memory, 1),
        "backend": {
            "kind": backend.kind,
            "version": backend.version,
            "label": backend.label,
            "address": backend.address.shown,
            "rtt_ms": round(backend.rtt_ms, 3),
        },
        "rtts_ms": {f"{rtt:g}": round(target.achieved_rtt_ms, 3) for rtt, target in targets.items()},
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
