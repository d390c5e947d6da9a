import re

import numpy as np
import pytest
from scipy import stats as scipy_stats

from core.bench import statistics
from core.bench.records import Round, Sample, Samples, Status
from core.bench.usl import fit


def rounds(seconds, *, count=100, cpu=0.1, errors=0):
    return [
        Round(index, False, 0, value, count - errors, errors, cpu=cpu)
        for index, value in enumerate(seconds, 1)
    ]


def calls(times_ms, status=Status.OK):
    samples = Samples.of([Sample(0, 10, 10 + int(ms * 1e6), status) for ms in times_ms])
    return Round(1, False, 0, 1.0, len(times_ms), samples=samples)


def test_a_ratio_is_the_exponential_of_the_mean_log_ratio_with_its_t_interval():
    fast, slow = [1.0, 1.1, 0.9, 1.05], [4.0, 4.6, 3.4, 4.1]
    found = statistics.ratio("a", "b", rounds(fast), rounds(slow))
    logs = np.log(slow) - np.log(fast)
    low, high = scipy_stats.t.interval(0.95, 3, logs.mean(), scipy_stats.sem(logs))
    assert found.ratio == pytest.approx(np.exp(logs.mean()))
    assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)))
    assert found.pairs == 4
    assert found.paired


def test_one_round_gives_a_ratio_without_an_interval():
    found = statistics.ratio("a", "b", rounds([1.0]), rounds([3.0]))
    assert found.ratio == pytest.approx(3)
    assert (found.low, found.high, found.different) == (None, None, False)


def test_cells_of_different_passes_are_compared_unpaired():
    late = [Round(index, False, 0, 2.0 + index / 100, 100) for index in (7, 8, 9)]
    found = statistics.ratio("a", "b", rounds([1.0, 1.02, 0.98]), late)
    assert not found.paired
    assert found.low < found.ratio < found.high


def test_the_interval_covers_the_truth_through_a_common_drift():
    """A machine that slows down over the run disturbs both cells alike: pairing takes it out."""
    random = np.random.default_rng(7)
    hits = 0
    for _ in range(600):
        drift = np.linspace(0, 0.8, 8) + random.normal(0, 0.3, 8)
        one = np.exp(drift + random.normal(0, 0.1, 8))
        other = np.exp(drift + random.normal(0, 0.1, 8)) * 1.5
        found = statistics.ratio("a", "b", rounds(one), rounds(other))
        hits += found.low <= 1.5 <= found.high
    assert 0.92 <= hits / 600 <= 0.98


@pytest.mark.parametrize(
    ("n", "known"),
    [(35, set()), (36, {"p50", "p90"}), (72, {"p50", "p90", "p95"}), (368, {"p50", "p90", "p95", "p99"})],
    ids=["35", "36", "72", "368"],
)
def test_a_percentile_needs_enough_calls(n, known):
    found = statistics.latency([calls(range(1, n + 1))])
    assert {name for name in statistics.ENOUGH if getattr(found, name) is not None} == known
    if "p50" in known:
        assert found.p50 == pytest.approx(np.percentile(range(1, n + 1), 50), rel=1e-6)


def test_failed_calls_and_warm_up_stay_out_of_the_percentiles():
    warm = Round(0, True, 0, 1.0, 40, samples=calls([900] * 40).samples)
    failed = Round(2, False, 0, 1.0, 1, samples=calls([900] * 40, Status.ERROR).samples)
    assert statistics.latency([warm, calls([1] * 40), failed]).p90 == pytest.approx(1)


def test_the_response_time_counts_from_when_the_call_was_due():
    samples = Samples.of([Sample(0, 5_000_000, 6_000_000)] * 40)
    one = [Round(1, False, 0, 1.0, 40, samples=samples)]
    assert statistics.latency(one).p50 == pytest.approx(1)
    assert statistics.latency(one, response=True).p50 == pytest.approx(6)


def test_the_error_rate_has_a_wilson_interval():
    found = statistics.error_rate(5, 100)
    assert (found.rate, found.low, found.high) == pytest.approx((0.05, 0.02154, 0.11175), abs=1e-4)
    assert statistics.error_rate(0, 100).high == pytest.approx(0.037, abs=1e-3)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (rounds([1, 1.01, 0.99, 1, 1.01]), None),
        (rounds([1, 1.5, 0.7, 1.2, 0.8]), "unstable"),
        (rounds([2, 1, 1.01, 1.02, 1.0]), "slow_first"),
        (rounds([1, 1.06, 1.1, 1.16, 1.2, 1.25]), "drift"),
        (rounds([1, 1, 1], cpu=0.97), "client_cpu"),
        (rounds([1, 1, 1], errors=3), "errors"),
    ],
    ids=["calm", "unstable", "slow first", "drift", "busy client", "errors"],
)
def test_what_is_odd_is_flagged(given, name):
    names = [flag.name for flag in statistics.flags(given)]
    assert names == [] if name is None else name in names


def law(n, rate, contention, crosstalk):
    return rate * n / (1 + contention * (n - 1) + crosstalk * n * (n - 1))


def test_the_scalability_law_is_recovered_where_the_knee_was_passed():
    levels = [1, 2, 4, 8, 16, 32, 64, 128, 256] * 3
    noise = np.random.default_rng(3).normal(1, 0.02, len(levels))
    found = fit(levels, [law(n, 300, 0.05, 0.0005) * e for n, e in zip(levels, noise, strict=True)])
    assert found.shown
    assert found.knee == pytest.approx(43.6, rel=0.15)
    assert found.throughput(1) == pytest.approx(300, rel=0.1)


@pytest.mark.parametrize(
    ("levels", "figures", "why"),
    [
        ([1, 2, 4], [1, 2, 4], "too few"),
        ([1, 2, 4, 8, 16, 32], [100.0 * n for n in (1, 2, 4, 8, 16, 32)], "no knee"),
        ([1, 2, 4, 8, 16, 32], [100, 900, 50, 700, 20, 600], "explains only|no knee|does not fit"),
    ],
    ids=["few levels", "still rising", "noise"],
)
def test_the_law_is_not_shown_where_the_data_do_not_determine_it(levels, figures, why):
    found = fit(levels, figures)
    assert not found.shown
    assert re.search(why, found.why)
