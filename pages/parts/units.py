"""Numbers as people read them."""

from __future__ import annotations


def seconds(value: float | None) -> str:
    """A duration: `0.4 ms`, `38 ms`, `1.24 s`, `2 min 05 s`; a dash for None."""
    if value is None:
        return "–"
    if value < 0.0095:
        return f"{value * 1000:.1f} ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 59.95:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{int(value + 0.5) // 60} min {int(value + 0.5) % 60:02d} s"


def percent(share: float) -> str:
    """A share between 0 and 1 as a whole percentage."""
    return f"{share * 100:.0f}%"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 chunk`, `2,500 chunks`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
