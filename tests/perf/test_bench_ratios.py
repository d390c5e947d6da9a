"""The tutorials' ratios, reached: with a round trip of 50 ms all of them, without it LlamaIndex search."""

from __future__ import annotations

import asyncio

import pytest

from core.bench import Context, run
from core.bench.presets import PRESETS
from core.milvus import Backend
from core.settings import Settings

pytestmark = [pytest.mark.perf, pytest.mark.server]

LINES = {
    name: {(line.operation, line.count): line for line in PRESETS[name].published}
    for name in ("llamaindex-tutorial", "langchain-tutorial")
}


@pytest.fixture(scope="module")
def backend(milvus_server, tmp_path_factory):
    home = tmp_path_factory.mktemp("perf")
    return Backend.connect(Settings.load({"home": home, "milvus_uri": milvus_server}))


def ratios(backend, preset, **changes):
    """asyncio over sequential: {(operation, count, added round trip): Ratio}."""
    plan = PRESETS[preset].plan(**changes)
    result = asyncio.run(run(plan, Context(backend), lambda event: None))
    assert result.valid, result.warnings
    found = {}
    for ratio in result.ratios:
        of, over = result.cell(ratio.of).key, result.cell(ratio.over).key
        if (of.mode, over.mode) == ("asyncio", "sequential"):
            found[of.operation, of.count, of.rtt_ms] = ratio
    return found


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("preset", "counts", "rounds"),
    [
        ("llamaindex-tutorial", (10, 100), 3),
        ("llamaindex-tutorial", (1000,), 1),
        ("langchain-tutorial", (10, 100), 5),
    ],
    ids=["llamaindex-10-100", "llamaindex-1000", "langchain-10-100"],
)
def test_every_published_ratio_is_reached_with_a_round_trip(backend, preset, counts, rounds):
    found = ratios(backend, preset, counts=counts, rounds=rounds, rtts_ms=(50,))
    print()
    for (operation, count, _), ratio in found.items():
        published = LINES[preset][operation, count].ratio
        print(f"{preset} {operation} x {count}, 50 ms: {ratio.ratio:.1f}, published {published:.1f}")
    assert len(found) == len([line for line in LINES[preset] if line[1] in counts])
    for (operation, count, _), ratio in found.items():
        assert ratio.ratio >= LINES[preset][operation, count].ratio, (operation, count)


@pytest.mark.timeout(900)
def test_strong_search_reaches_its_published_ratio_without_a_round_trip(backend):
    found = ratios(backend, "llamaindex-tutorial", operations=("query",), counts=(1000,), rounds=1)
    ratio = found["query", 1000, 0.0].ratio
    print(f"\nLlamaIndex query x 1000, Strong, no round trip added: {ratio:.1f}, published 35.1")
    assert ratio >= 35
