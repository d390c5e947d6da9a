"""A benchmark as JSON and as CSV, for colleagues and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.bench.records import CellResult, RunResult
from core.history.texts import no_formula
from core.history.writer import storable

CELL_COLUMNS = (
    "framework",
    "operation",
    "mode",
    "count",
    "concurrency",
    "consistency",
    "rtt_ms",
    "load",
    "state",
    "rounds",
    "seconds_mean",
    "throughput",
    *(f"latency_{name}_ms" for name in ("p50", "p90", "p95", "p99", "mean")),
    *(f"response_{name}_ms" for name in ("p50", "p90", "p95", "p99", "mean")),
    "calls",
    "errors",
    "error_rate",
    "in_flight",
    "limit",
    "stall_ms",
    "client_cpu",
    "async_kind",
    "verified",
    "achieved_rtt_ms",
    "offered_rate",
    "flags",
    "note",
)
SAMPLE_COLUMNS = ("cell", "round", "warmup", "call", "due_ms", "start_ms", "end_ms", "status", "error")


def export_json(result: RunResult, *, note: str = "", samples: bool = False, **more: Any) -> str:
    """The run as one JSON document, which `import_json` reads; `samples` adds every raw call.

    `more` are fields beside those of the run, which `import_json` passes over.
    """
    data = {**more, "kind": "benchmark", "note": note, **result.to_json(samples=samples)}
    return json.dumps(storable(data), ensure_ascii=False, indent=None if samples else 2, allow_nan=False)


def export_csv(result: RunResult) -> str:
    """One row a cell; numbers that were not measured, or not often enough, are empty."""
    return "".join(table(CELL_COLUMNS, (_cell_row(cell) for cell in result.cells)))


def export_samples_csv(result: RunResult) -> Iterator[str]:
    """One row a call, in pieces of text; times in milliseconds from the start of the call's round."""
    return table(SAMPLE_COLUMNS, _sample_rows(result))


def _cell_row(cell: CellResult) -> list[Any]:
    key, seconds = cell.key, cell.seconds
    percentiles = [
        getattr(times, name)
        for times in (cell.latency, cell.response)
        for name in ("p50", "p90", "p95", "p99", "mean")
    ]
    return [
        *(key.framework, key.operation, key.mode, key.count, key.concurrency, key.consistency, key.rtt_ms),
        *(key.load, cell.state, len(seconds), sum(seconds) / len(seconds) if seconds else None),
        *(cell.throughput, *percentiles),
        *(cell.errors.n, cell.errors.errors, cell.errors.rate if cell.errors.n else None),
        *(cell.in_flight, cell.limit, cell.stall_ms, cell.cpu, cell.native_async, cell.verified),
        *(cell.achieved_rtt_ms, cell.offered_rate),
        " ".join(flag.text for flag in cell.flags),
        cell.note,
    ]


def _sample_rows(result: RunResult) -> Iterator[list[Any]]:
    for cell in result.cells:
        for item in cell.rounds:
            for number, call in enumerate(item.samples):
                times = (call.due / 1e6, call.start / 1e6, call.end / 1e6)
                named = (call.status.name.lower(), call.error)
                yield [cell.key.label, item.index, item.warmup, number, *times, *named]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Comma-separated, in pieces of text; no cell is taken for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([no_formula(value) if isinstance(value, str) else value for value in row])
        if text.tell() > 100_000:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
