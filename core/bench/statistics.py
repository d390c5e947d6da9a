"""What can be said of a cell and of two cells: intervals, percentiles, flags. scipy does the statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.bench.records import ErrorRate, Flag, Latency, Ratio, Round, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE = 0.95
# Fewest calls for each percentile.
ENOUGH = {"p50": 36, "p90": 36, "p95": 72, "p99": 368}
UNSTABLE_SPREAD = 0.10
SLOW_FIRST = 1.2
DRIFT_CHANGE = 0.10
DRIFT_ROUNDS = 5
BUSY_CPU = 0.9


def mean_interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and its 95% t interval; None for the bounds when fewer than two values give none."""
    from scipy import stats

    data = np.asarray(values, dtype=float)
    mean, spread = float(data.mean()), float(stats.sem(data)) if len(data) > 1 else 0.0
    if len(data) < 2:
        return mean, None, None
    if spread == 0:
        return mean, mean, mean
    low, high = stats.t.interval(CONFIDENCE, len(data) - 1, loc=mean, scale=spread)
    return mean, float(low), float(high)


def ratio(of: str, over: str, first: Sequence[Round], second: Sequence[Round]) -> Ratio | None:
    """Throughput of the rounds `first` as a multiple of the rounds `second`; None without rounds.

    Rounds of the same pass are compared with each other, so that what disturbs a whole pass cancels
    out; when fewer than two passes have both, the two groups are compared as they are (Welch).
    """
    mine = {item.index: math.log(item.throughput) for item in first if item.counted}
    theirs = {item.index: math.log(item.throughput) for item in second if item.counted}
    if not mine or not theirs:
        return None
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) >= 2 or len(mine) == len(theirs) == 1:
        logs = [mine[index] - theirs[index] for index in shared] or [_mean(mine) - _mean(theirs)]
        mean, low, high = mean_interval(logs)
        return Ratio(of, over, math.exp(mean), _exp(low), _exp(high), len(logs), paired=bool(shared))
    low, high = _welch(list(mine.values()), list(theirs.values()))
    pairs = min(len(mine), len(theirs))
    middle = math.exp(_mean(mine) - _mean(theirs))
    return Ratio(of, over, middle, _exp(low), _exp(high), pairs, paired=False)


def error_rate(errors: int, n: int, kinds: dict[str, int] | None = None) -> ErrorRate:
    """Share of failed calls with its Wilson interval."""
    if n == 0:
        return ErrorRate()
    from scipy import stats

    interval = stats.binomtest(errors, n).proportion_ci(CONFIDENCE, method="wilson")
    return ErrorRate(errors, n, errors / n, float(interval.low), float(interval.high), kinds or {})


def latency(rounds: Sequence[Round], *, response: bool = False) -> Latency:
    """Percentiles of the successful calls of the counted rounds; `response` counts from the due time."""
    times = durations_ms([item for item in rounds if item.counted], response=response)
    if not len(times):
        return Latency()
    wanted = [name for name, least in ENOUGH.items() if len(times) >= least]
    named = {name: float(np.percentile(times, float(name[1:]))) for name in wanted}
    return Latency(n=len(times), mean=float(times.mean()), **named)


def durations_ms(rounds: Sequence[Round], *, response: bool = False) -> NDArray[np.float64]:
    """Milliseconds of each successful call, in the order of issue."""
    parts = []
    for item in rounds:
        samples = item.samples
        begin = np.frombuffer(samples.due if response else samples.start, dtype=np.int64)
        end = np.frombuffer(samples.end, dtype=np.int64)
        good = np.frombuffer(samples.status, dtype=np.int8) == Status.OK
        parts.append((end - begin)[good] / 1e6)
    return np.concatenate(parts) if parts else np.empty(0)


def flags(rounds: Sequence[Round]) -> tuple[Flag, ...]:
    """What is odd about a cell's counted rounds; nothing is taken out because of it."""
    counted = [item for item in rounds if item.counted]
    seconds = [item.seconds for item in counted]
    found = (_unstable(seconds), _slow_first(seconds), _drift(seconds), _busy(counted), _failing(counted))
    return tuple(flag for flag in found if flag is not None)


def _unstable(seconds: Sequence[float]) -> Flag | None:
    if len(seconds) < 2:
        return None
    spread = float(np.std(seconds, ddof=1) / np.mean(seconds))
    if spread <= UNSTABLE_SPREAD:
        return None
    return Flag("unstable", f"Rounds vary by {spread:.0%} (standard deviation over mean).")


def _slow_first(seconds: Sequence[float]) -> Flag | None:
    if len(seconds) < 3:
        return None
    rest = seconds[1:]
    factor = seconds[0] / float(np.median(rest))
    if factor <= SLOW_FIRST or seconds[0] <= max(rest):
        return None
    return Flag("slow_first", f"The first round took {factor:.1f} times as long as the others.")


def _drift(seconds: Sequence[float]) -> Flag | None:
    """A steady rise or fall: Kendall's rank correlation with time, and a change that matters."""
    if len(seconds) < DRIFT_ROUNDS:
        return None
    from scipy import stats

    trend = stats.kendalltau(range(len(seconds)), seconds)
    slope = stats.theilslopes(seconds).slope
    change = float(slope) * (len(seconds) - 1) / float(np.median(seconds))
    if math.isnan(trend.pvalue) or trend.pvalue >= 1 - CONFIDENCE or abs(change) < DRIFT_CHANGE:
        return None
    word = "slower" if change > 0 else "faster"
    return Flag("drift", f"Rounds became {abs(change):.0%} {word} from first to last.")


def _busy(counted: Sequence[Round]) -> Flag | None:
    cpu = float(np.mean([item.cpu for item in counted])) if counted else 0.0
    if cpu < BUSY_CPU:
        return None
    return Flag("client_cpu", f"This process used {cpu:.0%} of a core: the client is part of the limit.")


def _failing(counted: Sequence[Round]) -> Flag | None:
    failed = sum(item.errors for item in counted)
    calls = failed + sum(item.ok for item in counted)
    return Flag("errors", f"{failed} of {calls} calls failed.") if failed else None


def _mean(values: dict[int, float]) -> float:
    return sum(values.values()) / len(values)


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)


def _welch(first: list[float], second: list[float]) -> tuple[float | None, float | None]:
    if min(len(first), len(second)) < 2:
        return None, None
    from scipy import stats

    if np.ptp(first) == 0 and np.ptp(second) == 0:
        middle = first[0] - second[0]
        return middle, middle
    interval = stats.ttest_ind(first, second, equal_var=False).confidence_interval(CONFIDENCE)
    return float(interval.low), float(interval.high)
