"""From driven rounds to a cell's result."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from core.bench import native, statistics
from core.bench.drivers import Drive
from core.bench.plan import CellKey
from core.bench.records import CellResult, Round, Status


def round_of(drive: Drive, index: int, position: int, *, warmup: bool, started_at: float) -> Round:
    """The record of a driven round; its effect is not verified yet."""
    return Round(
        index=index,
        warmup=warmup,
        position=position,
        seconds=drive.seconds,
        ok=drive.ok,
        errors=drive.errors,
        incomplete=drive.incomplete,
        dropped=drive.dropped,
        in_flight=drive.in_flight,
        stall_ms=drive.stall_ms,
        stalled=drive.stalled,
        offloaded=drive.offloaded,
        cpu=drive.cpu,
        started_at=started_at,
        samples=drive.samples,
    )


def wrong_results(drive: Drive) -> str:
    """What the checks of single results found, in one sentence; "" when nothing."""
    wrong = {kind: n for kind, n in drive.samples.error_kinds().items() if kind.startswith("wrong result")}
    return "; ".join(f"{n} times {kind}" for kind, n in wrong.items())


def cell_result(
    key: CellKey, rounds: Sequence[Round], *, alone: float | None = None, **more: Any
) -> CellResult:
    """Everything that can be said of a cell from its rounds; `more` sets further fields.

    `alone` is the seconds of one such call by itself, if that was measured too.
    """
    counted = [item for item in rounds if item.counted]
    measured = [item for item in rounds if not item.warmup]
    seconds = sum(item.seconds for item in counted)
    in_flight = fmean(item.in_flight for item in counted) if counted else None
    kind = native.judge(key, rounds, alone)
    fake = native.flag(kind, rounds)
    stalls = [item.stall_ms for item in counted if item.stall_ms is not None]
    return CellResult(
        key=key,
        rounds=tuple(rounds),
        throughput=sum(item.ok for item in counted) / seconds if seconds else None,
        latency=statistics.latency(rounds),
        response=statistics.latency(rounds, response=True),
        errors=_errors(measured),
        in_flight=in_flight,
        limit=key.limit,
        stall_ms=max(stalls, default=None),
        cpu=fmean(item.cpu for item in counted) if counted else None,
        native_async=kind,
        verified=_verified(measured),
        flags=(*statistics.flags(rounds), *([fake] if fake else [])),
        **more,
    )


def _errors(measured: Sequence[Round]) -> Any:
    kinds: dict[str, int] = {}
    for item in measured:
        for name, count in item.samples.error_kinds().items():
            kinds[name] = kinds.get(name, 0) + count
    failed = sum(item.samples.count(Status.ERROR) for item in measured)
    return statistics.error_rate(
        failed, failed + sum(item.samples.count(Status.OK) for item in measured), kinds
    )


def _verified(measured: Sequence[Round]) -> bool | None:
    """False when any round's effect was wrong, None when none was checked."""
    checked = [item.verified for item in measured if item.verified is not None]
    return all(checked) if checked else None
