"""What a run found, as frozen records, and their JSON form."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from core.bench.plan import CellKey, Plan
from core.bench.samples import Sample, Samples, Status

__all__ = [
    "SCHEMA_VERSION",
    "CellKey",
    "CellResult",
    "ErrorRate",
    "Flag",
    "Latency",
    "Plan",
    "Ratio",
    "Round",
    "RunResult",
    "Sample",
    "Samples",
    "Status",
    "Verdict",
]

SCHEMA_VERSION = 1
TOO_SMALL = "n too small"

State = Literal["complete", "incomplete", "cancelled"]
AsyncKind = Literal["native", "threads", "blocking"]
ASYNC_LABELS: dict[AsyncKind, str] = {
    "native": "native async",
    "threads": "runs in threads",
    "blocking": "blocks the event loop",
}
Topic = Literal["winner", "overhead", "cause", "advice", "backend", "quality"]


@dataclass(frozen=True)
class Latency:
    """Percentiles in milliseconds over `n` successful calls; None where n is too small for one."""

    n: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    mean: float | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; a percentile that n does not allow is the text "n too small"."""
        named = {name: getattr(self, name) for name in ("p50", "p90", "p95", "p99")}
        shown = {name: TOO_SMALL if value is None else value for name, value in named.items()}
        return {**shown, "mean": self.mean, "n": self.n}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Latency:
        """What `to_json` gave."""
        known: dict[str, Any] = {
            name: None if data.get(name) == TOO_SMALL else data.get(name) for name in cls.__dataclass_fields__
        }
        return cls(**known)


@dataclass(frozen=True)
class ErrorRate:
    """Failed calls among `n`, with the 95% Wilson interval of the rate, and their kinds."""

    errors: int = 0
    n: int = 0
    rate: float = 0.0
    low: float = 0.0
    high: float = 1.0
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Flag:
    """Something about a cell that the reader should know; nothing is deleted because of it.

    `name` is one of unstable, slow_first, drift, client_cpu, errors, fake_async, rtt.
    """

    name: str
    text: str


@dataclass(frozen=True)
class Round:
    """One pass over a cell. Times in seconds; `position` is its place in the order of that pass.

    `seconds` runs from the first call's issue to the last call's end. `in_flight` is the sum of the
    service times over `seconds`. `stall_ms` is the longest time that the event loop did not turn
    (asyncio and open only), `stalled` the share of `seconds` that such times make up, `offloaded`
    how many calls went to threads meanwhile. `cpu` is this process's processor time over `seconds`
    (1.0: one core).
    `verified` is None when the effect was not checked (warm-up, cancelled rounds).
    """

    index: int
    warmup: bool
    position: int
    seconds: float
    ok: int
    errors: int = 0
    incomplete: int = 0
    dropped: int = 0
    in_flight: float = 0.0
    stall_ms: float | None = None
    stalled: float = 0.0
    offloaded: int = 0
    cpu: float = 0.0
    started_at: float = 0.0
    verified: bool | None = None
    detail: str = ""
    samples: Samples = field(default_factory=Samples, compare=False, repr=False)

    @property
    def throughput(self) -> float:
        """Successful calls a second."""
        return self.ok / self.seconds if self.seconds > 0 else 0.0

    @property
    def counted(self) -> bool:
        """Whether the round enters the statistics: measured, whole, and it did something."""
        return not self.warmup and self.incomplete == 0 and self.ok > 0

    def to_json(self, *, samples: bool = False) -> dict[str, Any]:
        """JSON-ready fields; `samples` adds the raw calls as base64."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "samples"}
        if samples:
            data["samples"] = base64.b64encode(self.samples.pack()).decode()
        return {**data, "throughput": self.throughput}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Round:
        """What `to_json` gave."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        if "samples" in known:
            known["samples"] = Samples.unpack(base64.b64decode(known["samples"]))
        return cls(**known)


@dataclass(frozen=True)
class CellResult:
    """One cell, measured, or with a `note` that says why it was not (then it has no rounds).

    `throughput` is calls a second over all counted rounds; `in_flight` the mean of the rounds,
    against `limit`, the most that could be under way. `response` counts from the due time.
    `native_async` is judged for asyncio cells where the evidence suffices. `verified` is False when
    any round's effect was wrong: such a cell proves nothing, whatever its speed. `expected` is the
    predicted seconds a round.
    """

    key: CellKey
    rounds: tuple[Round, ...] = ()
    throughput: float | None = None
    latency: Latency = field(default_factory=Latency)
    response: Latency = field(default_factory=Latency)
    errors: ErrorRate = field(default_factory=ErrorRate)
    in_flight: float | None = None
    limit: int = 1
    stall_ms: float | None = None
    cpu: float | None = None
    native_async: AsyncKind | None = None
    verified: bool | None = None
    achieved_rtt_ms: float | None = None
    offered_rate: float | None = None
    flags: tuple[Flag, ...] = ()
    note: str = ""
    state: State = "complete"

    @property
    def counted(self) -> tuple[Round, ...]:
        """The rounds that enter the statistics."""
        return tuple(item for item in self.rounds if item.counted)

    @property
    def seconds(self) -> tuple[float, ...]:
        """Seconds of each counted round."""
        return tuple(item.seconds for item in self.counted)

    @property
    def valid(self) -> bool:
        """Whether the cell may be compared: it was measured and its effect was right."""
        return bool(self.counted) and self.verified is not False

    def to_json(self, *, samples: bool = False) -> dict[str, Any]:
        """JSON-ready: the fields of the command line's contract, and the details behind them."""
        return {
            **self.key.to_json(),
            "label": self.key.label,
            "state": self.state,
            "note": self.note,
            "rounds": len(self.counted),
            "seconds": list(self.seconds),
            "throughput": self.throughput,
            "latency_ms": self.latency.to_json(),
            "response_ms": self.response.to_json(),
            "errors": self.errors.errors,
            "error_rate": {**asdict(self.errors), "kinds": dict(self.errors.kinds)},
            "in_flight": self.in_flight,
            "limit": self.limit,
            "stall_ms": self.stall_ms,
            "client_cpu": self.cpu,
            "native_async": None if self.native_async is None else self.native_async == "native",
            "async_kind": self.native_async,
            "verified": self.verified,
            "achieved_rtt_ms": self.achieved_rtt_ms,
            "offered_rate": self.offered_rate,
            "flags": [asdict(flag) for flag in self.flags],
            "round_details": [item.to_json(samples=samples) for item in self.rounds],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CellResult:
        """What `to_json` gave."""
        same = ("throughput", "in_flight", "limit", "stall_ms", "verified", "achieved_rtt_ms")
        return cls(
            key=CellKey.from_json(data),
            rounds=tuple(Round.from_json(item) for item in data["round_details"]),
            latency=Latency.from_json(data["latency_ms"]),
            response=Latency.from_json(data["response_ms"]),
            errors=ErrorRate(**data["error_rate"]),
            cpu=data["client_cpu"],
            native_async=data["async_kind"],
            flags=tuple(Flag(**item) for item in data["flags"]),
            **{name: data[name] for name in (*same, "offered_rate", "note", "state")},
        )


@dataclass(frozen=True)
class Ratio:
    """How many times the throughput of `over` the cell `of` reached, with its 95% interval.

    `of` and `over` are cell labels. `low` and `high` are None when fewer than two rounds give no
    interval. `pairs` is the number of rounds compared; `paired` tells rounds of the same pass from
    rounds of different ones.
    """

    of: str
    over: str
    ratio: float
    low: float | None
    high: float | None
    pairs: int = 0
    paired: bool = True

    @property
    def different(self) -> bool:
        """Whether the interval excludes 1."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high


@dataclass(frozen=True)
class Verdict:
    """One sentence that the measurements support."""

    topic: Topic
    text: str


@dataclass(frozen=True)
class RunResult:
    """A whole run. `environment` holds versions, backend, machine; no secret is in it."""

    plan: Plan
    cells: tuple[CellResult, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    verdict: tuple[Verdict, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    state: State = "complete"
    run_id: str = ""
    started_at: str = ""
    seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION

    @property
    def workload_hash(self) -> str:
        """What must be equal for two runs to be compared."""
        return self.plan.workload_hash

    @property
    def valid(self) -> bool:
        """Whether every measured cell is whole, verified and had at least one counted round."""
        measured = [cell for cell in self.cells if not cell.note]
        return self.state == "complete" and bool(measured) and all(cell.valid for cell in measured)

    def cell(self, label: str) -> CellResult | None:
        """The cell of that label, if there is one."""
        return next((cell for cell in self.cells if cell.key.label == label), None)

    def to_json(self, *, samples: bool = False) -> dict[str, Any]:
        """JSON-ready; `samples` adds every raw call."""
        return {
            "schema_version": self.schema_version,
            "run_id": self.run_id,
            "state": self.state,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "plan": self.plan.to_json(),
            "workload_hash": self.workload_hash,
            "environment": dict(self.environment),
            "cells": [cell.to_json(samples=samples) for cell in self.cells],
            "ratios": [asdict(ratio) for ratio in self.ratios],
            "verdict": [item.text for item in self.verdict],
            "verdict_details": [asdict(item) for item in self.verdict],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunResult:
        """What `to_json` gave; `UsageError` or `KeyError` when it is no run of this schema."""
        return cls(
            plan=Plan.from_json(data["plan"]),
            cells=tuple(CellResult.from_json(item) for item in data["cells"]),
            ratios=tuple(Ratio(**item) for item in data["ratios"]),
            verdict=tuple(Verdict(**item) for item in data["verdict_details"]),
            environment=data["environment"],
            warnings=tuple(data["warnings"]),
            **{name: data[name] for name in ("state", "run_id", "started_at", "seconds", "schema_version")},
        )
