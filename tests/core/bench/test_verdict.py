import pytest

from core.bench.comparisons import ratios
from core.bench.sweeps import series, swept
from core.bench.verdict import verdict
from tests.core.bench.results import cell

# The figures of the table: 300 searches, consistency times round trip.
SEARCHES = [
    cell("llamaindex.query.sequential", 111.0, consistency="Strong", count=300, cpu=0.01),
    cell("llamaindex.query.asyncio", 0.75, consistency="Strong", count=300, cpu=0.95, in_flight=200),
    cell("llamaindex.query.threads", 0.76, consistency="Strong", count=300, noise=0.03),
    cell("llamaindex.query.sequential", 1.34, count=300, cpu=0.3),
    cell("llamaindex.query.asyncio", 0.5, count=300, cpu=0.95, in_flight=200),
    cell("llamaindex.query.sequential", 17.3, rtt=50.0, count=300, cpu=0.02),
    cell("llamaindex.query.sequential", 127.0, rtt=50.0, consistency="Strong", count=300, cpu=0.01),
    cell("llamaindex.query.asyncio", 0.8, rtt=50.0, consistency="Strong", count=300, cpu=0.9, in_flight=200),
    cell("pymilvus.search.sequential", 0.8, count=300),
]
INSERTS = [
    cell("llamaindex.add.sequential", 0.73),
    cell("llamaindex.add.asyncio", 0.25, in_flight=60),
    cell("llamaindex.add.batch", 0.025),
]


def sentences(cells, topic=None, backend="server"):
    return [item.text for item in verdict(cells, backend) if topic in {None, item.topic}]


def test_the_winner_is_named_with_its_factor_and_interval():
    first = sentences(SEARCHES, "winner")[0]
    assert first.startswith(
        "LlamaIndex query (300 calls, Strong, 50 ms round trip added): asyncio wins, 159 times"
    )
    assert "95% interval" in first


def test_the_cause_is_found_by_comparing_cells():
    cause = sentences(SEARCHES, "cause")[0]
    assert "Of the 423 ms of one LlamaIndex query" in cause
    assert "86% is waiting for the consistency level" in cause
    assert "13% is the added network round trip" in cause


def test_a_cause_that_no_cell_tells_is_not_guessed():
    only = [cell("llamaindex.query.sequential", 111.0, consistency="Strong", count=300)]
    cause = sentences(only, "cause")[0]
    assert "is the server and waiting for the consistency level, not told apart" in cause
    assert "add a Bounded cell, to tell what waiting for the consistency level costs" in cause


def test_a_weaker_consistency_level_is_advised_with_what_async_then_gains():
    advice = next(text for text in sentences(SEARCHES[:5], "advice") if "Bounded" in text)
    assert "one by one, searches are then 83 times as fast" in advice
    assert "asyncio then gains 2.7 times" in advice


def test_batching_is_advised_against_asyncio():
    assert "Batch the inserts: one call with all of them is 10 times as fast as asyncio" in " ".join(
        sentences(INSERTS, "advice")
    )


def test_what_a_framework_adds_is_told_where_calls_are_shortest():
    overhead = sentences(SEARCHES, "overhead")[0]
    assert "LlamaIndex adds 1.8 ms to each query over bare pymilvus search: 1.7 times as long" in overhead


def test_an_interval_that_spans_one_is_no_difference():
    noisy = [
        cell("pymilvus.search.sequential", 1.0, noise=0.1),
        cell("pymilvus.search.asyncio", 1.02, noise=0.1, in_flight=50),
    ]
    assert "no measurable difference" in sentences(noisy, "winner")[0]
    assert "gains nothing measurable" in sentences(noisy, "advice")[0]


def test_the_client_is_named_when_its_processor_is_the_limit():
    assert any("the client's processor is now the limit" in text for text in sentences(SEARCHES, "cause"))


def test_on_lite_it_says_why_async_cannot_help():
    assert "shares one interpreter lock" in sentences(INSERTS, "backend", backend="lite")[0]
    assert sentences(INSERTS, "backend") == []


def test_a_wrong_effect_takes_a_cell_out_of_every_comparison():
    wrong = cell("llamaindex.add.batch", 0.001, verified=False)
    cells = [*INSERTS[:2], wrong]
    assert "had a wrong effect" in sentences(cells, "quality")[0]
    assert all(wrong.key.label not in {ratio.of, ratio.over} for ratio in ratios(cells))
    assert "batch" not in " ".join(sentences(cells, "winner"))


def test_failed_calls_are_told_with_their_interval():
    text = sentences([cell("pymilvus.search.sequential", 1.0, errors=5)], "quality")[0]
    assert text.startswith("Calls failed in 1 of 1 cells")
    assert "95% interval" in text


@pytest.mark.parametrize(
    ("of", "over", "factor"),
    [
        (
            "llamaindex.query.asyncio@n=300,c=0,Strong,rtt=0",
            "llamaindex.query.sequential@n=300,Strong,rtt=0",
            148,
        ),
        (
            "llamaindex.query.sequential@n=300,Bounded,rtt=0",
            "llamaindex.query.sequential@n=300,Strong,rtt=0",
            82.8,
        ),
        (
            "llamaindex.query.sequential@n=300,Bounded,rtt=0",
            "pymilvus.search.sequential@n=300,Bounded,rtt=0",
            0.597,
        ),
        (
            "llamaindex.query.sequential@n=300,Bounded,rtt=0",
            "llamaindex.query.sequential@n=300,Bounded,rtt=50",
            12.9,
        ),
    ],
    ids=["modes", "consistency", "frameworks", "round trips"],
)
def test_what_is_worth_comparing_is_compared(of, over, factor):
    found = {(ratio.of, ratio.over): ratio for ratio in ratios(SEARCHES)}
    assert found[of, over].ratio == pytest.approx(factor, rel=0.01)


def test_a_sweep_becomes_a_series_in_the_order_of_its_axis():
    cells = [cell("pymilvus.search.asyncio", 1 / n, concurrency=n) for n in (8, 1, 32, 2, 16, 4)]
    line = series(cells, "concurrency")[0]
    assert line.values == (1, 2, 4, 8, 16, 32)
    assert swept(cells) == ("concurrency",)
    assert not line.scalability().shown


def test_a_knee_that_was_passed_is_told():
    def seconds(n):
        return 100 * (1 + 0.05 * (n - 1) + 0.0005 * n * (n - 1)) / (300 * n)

    levels = (1, 2, 4, 8, 16, 32, 64, 100)
    cells = [cell("pymilvus.search.asyncio", seconds(n), concurrency=n) for n in levels]
    assert any("beyond about 4" in text for text in sentences(cells, "advice"))
