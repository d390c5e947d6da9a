"""A benchmark in text: while it goes on, and what came out of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from tqdm import tqdm

from core.bench.events import CellFinished, Event, Progress, Queued, RunFinished, RunStarted, Warned
from core.bench.records import CellResult, Ratio, RunResult
from core.cli.output import shorten
from core.history import Comparison
from core.history.texts import duration


class Watch:
    """Shows a run's progress as a bar on a terminal, and its warnings everywhere; keeps its result."""

    def __init__(self, stream: TextIO) -> None:
        self.result: RunResult | None = None
        self._stream = stream
        hidden = not sys.stderr.isatty()
        form = "{percentage:3.0f}%|{bar}| {desc}"
        self._bar = tqdm(
            total=0, disable=hidden, file=sys.stderr, leave=False, bar_format=form, dynamic_ncols=True
        )

    def emit(self, event: Event) -> None:
        """Take an event of the run; never blocks for long."""
        match event:
            case Queued():
                self._say(f"Another benchmark uses this Milvus: place {event.place} in the queue.")
            case RunStarted():
                self._started(event)
            case Progress():
                self._progress(event)
            case CellFinished() if self._bar.disable:
                self._say(f"  {line(event.cell)}")
            case Warned():
                self._say(f"Warning: {event.text}")
            case RunFinished():
                self.result = event.result

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def _started(self, event: RunStarted) -> None:
        self._say(
            f"Run {event.run_id}: {len(event.cells)} cells, {event.rounds} rounds, "
            f"{event.operations:,} operations, about {duration(event.seconds)}."
        )

    def _progress(self, event: Progress) -> None:
        left = (
            f"{event.done}/{event.total} rounds, {duration(event.seconds_left)} left  " if event.total else ""
        )
        self._bar.set_description_str(f"{left}{shorten(event.doing, 60)}", refresh=False)
        self._bar.total, self._bar.n = event.total, event.done
        self._bar.refresh()

    def _say(self, text: str) -> None:
        if self._bar.disable:
            print(text, file=self._stream, flush=True)
        else:
            self._bar.write(text, file=self._stream)


def line(cell: CellResult) -> str:
    """One cell on one line."""
    if cell.note:
        return f"{cell.key.label}: {cell.note}"
    speed = f"{figure(cell.throughput)}/s" if cell.throughput else "nothing counted"
    failed = f", {cell.errors.errors} of {cell.errors.n} calls failed" if cell.errors.errors else ""
    return f"{cell.key.label}: {speed}{failed}"


def table(result: RunResult) -> str:
    """Every measured cell: throughput, latency, and how it compares with one call after the other."""
    head = ("cell", "calls/s", "p50 ms", "p95 ms", "failed", "over sequential")
    rows = [head, *(_row(cell, result.ratios) for cell in result.cells if not cell.note)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ("  ".join(_aligned(row, widths)).rstrip() for row in rows)
    left_out = [f"not measured: {line(cell)}" for cell in result.cells if cell.note]
    return "\n".join([*lines, *left_out])


def describe(result: RunResult) -> str:
    """The verdict, then every cell."""
    verdict = "\n".join(f"- {item.text}" for item in result.verdict)
    return f"{verdict}\n\n{table(result)}"


def changes(found: Comparison) -> str:
    """What changed between two runs."""
    rows = [
        f"  {cell.label}: {f'{interval(cell.ratio)}, ' if cell.ratio else ''}{cell.text}"
        for cell in found.cells
    ]
    other = [f"  differs: {text}" for text in found.differences]
    missing = [f"  only in the earlier run: {label}" for label in found.only_before]
    missing += [f"  only in the later run: {label}" for label in found.only_now]
    head = f"{found.summary} Differences under {found.tolerance:.0%} are let pass."
    return "\n".join([head, *rows, *other, *missing])


def figure(value: float | None) -> str:
    """A number with three significant digits, or a dash."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def interval(ratio: Ratio) -> str:
    """A ratio with its interval."""
    if ratio.low is None or ratio.high is None:
        return f"{figure(ratio.ratio)}x"
    return f"{figure(ratio.ratio)}x [{figure(ratio.low)} to {figure(ratio.high)}]"


def _row(cell: CellResult, ratios: Sequence[Ratio]) -> tuple[str, ...]:
    failed = f"{cell.errors.rate:.1%}" if cell.errors.errors else "0"
    over = [item for item in ratios if item.of == cell.key.label and ".sequential@" in item.over]
    same = [item for item in over if item.over.split(".")[:2] == [cell.key.framework, cell.key.operation]]
    speed = interval(same[0]) if same and cell.key.mode != "sequential" else ""
    wrong = "  WRONG EFFECT" if cell.verified is False else ""
    return (
        cell.key.label,
        figure(cell.throughput),
        figure(cell.latency.p50),
        figure(cell.latency.p95),
        failed,
        f"{speed}{wrong}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left, numbers to the right."""
    numbers = [text.rjust(width) for text, width in zip(row[1:-1], widths[1:-1], strict=True)]
    return [row[0].ljust(widths[0]), *numbers, row[-1]]
