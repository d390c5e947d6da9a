"""A benchmark as one HTML file that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.bench import wording
from core.bench.plan import Plan
from core.bench.records import ASYNC_LABELS, CellResult, Ratio, RunResult
from core.history.layout import backend_label, date_and_time, template, where
from core.history.texts import duration

if TYPE_CHECKING:
    from core.bench.plan import CellKey
    from core.history.charts import BarChart

_TOPICS = {
    "quality": "First of all",
    "backend": "About this Milvus",
    "winner": "What wins",
    "overhead": "What the frameworks add",
    "cause": "Why",
    "advice": "What to do",
}
_AXES = {
    "count": "Throughput against the number of calls",
    "concurrency": "Throughput against concurrency",
    "consistency": "Throughput against consistency",
    "rtt_ms": "Throughput against the round trip",
    "load": "Throughput against the load",
}
_AGAINST = {
    "modes": (
        "Against one call after the other",
        "How many times the throughput of the sequential loop over the same work.",
    ),
    "overhead": (
        "Against bare pymilvus",
        "The share of bare pymilvus's throughput that each framework reaches, in the same mode.",
    ),
    "consistency": (
        "Against Strong consistency",
        "What a weaker consistency level gains, with nothing else changed.",
    ),
}
_STATES = {
    "complete": "complete",
    "incomplete": "incomplete: not every cell was measured to its end",
    "cancelled": "cancelled: what was finished by then is here",
}


def export_html(result: RunResult, *, note: str = "") -> str:
    """The run as a self-contained page: verdict first, then charts, tables and what to know of them."""
    from core.history.charts import latency_chart

    measured = [cell for cell in result.cells if not cell.note]
    against = _ratio_charts(result)
    latency = latency_chart([cell for cell in measured if cell.valid])
    return template(Path(__file__).with_name("report.html.j2")).render(
        run=result,
        title=result.plan.name,
        warnings=result.warnings,
        note=note,
        state=_STATES[result.state],
        started=date_and_time(result.started_at),
        took=duration(result.seconds),
        verdict=_verdict(result),
        first=against["modes"],
        others=[chart for chart in (against["overhead"], against["consistency"], latency) if chart],
        sweeps=_sweeps(result),
        cells=[_row(cell) for cell in measured],
        flagged=[
            (cell.key.label, " ".join(flag.text for flag in cell.flags)) for cell in measured if cell.flags
        ],
        skipped=[(cell.key.label, cell.note) for cell in result.cells if cell.note],
        ratios=[_ratio_row(item) for item in result.ratios],
        equal=held_equal(result.plan),
        environment=where(result.environment),
        backend=backend_label(result.environment),
    )


def held_equal(plan: Plan) -> list[tuple[str, str]]:
    """What is the same for every cell of a run, and what then is not."""
    rows = [
        ("Data", f"seeded vectors of {plan.dimension} numbers (seed {plan.seed}), the same for all"),
        ("Collections", f"{plan.rows:,} rows before they are read; fresh ones wherever data change"),
        ("Metric and hits", f"{plan.metric}, {plan.top_k} a search"),
        ("Clients", "open and warm before the clock starts"),
        ("Warm-up", f"{plan.warmup_calls} calls a cell, kept and not counted"),
        ("Order", "rounds interleaved, the order reversed on every other pass"),
        ("Effect", "row counts and ids verified after each round"),
        ("Not equal", "what each framework stores beside the vector and does around a call: it is compared"),
    ]
    if plan.embedding_ms:
        rows.insert(3, ("Embedding", f"a pretended {plan.embedding_ms:g} ms a request"))
    if plan.first_token_ms or plan.token_ms:
        tokens = f"first token {plan.first_token_ms:g} ms, then {plan.token_ms:g} ms a token"
        rows.insert(3, ("Answers", tokens))
    return rows


def _verdict(result: RunResult) -> list[tuple[str, list[str]]]:
    """The sentences under a heading for each topic, in the order in which one wants to know them."""
    found: dict[str, list[str]] = {}
    for item in result.verdict:
        found.setdefault(_TOPICS.get(item.topic, "More"), []).append(item.text)
    order = [*_TOPICS.values(), "More"]
    return sorted(found.items(), key=lambda pair: order.index(pair[0]))


def _ratio_charts(result: RunResult) -> dict[str, BarChart | None]:
    from core.history.charts import ratio_chart

    keys = {cell.key.label: cell.key for cell in result.cells}
    pairs: dict[str, list[tuple[CellKey, Ratio]]] = {kind: [] for kind in _AGAINST}
    for item in result.ratios:
        key, over = keys.get(item.of), keys.get(item.over)
        if key and over and (kind := _kind(key, over)):
            pairs[kind].append((key, item))
    return {
        kind: ratio_chart(title, text, pairs[kind], tutorial=kind == "modes")
        for kind, (title, text) in _AGAINST.items()
    }


def _kind(key: CellKey, over: CellKey) -> str:
    """Which chart shows a pair; "" for none."""
    same_work = (key.framework, key.operation) == (over.framework, over.operation)
    if same_work and over.mode == "sequential" and key.mode != "sequential":
        return "modes"
    if same_work and over.consistency == "Strong" != key.consistency:
        return "consistency"
    return "overhead" if over.framework == "pymilvus" != key.framework else ""


def _sweeps(result: RunResult) -> list[tuple[str, list[Any]]]:
    from core.bench.sweeps import series, swept
    from core.history.charts import sweep_charts

    return [(_AXES[axis], sweep_charts(axis, series(result.cells, axis))) for axis in swept(result.cells)]


def _row(cell: CellResult) -> dict[str, Any]:
    """One line of the table, as text."""
    from core.history.charts import how

    effect = {True: "right", False: "WRONG", None: "not checked"}[cell.verified]
    return {
        "work": wording.work(cell.key),
        "mode": cell.key.mode,
        "how": how(cell.key),
        "condition": wording.condition(cell.key),
        "rounds": str(len(cell.counted)),
        "throughput": _figure(cell.throughput),
        "percentiles": [_figure(value) for value in _times(cell)],
        "failed": f"{cell.errors.rate:.1%} ({cell.errors.low:.1%} to {cell.errors.high:.1%})"
        if cell.errors.errors
        else "0",
        "in_flight": "" if cell.in_flight is None else f"{cell.in_flight:.1f} of {cell.limit}",
        "async": ASYNC_LABELS[cell.native_async] if cell.native_async else "",
        "effect": effect,
        "wrong": cell.verified is False,
        "flags": [flag.text for flag in cell.flags],
    }


def _times(cell: CellResult) -> Iterable[float | None]:
    times = cell.response if cell.key.mode == "open" else cell.latency
    return times.p50, times.p95, times.p99


def _ratio_row(item: Ratio) -> tuple[str, str, str, str]:
    interval = "" if item.low is None or item.high is None else f"{_figure(item.low)} to {_figure(item.high)}"
    return item.of, item.over, _figure(item.ratio), interval


def _figure(value: float | None) -> str:
    """Three digits, or a dash."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
