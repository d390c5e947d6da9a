"""Wire timings: what each call to a model or to Milvus took, seen from the shared transports.

A `Trace` is bound to the running context; the timed httpx transport (`core.models`) and the timed
Milvus clients (`core.milvus`) add a span to whatever trace is bound. Tasks and threads started
through asyncio or `contextvars.copy_context` see the same trace.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

SpanKind = Literal["embed", "search", "generate", "write"]


@dataclass(frozen=True)
class Span:
    """One call on the wire; times are `perf_counter` seconds.

    `first` is when the first content token of a streamed generation arrived, else None.
    """

    kind: SpanKind
    start: float
    end: float
    first: float | None = None
    ok: bool = True

    @property
    def seconds(self) -> float:
        """Length of the call in seconds."""
        return self.end - self.start


@dataclass
class Trace:
    """Spans gathered between `start` and now; safe to add to from any thread."""

    start: float = field(default_factory=perf_counter)
    spans: list[Span] = field(default_factory=list)
    usage: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, span: Span) -> None:
        """Append one finished span."""
        with self._lock:
            self.spans.append(span)

    def add_usage(self, **tokens: int) -> None:
        """Add token counts (`input`, `output`) to the totals."""
        with self._lock:
            for key, count in tokens.items():
                self.usage[key] = self.usage.get(key, 0) + count

    def seconds(self, *kinds: SpanKind) -> float:
        """Wall time covered by spans of these kinds (all kinds when none is named), overlaps once."""
        total, covered = 0.0, float("-inf")
        chosen = [span for span in list(self.spans) if not kinds or span.kind in kinds]
        for span in sorted(chosen, key=lambda span: span.start):
            total += max(0.0, span.end - max(span.start, covered))
            covered = max(covered, span.end)
        return total


_current: ContextVar[Trace | None] = ContextVar("tandem_trace", default=None)


@contextmanager
def tracing(trace: Trace | None = None) -> Iterator[Trace]:
    """Bind a trace (a new one when none is given) to the running context."""
    bound = trace or Trace()
    token = _current.set(bound)
    try:
        yield bound
    finally:
        _current.reset(token)


def current() -> Trace | None:
    """The trace bound to the running context, if any."""
    return _current.get()
