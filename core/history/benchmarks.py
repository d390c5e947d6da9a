"""A benchmark as rows of the history, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from core.bench.plan import CellKey, Plan
from core.bench.records import SCHEMA_VERSION, CellResult, Ratio, Round, RunResult, Samples, Verdict
from core.errors import UsageError
from core.history.records import NewRun, StoredCell, StoredRound, StoredRun, new_run_id
from core.history.writer import Writer


def new_run(
    run_id: str, plan: Plan, keys: Sequence[CellKey], environment: Any, *, workspace: str = "", note: str = ""
) -> NewRun:
    """The row of a benchmark that begins."""
    return NewRun(
        run_id=run_id,
        kind="benchmark",
        name=plan.name,
        config=plan.to_json(),
        environment=environment,
        cells={key.label: key.to_json() for key in keys},
        workspace=workspace,
        note=note,
        workload_hash=plan.workload_hash,
        schema_version=SCHEMA_VERSION,
    )


def store(
    writer: Writer, result: RunResult, *, workspace: str = "", note: str = "", imported: bool = False
) -> str:
    """Write a whole benchmark under a new id, which is returned."""
    run_id = new_run_id()
    keys = [cell.key for cell in result.cells]
    new = new_run(run_id, result.plan, keys, result.environment, workspace=workspace, note=note)
    writer.begin(replace(new, imported=imported, schema_version=result.schema_version), owner="")
    for position, cell in enumerate(result.cells):
        for item in cell.rounds:
            store_round(writer, run_id, cell.key, item)
        store_cell(writer, run_id, cell, position)
    finish(writer, run_id, result)
    return run_id


def store_round(writer: Writer, run_id: str, key: CellKey, item: Round) -> None:
    """Write one round with its samples."""
    packed = item.samples.pack() if len(item.samples) else b""
    writer.round(run_id, key.label, item.index, item.to_json(), warmup=item.warmup, samples=packed)


def store_cell(writer: Writer, run_id: str, cell: CellResult, position: int) -> None:
    """Write a finished cell; its rounds are stored on their own."""
    data = cell.to_json()
    del data["round_details"]
    writer.cell(run_id, cell.key.label, data, position)


def finish(writer: Writer, run_id: str, result: RunResult) -> None:
    """Write what only the end of a benchmark knows."""
    writer.finish(
        run_id,
        result.state,
        environment=result.environment,
        warnings=result.warnings,
        seconds=result.seconds,
        **({"started_at": moment(result.started_at)} if result.started_at else {}),
        **conclusions(result.verdict, result.ratios),
    )


def conclusions(verdict: Sequence[Verdict], ratios: Sequence[Ratio]) -> dict[str, Any]:
    """Columns for what a benchmark concludes."""
    return {"verdict": [asdict(item) for item in verdict], "ratios": [asdict(item) for item in ratios]}


def load(stored: StoredRun) -> RunResult:
    """The benchmark of a stored run; `UsageError` for a run of another kind or of a later Tandem."""
    summary = stored.summary
    if summary.kind != "benchmark":
        raise UsageError(f"The run {summary.name!r} is no benchmark, it is of the kind {summary.kind}.")
    if summary.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"The run {summary.name!r} was stored by a later Tandem: update this one to open it."
        )
    found = RunResult(
        plan=Plan.from_json({**summary.config, "name": summary.name}),
        cells=tuple(_cell(item) for item in stored.cells if item.finished or item.rounds),
        ratios=tuple(Ratio(**item) for item in stored.ratios),
        verdict=tuple(Verdict(**item) for item in stored.verdict),
        environment=summary.environment,
        warnings=summary.warnings,
        state="incomplete" if summary.state == "running" or summary.state == "open" else summary.state,
        run_id=summary.run_id,
        started_at=datetime.fromtimestamp(summary.started_at, UTC).isoformat(timespec="seconds"),
        seconds=summary.seconds or max(summary.updated_at - summary.started_at, 0.0),
        schema_version=summary.schema_version,
    )
    return found if found.verdict or found.state == "complete" else _summed_up(found)


def moment(text: str) -> float:
    """Seconds since the epoch of a run's `started_at`; raises `ValueError` for what is no time."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _summed_up(result: RunResult) -> RunResult:
    """A run that never came to its end, with what its cells say."""
    from core.bench.comparisons import ratios
    from core.bench.verdict import verdict

    kind = result.environment.get("backend", {}).get("kind", "server")
    return replace(result, ratios=ratios(result.cells), verdict=verdict(result.cells, kind))


def _cell(stored: StoredCell) -> CellResult:
    rounds = tuple(_round(item) for item in stored.rounds)
    if stored.finished:
        cell = CellResult.from_json({**stored.data, "round_details": []})
        return replace(cell, rounds=rounds)
    from core.bench.summary import cell_result

    return cell_result(CellKey.from_json(stored.data), rounds, state="incomplete")


def _round(stored: StoredRound) -> Round:
    found = Round.from_json(stored.data)
    return replace(found, samples=Samples.unpack(stored.samples)) if stored.samples else found
