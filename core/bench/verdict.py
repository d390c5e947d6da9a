"""Sentences that the measurements support."""

from __future__ import annotations

from collections.abc import Sequence

from core.bench.records import CellResult, Verdict
from core.milvus import Kind


def verdict(cells: Sequence[CellResult], backend: Kind) -> tuple[Verdict, ...]:
    """What the finished cells say, most important first."""
    return ()
