"""Numbers and cells in words."""

from __future__ import annotations

from core.bench.plan import FRAMEWORK_LABELS, CellKey
from core.bench.records import CellResult, Ratio

# An interval this many times as high as low leaves much open.
_WIDE = 3.0


def times(value: float) -> str:
    """A factor with as many digits as it deserves."""
    if value >= 1000 or value < 0.01:
        return "over 1000" if value >= 1000 else "under 0.01"
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def milliseconds(seconds: float) -> str:
    """A duration in milliseconds, or in seconds when it is long."""
    if seconds >= 10:
        return f"{seconds:.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.0995 else f"{seconds * 1e3:.2g} ms"


def interval(ratio: Ratio) -> str:
    """The interval of a ratio in brackets, or why there is none."""
    if ratio.low is None or ratio.high is None:
        return "(one round, so no interval)"
    return f"(95% interval {times(ratio.low)} to {times(ratio.high)})"


def same(ratio: Ratio) -> bool:
    """Whether two cells can't be told apart: the interval spans 1, or there is none and 1 is near."""
    return not ratio.different and (ratio.low is not None or 0.8 < ratio.ratio < 1.25)


def no_difference(ratio: Ratio) -> str:
    """That two cells can't be told apart, and whether more rounds might tell them apart."""
    wide = ratio.low is not None and ratio.high is not None and ratio.high > _WIDE * ratio.low
    return f"no measurable difference {interval(ratio)}" + (": more rounds would tell more" if wide else "")


def faster(ratio: Ratio) -> str:
    """How the first cell of a ratio compares with the second, as the end of a sentence."""
    if ratio.ratio >= 1:
        return f"{times(ratio.ratio)} times as fast as {{}} {interval(ratio)}"
    turned = Ratio(ratio.over, ratio.of, 1 / ratio.ratio, _turned(ratio.high), _turned(ratio.low))
    return f"{times(turned.ratio)} times slower than {{}} {interval(turned)}"


def work(key: CellKey) -> str:
    """What was called: "LlamaIndex query"."""
    return f"{FRAMEWORK_LABELS[key.framework]} {key.operation}"


def condition(key: CellKey) -> str:
    """Under which circumstances: "100 calls, Strong, 50 ms round trip"."""
    calls = "1 call" if key.count == 1 else f"{key.count} calls"
    trip = f", {key.rtt_ms:g} ms round trip added" if key.rtt_ms else ""
    return f"{calls}, {key.consistency}{trip}"


def mode(key: CellKey) -> str:
    """How the calls were issued: "64 threads"."""
    if key.mode == "threads":
        return f"{key.concurrency} threads"
    if key.mode == "asyncio":
        return f"asyncio with {key.concurrency} at a time" if key.concurrency else "asyncio"
    names = {"sequential": "one call after the other", "batch": "one batch call", "open": "open loop"}
    return names[key.mode]


def each(cell: CellResult) -> float:
    """Mean seconds a call of a cell whose calls follow each other."""
    return sum(cell.seconds) / (len(cell.seconds) * cell.key.count)


def _turned(value: float | None) -> float | None:
    return None if value is None else 1 / value
