"""Finished benchmarks made from figures, for the pages that draw them."""

from core.bench.comparisons import ratios
from core.bench.plan import Plan
from core.bench.records import RunResult
from core.bench.verdict import verdict
from tests.core.bench.results import cell

ENVIRONMENT = {
    "python": "3.11.7",
    "cpu": "Test CPU",
    "cores": 2,
    "memory_gib": 8.0,
    "platform": "Linux",
    "backend": {
        "kind": "server",
        "version": "2.3.5",
        "label": "Milvus server 2.3.5",
        "address": "http://127.0.0.1",
    },
    "rtts_ms": {"0": 0.4, "50": 52.1},
    "packages": {"pymilvus": "2.6.17"},
}
SEARCHES = (
    cell("pymilvus.search.sequential", 30.0, consistency="Strong", cpu=0.01),
    cell("pymilvus.search.asyncio", 0.7, consistency="Strong", cpu=0.9, in_flight=90),
    cell("llamaindex.query.sequential", 31.0, consistency="Strong", cpu=0.01),
    cell("llamaindex.query.threads", 0.9, consistency="Strong", in_flight=50),
    cell("llamaindex.query.asyncio", 0.9, consistency="Strong", cpu=0.95, in_flight=90),
    cell("llamaindex.query.sequential", 0.4),
    cell("llamaindex.query.asyncio", 0.4, in_flight=40),
)
INSERTS = (
    cell("llamaindex.add.sequential", 0.7),
    cell("llamaindex.add.asyncio", 0.72, in_flight=40),
    cell("llamaindex.add.batch", 0.03),
)


def run(cells=(*SEARCHES, *INSERTS), *, kind="server", **more):
    """A whole run of these cells, with the verdict and ratios that follow from them."""
    backend = {**ENVIRONMENT["backend"], "kind": kind}
    plan = more.pop("plan", None) or Plan.make(name="Test run", rounds=5)
    return RunResult(
        plan=plan,
        cells=tuple(cells),
        ratios=ratios(cells),
        verdict=verdict(cells, kind),
        environment={**ENVIRONMENT, "backend": backend},
        started_at="2026-01-31T12:00:00+00:00",
        seconds=42.0,
        run_id="made",
        **more,
    )
