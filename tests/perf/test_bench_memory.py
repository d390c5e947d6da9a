"""What the samples of a long run weigh."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = [pytest.mark.perf, pytest.mark.server]
ROOT = Path(__file__).parents[2]

LONG_RUN = """
    import asyncio, gc, json, sys
    import psutil
    from core.bench import Context, Plan, run
    from core.bench.events import RoundFinished
    from core.milvus import Backend
    from core.settings import Settings

    backend = Backend.connect(Settings.load({"home": sys.argv[2], "milvus_uri": sys.argv[1]}))
    process = psutil.Process()
    seen = []

    def measure(count, rounds):
        def listen(event):
            if isinstance(event, RoundFinished):
                seen.append(process.memory_info().rss)

        plan = Plan.make(
            frameworks=("pymilvus",), operations=("search",), modes=("asyncio",), counts=(count,),
            concurrencies=(64,), rounds=rounds, dimension=768, rows=500,
        )
        return asyncio.run(run(plan, Context(backend), listen))

    measure(2000, 2)  # libraries, channels and buffers are there once a run was made
    gc.collect()
    before = process.memory_info().rss
    seen.clear()
    result = measure(10_000, 10)
    after = process.memory_info().rss
    samples = sum(len(item.samples) for item in result.cells[0].counted)
    packed = len(result.cells[0].rounds[1].samples.pack())
    print(json.dumps({"samples": samples, "grown": max(*seen, after) - before, "packed": packed}))
"""


@pytest.mark.timeout(900)
def test_a_hundred_thousand_samples_weigh_less_than_a_hundred_megabytes(milvus_server, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LONG_RUN), milvus_server, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=800, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"\n{found['samples']} samples: {found['grown'] / 2**20:.1f} MB more, {found['packed']} bytes packed"
    )
    assert found["samples"] == 100_000
    assert found["grown"] < 100 * 2**20
