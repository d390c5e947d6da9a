"""Benchmarks that nobody ran: results made from seconds, and the events that they would have sent."""

from core.bench.comparisons import ratios
from core.bench.events import (
    CellFinished,
    CellStarted,
    RoundFinished,
    RunFinished,
    RunStarted,
    VerdictReached,
)
from core.bench.plan import Plan
from core.bench.records import RunResult, Verdict
from tests.core.bench.results import cell

ENVIRONMENT = {
    "python": "3.11.2",
    "cpu": "A processor",
    "cores": 2,
    "memory_gib": 8.0,
    "platform": "Linux",
    "backend": {
        "kind": "server",
        "version": "2.3.5",
        "label": "Milvus server 2.3.5",
        "address": "http://127.0.0.1:19530",
        "rtt_ms": 0.4,
    },
    "rtts_ms": {"0": 0.4},
    "packages": {"pymilvus": "2.6.17"},
}
SECONDS = {"sequential": 2.0, "threads": 0.5, "asyncio": 0.25}


def plan(**changes):
    given = {
        "name": "Searches",
        "frameworks": ("pymilvus",),
        "operations": ("search",),
        "modes": tuple(SECONDS),
        "counts": (100,),
        "rounds": 5,
        "dimension": 8,
    }
    return Plan.make(**{**given, **changes})


def result(*, seconds=None, noise=0.01, warnings=(), **changes):
    """A complete run of bare searches; `seconds` a round for each mode."""
    wanted = {**SECONDS, **(seconds or {})}
    cells = tuple(cell(f"pymilvus.search.{mode}", mean, noise=noise) for mode, mean in wanted.items() if mean)
    return RunResult(
        plan=plan(**changes),
        cells=cells,
        ratios=ratios(cells),
        verdict=(Verdict("winner", "bare pymilvus search: asyncio wins."),),
        environment=ENVIRONMENT,
        warnings=warnings,
        run_id="0" * 32,
        started_at="2026-11-20T10:00:00+00:00",
        seconds=12.5,
    )


def events(found):
    """What a run that ended so has told: rounds interleaved, as they are."""
    keys = tuple(item.key for item in found.cells)
    yield RunStarted(found.run_id, found.plan, keys, 5, 12.0, 1500, found.environment)
    for index in range(5):
        for item in found.cells:
            if not index:
                yield CellStarted(item.key)
            yield RoundFinished(item.key, item.rounds[index])
    for item in found.cells:
        yield CellFinished(item)
    yield VerdictReached(found.verdict, found.ratios)
    yield RunFinished(found)
