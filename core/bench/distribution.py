"""How the times of a cell's calls spread: what a box and a curve are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.bench import statistics
from core.bench.records import CellResult

_SHARES = (5, 25, 50, 75, 95)
FEWEST = 5
"""Fewer calls than this make no distribution."""


@dataclass(frozen=True)
class Spread:
    """Milliseconds below which 5, 25, 50, 75 and 95 percent of `n` successful calls stayed."""

    n: int
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


def spread(cell: CellResult, *, response: bool = False) -> Spread | None:
    """The spread of a cell's successful calls; None for too few, or when the samples are not loaded.

    With `response` the time counts from when a call was due.
    """
    times = statistics.durations_ms(cell.counted, response=response)
    if len(times) < FEWEST:
        return None
    return Spread(len(times), *(float(value) for value in np.percentile(times, _SHARES)))


def curve(
    cell: CellResult, points: int = 120, *, response: bool = False
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The empirical distribution: milliseconds, and the share of calls that took at most so long.

    At most so many points, evenly spread over the shares; empty where `spread` is None.
    """
    times = np.sort(statistics.durations_ms(cell.counted, response=response))
    if len(times) < FEWEST:
        return (), ()
    ranks = np.unique(np.linspace(0, len(times) - 1, min(points, len(times))).round().astype(int))
    shares = (ranks + 1) / len(times)
    return tuple(map(float, times[ranks])), tuple(map(float, shares))
