"""Gunther's Universal Scalability Law, fitted to throughput against concurrency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_LEVELS = 5
WORST_FIT = 0.9


@dataclass(frozen=True)
class Scalability:
    """X(N) = rate N / (1 + contention (N-1) + crosstalk N (N-1)).

    `rate` is calls a second of one caller, `contention` the share that is serialized, `crosstalk`
    the cost of each pair of callers. `knee` is the concurrency of greatest throughput. When `shown`
    is False the data do not determine the curve, `why` says what is missing, and nothing is drawn.
    """

    shown: bool
    why: str = ""
    rate: float = 0.0
    contention: float = 0.0
    crosstalk: float = 0.0
    knee: float = 0.0

    def throughput(self, concurrency: float) -> float:
        """Calls a second that the law predicts."""
        return float(_law(np.asarray(concurrency), self.rate, self.contention, self.crosstalk))


def fit(levels: Sequence[int], throughputs: Sequence[float]) -> Scalability:
    """Fit the law; several throughputs may share a level (one a round)."""
    distinct = len(set(levels))
    if distinct < FEWEST_LEVELS:
        return Scalability(False, f"{distinct} concurrency levels are too few, {FEWEST_LEVELS} are needed.")
    from scipy import optimize

    n, x = np.asarray(levels, dtype=float), np.asarray(throughputs, dtype=float)
    start = (float(x[n == n.min()].mean() / n.min()), 0.02, 1e-4)
    try:
        found, covariance = optimize.curve_fit(
            _law, n, x, p0=start, sigma=x, bounds=([0, 0, 0], [np.inf, 1, 1]), maxfev=20_000
        )
    except (RuntimeError, ValueError, optimize.OptimizeWarning):
        return Scalability(False, "The law does not fit these figures.")
    rate, contention, crosstalk = (float(value) for value in found)
    return _judge(n, x, (rate, contention, crosstalk), np.sqrt(np.diag(covariance)))


def _judge(n: Floats, x: Floats, found: tuple[float, float, float], spread: Floats) -> Scalability:
    rate, contention, crosstalk = found
    residual = np.log(x) - np.log(_law(n, *found))
    quality = 1 - float(residual @ residual) / float(((np.log(x) - np.log(x).mean()) ** 2).sum() or 1)
    if quality < WORST_FIT:
        return Scalability(False, f"The law explains only {max(quality, 0):.0%} of the differences.")
    # Two standard errors from zero, or the peak could be anywhere.
    if not np.isfinite(spread[2]) or crosstalk <= 2 * spread[2]:
        return Scalability(False, "Throughput still rises at the highest concurrency: no knee is in sight.")
    knee = math.sqrt(max(1 - contention, 0) / crosstalk)
    if knee > n.max():
        return Scalability(False, f"The knee would lie near {knee:.0f}, beyond what was measured.")
    return Scalability(True, "", rate, contention, crosstalk, knee)


def _law(n: Floats, rate: float, contention: float, crosstalk: float) -> Floats:
    predicted: Floats = rate * n / (1 + contention * (n - 1) + crosstalk * n * (n - 1))
    return predicted
