"""What the history takes and hands out. Frozen, no I/O."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RunKind = Literal["benchmark", "comparison", "evaluation", "vote"]
RunState = Literal["running", "open", "complete", "incomplete", "cancelled"]
KINDS: tuple[RunKind, ...] = ("benchmark", "comparison", "evaluation", "vote")
STATES: tuple[RunState, ...] = ("running", "open", "complete", "incomplete", "cancelled")


def new_run_id() -> str:
    """An id that nobody can guess: who has it may open the run."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class NewRun:
    """A run that begins. `config` is what it will do, `environment` where; both JSON-ready.

    `cells` are its parts in order, by label, with what is known of each beforehand. Runs are
    compared only when their `workload_hash` is equal. `started_at` is seconds since the epoch.
    """

    run_id: str
    kind: RunKind
    name: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    workspace: str = ""
    note: str = ""
    workload_hash: str = ""
    schema_version: int = 1
    started_at: float = 0.0
    imported: bool = False


@dataclass(frozen=True)
class RunSummary:
    """One line of the list. `cells` counts all parts of the run, `finished` those that are done.

    `state` is "running" only while its process lives; an "open" run belongs to no process, and goes
    on whenever somebody comes, as a vote does. Times are seconds since the epoch, `seconds`
    is how long the run took. `headline` is the first finding of its verdict.
    """

    run_id: str
    workspace: str
    kind: RunKind
    name: str
    note: str
    state: RunState
    imported: bool
    workload_hash: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    headline: str
    warnings: tuple[str, ...]
    schema_version: int
    started_at: float
    updated_at: float
    seconds: float
    cells: int
    finished: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields, without what `config` holds beyond the preset."""
        names = [name for name in self.__dataclass_fields__ if name not in {"config", "environment"}]
        shown = {name: getattr(self, name) for name in names}
        backend = self.environment.get("backend", {})
        return {
            **shown,
            "warnings": list(self.warnings),
            "preset": self.config.get("preset", ""),
            "backend": backend.get("label", ""),
        }


@dataclass(frozen=True)
class RunPage:
    """Some runs of a longer list, newest first; `total` is how many there are in all."""

    runs: tuple[RunSummary, ...]
    total: int
    offset: int = 0


@dataclass(frozen=True)
class StoredRound:
    """One stored round of a cell; `samples` as `Samples.pack` gave them, or empty."""

    index: int
    warmup: bool
    data: Mapping[str, Any]
    samples: bytes = b""


@dataclass(frozen=True)
class StoredCell:
    """One stored cell with its rounds in order; `finished` is False for what was under way."""

    label: str
    finished: bool
    data: Mapping[str, Any]
    rounds: tuple[StoredRound, ...] = ()


@dataclass(frozen=True)
class StoredRun:
    """A run as it is kept, of whatever kind."""

    summary: RunSummary
    verdict: tuple[Mapping[str, Any], ...]
    ratios: tuple[Mapping[str, Any], ...]
    cells: tuple[StoredCell, ...]
