"""Writing to the history, inside one transaction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import time
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, update

from core.history.records import NewRun, RunState
from core.history.schema import cells, rounds, runs
from core.history.texts import clean


class Writer:
    """What may be written to a run. Everything may be written twice: the second time replaces the first.

    Data are JSON-ready; numbers that JSON does not have (infinity, NaN) become None.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, run: NewRun, owner: str, state: RunState = "running") -> None:
        """A run begins; while "running" it counts as that for as long as `alive` is called now and then."""
        self._replace(
            runs,
            {"run_id": run.run_id},
            {
                "workspace": run.workspace,
                "kind": run.kind,
                "name": storable(run.name),
                "note": storable(run.note),
                "state": state,
                "imported": run.imported,
                "workload_hash": run.workload_hash,
                "config": storable(run.config),
                "environment": storable(run.environment),
                "verdict": [],
                "ratios": [],
                "warnings": [],
                "schema_version": run.schema_version,
                "started_at": run.started_at or time(),
                "updated_at": time(),
                "seconds": 0.0,
                "owner": owner,
                "heartbeat": time(),
            },
        )
        for position, (label, data) in enumerate(run.cells.items()):
            self.cell(run.run_id, label, data, position, finished=False)

    def round(
        self,
        run_id: str,
        label: str,
        index: int,
        data: Mapping[str, Any],
        *,
        warmup: bool = False,
        samples: bytes = b"",
    ) -> None:
        """A round of a cell is done."""
        key = {"run_id": run_id, "label": label, "round_index": index}
        self._replace(rounds, key, {"warmup": warmup, "data": storable(data), "samples": samples})

    def cell(
        self, run_id: str, label: str, data: Mapping[str, Any], position: int, *, finished: bool = True
    ) -> None:
        """A cell is done, or is known to come; `position` is its place in the run."""
        values = {"position": position, "finished": finished, "data": storable(data)}
        self._replace(cells, {"run_id": run_id, "label": label}, values)

    def update(self, run_id: str, **values: Any) -> None:
        """Set columns of a run."""
        values = {name: storable(value) for name, value in values.items()}
        self._connection.execute(
            update(runs).where(runs.c.run_id == run_id).values(**values, updated_at=time())
        )

    def alive(self, run_id: str) -> None:
        """Say that the run goes on, even when somebody took it for dead meanwhile."""
        self._connection.execute(
            update(runs).where(runs.c.run_id == run_id).values(state="running", heartbeat=time())
        )

    def resume(self, run_id: str, owner: str, seen: float) -> bool:
        """Take over a run that has not gone on since it was `seen`; whether nobody else was faster."""
        still = and_(runs.c.run_id == run_id, runs.c.state != "running", runs.c.updated_at == seen)
        values = {"state": "running", "owner": owner, "heartbeat": time(), "updated_at": time()}
        return self._connection.execute(update(runs).where(still).values(**values)).rowcount == 1

    def finish(self, run_id: str, state: RunState, **values: Any) -> None:
        """The run is over."""
        self.update(run_id, state=state, **values)

    def delete(self, run_ids: list[str]) -> None:
        """Remove runs with all that belongs to them."""
        for table in (rounds, cells, runs):
            self._connection.execute(delete(table).where(table.c.run_id.in_(run_ids)))

    def _replace(self, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
        same = and_(*(table.c[name] == value for name, value in key.items()))
        self._connection.execute(delete(table).where(same))
        self._connection.execute(insert(table).values(**key, **values))


def storable(value: Any) -> Any:
    """JSON-ready data that every database takes: no infinite numbers, no NUL, no half characters."""
    if isinstance(value, str):
        return value if value.isprintable() else clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
