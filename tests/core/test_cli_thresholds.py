"""The limits that a benchmark must keep, as they are written and judged."""

from dataclasses import replace

import pytest

from core.cli.thresholds import Threshold
from core.errors import UsageError
from tests.core.bench.results import cell
from tests.core.history.synthetic import plan, result


def outcome(text, run=None):
    found = Threshold.parse(text).check(run or result())
    return [item.passed for item in found], found[0].measured


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pymilvus.search.asyncio.p50<2.6ms", ([True], "2.525 ms")),
        ("pymilvus.search.asyncio.p95 <= 0.002s", ([False], "2.525 ms")),
        ("*.search.sequential.seconds<2100ms", ([True], "2 s")),
        ("pymilvus.*.asyncio.throughput>=390/s", ([True], "400/s")),
        ("*.*.asyncio@n=100,c=0,Bounded,rtt=0.ratio>7x", ([True], "8x")),
        ("*.*.sequential.ratio>=1", ([True], "1x")),
        ("*.*.*.errors<1", ([True] * 3, "0 failed")),
        ("*.*.threads@n=7.p50<1s", ([False], "no cell was measured")),
    ],
)
def test_a_threshold_is_judged_by_what_was_measured(text, expected):
    assert outcome(text) == expected


def test_a_cell_that_was_not_measured_misses_its_limit():
    noted = replace(cell("pymilvus.search.batch", 1), rounds=(), note="no batch API")
    wrong = replace(cell("pymilvus.search.asyncio", 1), verified=False)
    run = replace(result(), cells=(noted, wrong))
    assert outcome("*.*.batch.p50<1s", run) == ([False], "no batch API")
    assert outcome("*.*.asyncio.p50<1s", run) == ([False], "it had a wrong effect")


def test_a_label_from_the_table_can_be_pasted_into_a_threshold():
    keys = [item.key for item in result().cells]
    for key in keys:
        threshold = Threshold.parse(f"{key.label}.p50<1s")
        assert [other for other in keys if threshold.means(other)] == [key]
    open_loop = replace(keys[0], mode="open", load="70%", rtt_ms=0.5)
    assert Threshold.parse(f"{open_loop.label}.p95<=200ms").means(open_loop)


@pytest.mark.parametrize(
    "text",
    [
        *("", "p95<200ms", "a.b.p95<200ms", "a.b.c.p42<1ms", "a.b.c.p95<200", "a.b.c.p95<200x"),
        *("a.b.c.p95=200ms", "a.b.c@x=1.p95<1ms", "a.b.c@n=.p95<1ms", "a.b.c.p95<-1ms", "a.b.c.p95<1e3ms"),
    ],
)
def test_a_threshold_that_is_unclear_is_refused(text):
    with pytest.raises(UsageError, match="is not clear"):
        Threshold.parse(text)


def test_a_batch_cell_has_one_call_a_round_so_a_percentile_of_it_is_refused():
    wanted = plan(modes=("batch",), counts=(1000,), rounds=8)
    key = cell("pymilvus.search.batch", 1, count=1000).key
    with pytest.raises(UsageError, match=r"needs 36 calls, and .* makes 8 in all rounds"):
        Threshold.parse("*.*.batch.p50<1s").check_plan(wanted, [key])
