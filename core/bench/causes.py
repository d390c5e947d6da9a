"""Where the time of a call goes, found by comparing cells that differ in one thing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.bench.comparisons import Results
from core.bench.records import CellResult
from core.bench.wording import each, milliseconds, same
from core.milvus import Kind

# Weakest first: what is compared with Strong or Session to see what waiting for it costs.
_WEAK = ("Bounded", "Eventually")
_CLIENT = "this client's own processor time"
_LITE_CLIENT = "processor time of this process, client and Milvus Lite together"
_LITE_REST = "waiting: for the interpreter lock, the disk, or other programs"


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
    client_name: str = _CLIENT
    server_name: str = "the server"

    def sentence(self, name: str) -> str:
        """The split in words."""
        parts = [
            (self.consistency, "waiting for the consistency level"),
            (self.round_trip, "the added network round trip"),
            (self.client, self.client_name),
            (self.server, self.server_name),
        ]
        told = sorted(((value, text) for value, text in parts if value), reverse=True)
        shown = ", ".join(f"{_percent(value / self.total)} is {text}" for value, text in told)
        return f"Of the {milliseconds(self.total)} of one {name} call, {shown}."


def shares(results: Results, cell: CellResult, backend: Kind) -> Shares:
    """Split one call of a sequential cell."""
    relaxed = _relaxed(results, cell)
    base = relaxed or cell
    near = results.twin(base, rtt_ms=0.0) if base.key.rtt_ms else None
    consistency = _difference(results, cell, relaxed)
    round_trip = _difference(results, base, near)
    total, plain = each(cell), near or base
    rest = total - (consistency or 0.0) - (round_trip or 0.0)
    client = min((plain.cpu or 0.0) * each(plain), rest)
    split = Shares(total, consistency, round_trip, client, max(rest - client, 0.0))
    if backend == "lite":
        return replace(split, client_name=_LITE_CLIENT, server_name=_LITE_REST)
    return replace(split, server_name=_server(cell, split))


def _server(cell: CellResult, split: Shares) -> str:
    """What the rest is: the server, and whatever no cell told apart from it."""
    parts = ["the server"]
    if _waits(cell) and split.consistency is None:
        parts.append("waiting for the consistency level")
    if cell.key.rtt_ms and split.round_trip is None:
        parts.append("the added round trip")
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}, not told apart"


def untold(cell: CellResult, split: Shares) -> str:
    """Which cell is missing for a part to be told; "" when none is."""
    missing = []
    if _waits(cell) and split.consistency is None:
        missing.append("a Bounded cell, to tell what waiting for the consistency level costs")
    if cell.key.rtt_ms and split.round_trip is None:
        missing.append("a cell without the added round trip")
    return f"To split it further, add {' and '.join(missing)}." if missing else ""


def _waits(cell: CellResult) -> bool:
    return cell.key.consistency not in _WEAK


def _relaxed(results: Results, cell: CellResult) -> CellResult | None:
    if not _waits(cell):
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
