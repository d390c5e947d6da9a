"""Where the time of a call goes, found by comparing cells that differ in one thing."""

from __future__ import annotations

from dataclasses import dataclass

from core.bench.comparisons import Results
from core.bench.records import CellResult
from core.bench.wording import each, milliseconds, same

# Weakest first: what is compared with Strong or Session to see what waiting for it costs.
_WEAK = ("Bounded", "Eventually")


@dataclass(frozen=True)
class Shares:
    """Seconds of one call, split. A part is None when the run has no cell that tells it.

    `client` is processor time of this process; on Milvus Lite that includes the server. `server` is
    what is left: the server's work, its queueing, and the loopback or network of the address itself.
    """

    total: float
    consistency: float | None
    round_trip: float | None
    client: float
    server: float

    def sentence(self, name: str) -> str:
        """The split in words."""
        parts = [
            (self.consistency, "waiting for the consistency level"),
            (self.round_trip, "the added network round trip"),
            (self.client, "this client's own processor time"),
            (self.server, "the server"),
        ]
        told = sorted(((value, text) for value, text in parts if value), reverse=True)
        shown = ", ".join(f"{_percent(value / self.total)} is {text}" for value, text in told)
        return f"Of the {milliseconds(self.total)} of one {name} call, {shown}."


def shares(results: Results, cell: CellResult) -> Shares:
    """Split one call of a sequential cell."""
    total = rest = each(cell)
    relaxed = _relaxed(results, cell)
    consistency = _difference(results, cell, relaxed)
    base = relaxed or cell
    near = results.twin(base, rtt_ms=0.0) if base.key.rtt_ms else None
    round_trip = _difference(results, base, near)
    rest -= (consistency or 0.0) + (round_trip or 0.0)
    plain = near or base
    client = min((plain.cpu or 0.0) * each(plain), rest)
    return Shares(total, consistency, round_trip, client, max(rest - client, 0.0))


def untold(cell: CellResult, split: Shares) -> str:
    """Which cell is missing for a part to be told; "" when none is."""
    missing = []
    if cell.key.consistency in {"Strong", "Session"} and split.consistency is None:
        missing.append("a Bounded cell, to tell what waiting for the consistency level costs")
    if cell.key.rtt_ms and split.round_trip is None:
        missing.append("a cell without the added round trip")
    return f"To split it further, add {' and '.join(missing)}." if missing else ""


def _relaxed(results: Results, cell: CellResult) -> CellResult | None:
    if cell.key.consistency in _WEAK:
        return None
    twins = (results.twin(cell, consistency=level) for level in _WEAK)
    return next((twin for twin in twins if twin is not None), None)


def _difference(results: Results, slow: CellResult, fast: CellResult | None) -> float | None:
    """Seconds a call that `slow` takes longer; 0 where no difference can be measured."""
    ratio = results.ratio(fast, slow)
    if fast is None or ratio is None:
        return None
    return 0.0 if same(ratio) else max(each(slow) - each(fast), 0.0)


def _percent(share: float) -> str:
    return "under 1%" if share < 0.005 else f"{share:.0%}"
