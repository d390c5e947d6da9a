"""An evaluation in text: while it goes on, and what came out of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from tqdm import tqdm

from core.evaluate.changes import EvaluationComparison, Speed, VariantChange
from core.evaluate.events import Begun, Ended, Event, Indexing, Progress, Warned
from core.evaluate.finding import findings
from core.evaluate.metrics import metric_title
from core.evaluate.records import EvaluationResult
from core.evaluate.summary import VariantSummary, conclusions, headlines, summarize
from core.evaluate.thresholds import Check


class Watch:
    """Shows progress as a bar on a terminal, and warnings everywhere; keeps the result.

    `stored` tells that the run has a place in the history.
    """

    def __init__(self, stream: TextIO) -> None:
        self.result: EvaluationResult | None = None
        self.stored = False
        self._stream = stream
        hidden = not sys.stderr.isatty()
        form = "{percentage:3.0f}%|{bar}| {n}/{total} {desc}"
        self._bar = tqdm(
            total=0, disable=hidden, file=sys.stderr, leave=False, bar_format=form, dynamic_ncols=True
        )

    def emit(self, event: Event) -> None:
        """Take an event of the run; never blocks for long."""
        match event:
            case Indexing():
                self._show(event.done, event.total, event.stage)
            case Begun() if event.result.outcomes:
                self.say(f"{len(event.result.outcomes):,} of {event.result.expected:,} are there already.")
            case Progress():
                failed = f", {event.errors:,} failed" if event.errors else ""
                self._show(event.done, event.total, f"asked{failed}, {event.seconds_left or 0:.0f} s left")
            case Warned():
                self.say(f"Warning: {event.text}")
            case Ended():
                self.result = event.result

    def say(self, text: str) -> None:
        """Print a line beside the bar."""
        if self._bar.disable:
            print(text, file=self._stream, flush=True)
        else:
            self._bar.write(text, file=self._stream)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def _show(self, done: int, total: int, text: str) -> None:
        if not self._bar.disable:
            self._bar.set_description_str(text, refresh=False)
            self._bar.total, self._bar.n = total, done
            self._bar.refresh()


def describe(result: EvaluationResult, checks: Sequence[Check] = ()) -> str:
    """What it found, the leaderboard, every comparison, and the limits."""
    if not result.outcomes:
        return "Nothing was asked."
    found = "\n".join(f"- {text}" for text in findings(result))
    pairs = "\n".join(f"  {text}" for text in conclusions(result)["verdict"])
    limits = "\n".join(map(_check, checks))
    return "\n\n".join(part for part in (found, table(result), pairs, limits) if part)


def changes(found: EvaluationComparison) -> str:
    """What changed between two evaluations: what differs beyond doubt first."""
    order = {"regression": 0, "improvement": 1, "same": 2, "unknown": 3}
    rows = [_change(item) for item in sorted(found.changes, key=lambda item: order[item.change])]
    other = [f"  differs: {text}" for text in found.differences]
    missing = [f"  only in the earlier one: {label}" for label in found.only_before]
    missing += [f"  only in the later one: {label}" for label in found.only_now]
    let_pass = f" Differences under {found.tolerance:.0%} are let pass." if found.tolerance else ""
    return "\n".join([f"{found.summary}{let_pass}", *rows, *map(_speed, found.speeds), *other, *missing])


def table(result: EvaluationResult) -> str:
    """One line a variant, the best first: headline metrics in points of a hundred, with their intervals."""
    names = headlines(result)
    titles = [metric_title(name) for name in names]
    head = ("variant", *titles, "median", "failed")
    rows = [head, *(_row(line, names) for line in summarize(result))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def _row(line: VariantSummary, names: Sequence[str]) -> tuple[str, ...]:
    latency = "-" if line.latency_ms is None else f"{line.latency_ms:,.1f} ms"
    failed = f"{line.errors.errors} of {line.errors.n}" if line.errors.errors else "0"
    return line.label, *(_estimate(line, name) for name in names), latency, failed


def _estimate(line: VariantSummary, name: str) -> str:
    found = line.metrics.get(name)
    if found is None:
        return "-"
    text = f"{found.mean * 100:.1f}"
    if found.low is not None and found.high is not None:
        text += f" [{found.low * 100:.1f} to {found.high * 100:.1f}]"
    return text if found.spread is None else f"{text} judge ±{found.spread * 100:.1f}"


def _change(item: VariantChange) -> str:
    figures = f"{item.difference.mean_second * 100:.1f} before, {item.difference.mean_first * 100:.1f} now"
    return f"  {item.label}, {metric_title(item.metric)}: {figures}: {item.text}"


def _speed(item: Speed) -> str:
    before, now = (
        "-" if value is None else f"{value:,.1f} ms" for value in (item.latency_before, item.latency_now)
    )
    failed = ""
    if item.failed_before or item.failed_now:
        failed = f"; failed: {item.failed_before} before, {item.failed_now} now"
    return f"  {item.label}, median latency: {before} before, {now} now (not tested){failed}"


def _check(check: Check) -> str:
    mark = "kept  " if check.passed else "MISSED"
    value = "not measured" if check.value is None else f"{check.value:.4g}"
    return f"{mark}  {check.threshold}: {value}  {check.variant}"
