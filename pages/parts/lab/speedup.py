"""How many times as fast: bars with their intervals on a logarithmic axis that starts at "the same"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core import bench
from pages.parts import palette
from pages.parts.lab import drawing, words
from pages.parts.lab.drawing import Drawing
from pages.parts.lab.scope import Scope
from pages.parts.lab.words import Condition

# What is set against what, in the order in which one wants to see it; a title ends with the phrase.
KINDS = {
    "modes": ("Modes", "one call after the other"),
    "overhead": ("Frameworks against bare pymilvus", "bare pymilvus"),
    "asyncio": ("asyncio against threads", "threads"),
    "batch": ("Batch against asyncio", "asyncio"),
    "frameworks": ("LlamaIndex against LangChain", "LangChain"),
    "consistency": ("Weaker consistency against Strong", "Strong consistency"),
    "rtt": ("No added round trip", "the added round trip"),
}
# Pixels of a row; the gap between groups, in rows.
_ROW, _GAP = 25, 0.3
_MOST_WIDTHS = 4


@dataclass(frozen=True)
class Bar:
    """One ratio: `low` and `high` are its 95% interval, None with fewer than two rounds."""

    key: bench.CellKey
    over: bench.CellKey
    value: float
    low: float | None
    high: float | None
    pairs: int

    @property
    def name(self) -> str:
        """What is compared, briefly."""
        if self.key.consistency != self.over.consistency:
            return f"{words.how(self.key)}, {self.key.consistency}"
        if self.key.rtt_ms != self.over.rtt_ms:
            return f"{words.how(self.key)}, over +{self.over.rtt_ms:g} ms"
        return words.how(self.key)

    @property
    def different(self) -> bool:
        """Whether the interval excludes 1."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high


def kind_of(key: bench.CellKey, over: bench.CellKey) -> str | None:
    """What a pair of cells compares; None for a pair that no chart shows."""
    same_work = (key.framework, key.operation) == (over.framework, over.operation)
    same_place = Condition.of(key) == Condition.of(over) and key.load == over.load
    if same_work and same_place:
        return _modes(key, over)
    if same_work:
        return "consistency" if key.consistency != over.consistency else "rtt"
    if same_place and key.mode == over.mode:
        return "overhead" if over.framework == "pymilvus" else "frameworks"
    return None


def _modes(key: bench.CellKey, over: bench.CellKey) -> str | None:
    if over.mode == "sequential":
        return "modes"
    pair = key.mode, over.mode
    if pair == ("asyncio", "threads"):
        # In a sweep each width is set against the same one; "all at once" against the pool that there is.
        return "asyncio" if key.concurrency in (0, over.concurrency) else None
    return "batch" if pair == ("batch", "asyncio") else None


def bars(result: bench.RunResult, scope: Scope) -> dict[str, list[Bar]]:
    """The ratios of the scope by what they compare, in the order of `KINDS`."""
    widths = _few(scope.widths)
    mine = {cell.key.label: cell.key for cell in scope.cells if cell.key.concurrency in widths}
    keys = {cell.key.label: cell.key for cell in result.cells}
    found: dict[str, list[Bar]] = {kind: [] for kind in KINDS}
    for item in result.ratios:
        key, over = mine.get(item.of), keys.get(item.over)
        kind = kind_of(key, over) if key and over else None
        if key and over and kind:
            found[kind].append(Bar(key, over, item.ratio, item.low, item.high, item.pairs))
    return {kind: items for kind, items in found.items() if items}


def _few(widths: Sequence[int]) -> set[int]:
    """Of a sweep's many widths the narrowest, the middle and the widest."""
    return set(widths) if len(widths) <= _MOST_WIDTHS else {widths[0], widths[len(widths) // 2], widths[-1]}


def panels(items: Iterable[Bar]) -> dict[Condition, list[Bar]]:
    """The bars by condition, in the order of the run."""
    found: dict[Condition, list[Bar]] = {}
    for bar in items:
        found.setdefault(Condition.of(bar.key), []).append(bar)
    return found


def finding(kind: str, items: Sequence[Bar]) -> str:
    """What the bars show, in a sentence: the greatest difference that is one."""
    against = KINDS[kind][1]
    clear = [bar for bar in items if bar.different]
    if not clear and all(bar.low is None for bar in items):
        best = max(items, key=lambda bar: bar.value)
        return f"One round only: {_subject(best)} was {words.factor(best.value)} {against}, with no interval"
    if not clear:
        return f"No measurable difference from {against}: every interval holds 1×"
    best = max(clear, key=lambda bar: bar.value)
    if kind == "overhead" or best.value < 1:
        worst = min(clear, key=lambda bar: bar.value)
        if worst.value >= 1:
            return f"{_subject(best)} is {words.factor(best.value)} as fast as {against}"
        share = words.factor(worst.value)
        return f"{_subject(worst)} reaches {share} the speed of {against} ({_range(worst)})"
    return f"{_subject(best)} is {words.factor(best.value)} as fast as {against} ({_range(best)})"


def _subject(bar: Bar) -> str:
    return f"{words.work(bar.key)} by {bar.name}"


def _range(bar: Bar) -> str:
    return f"95% interval {words.interval(bar.low, bar.high)}"


def limits(items: Iterable[Bar]) -> tuple[float, float]:
    """Limits of the axis for some bars."""
    values = [1.0]
    for bar in items:
        values += [bar.value, drawing.confined(bar.value, bar.low), drawing.confined(bar.value, bar.high)]
    return drawing.spanning(values, least=6, margin=1.15)


def figure(items: Sequence[Bar], span: tuple[float, float]) -> Drawing:
    """Groups of bars, a group for each framework's operation; each bar says its mode and its figure.

    A hollow bar's interval holds 1: no difference was measured.
    """
    groups, depth = _groups(items)
    placed = [pair for group in groups for pair in group[1]]
    modes = dict.fromkeys(bar.key.mode for bar, _ in placed)
    return drawing.drawing(
        [_trace(mode, [(bar, row) for bar, row in placed if bar.key.mode == mode]) for mode in modes],
        **drawing.rows(depth, _ROW),
        barmode="overlay",
        shapes=[drawing.reference(1, rows[0][1] - 0.5, rows[-1][1] + 0.5) for _, rows in groups],
        annotations=[drawing.heading(name, rows[0][1] - 1) for name, rows in groups]
        + [_figure(bar, row) for bar, row in placed],
        xaxis=drawing.log_axis(*span, drawing.times, room=0.34, title="times as fast", zeroline=False),
    )


def _groups(items: Sequence[Bar]) -> tuple[list[tuple[str, list[tuple[Bar, float]]]], float]:
    """The bars by what was called, each with its row; a group's heading is the row above its first."""
    groups: dict[str, list[tuple[Bar, float]]] = {}
    row = 0.0
    for bar in items:
        name = words.work(bar.key)
        if name not in groups:
            row += 1 + (_GAP if groups else 0)
        groups.setdefault(name, []).append((bar, row))
        row += 1
    return list(groups.items()), row


def _trace(mode: str, mine: Sequence[tuple[Bar, float]]) -> dict[str, Any]:
    look = palette.mode(mode)
    bare = [bar for bar, _ in mine]
    return {
        "type": "bar",
        "name": look.label,
        "orientation": "h",
        "y": [row for _, row in mine],
        "base": [1] * len(mine),
        "x": [bar.value - 1 for bar in bare],
        "width": 0.74,
        "marker": {
            "color": [drawing.translucent(look.color, 0.45 if _solid(bar) else 0.06) for bar in bare],
            "line": {"color": look.color, "width": 1.5},
        },
        "error_x": drawing.whiskers([(bar.value, bar.low, bar.high) for bar in bare], look.color),
        "customdata": [[words.work(bar.key), bar.name, _hover(bar), words.how(bar.over)] for bar in bare],
        "hovertemplate": "<b>%{customdata[0]}</b>, %{customdata[1]}<br>%{customdata[2]}<br>"
        "against %{customdata[3]}<extra></extra>",
    }


def _solid(bar: Bar) -> bool:
    return bar.different or bar.low is None


def _hover(bar: Bar) -> str:
    if bar.low is None:
        return f"{words.factor(bar.value)}, one round, so no interval"
    said = "" if bar.different else ": no measurable difference"
    return f"{words.factor(bar.value)} ({_range(bar)}, {bar.pairs} rounds){said}"


def _figure(bar: Bar, row: float) -> dict[str, Any]:
    """The number and the mode to the right of a bar and its interval."""
    number = words.factor(bar.value)
    far = drawing.beyond(bar.value, bar.high)
    return {
        "text": f"{far}{f'<b>{number}</b>' if _solid(bar) else number} {bar.name}",
        "x": math.log10(max(drawing.confined(bar.value, bar.high), bar.value, 1.0)),
        "xanchor": "left",
        "xshift": 8,
        "y": row,
        "yanchor": "middle",
        "showarrow": False,
    }
