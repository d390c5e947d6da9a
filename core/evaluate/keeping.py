"""Hands outcomes to the journal as they come, without holding the questions up or failing them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from core.documents.records import Chunk
from core.errors import TandemError
from core.evaluate.journal import Journal
from core.evaluate.records import EvaluationResult, Outcome

RETRY = 5.0
"""Seconds before keeping is tried again after it failed."""
LAST_TRY = 10.0
"""Seconds that the end of an evaluation waits for what is not kept yet."""
CLOSING = 300.0
"""Seconds for the journal to be closed: over many variants what it says takes long to work out."""

_log = logging.getLogger("tandem.evaluate")


class Keeper:
    """One writer over a journal: while it writes, further outcomes gather and go with the next turn.

    Where writing fails, `warn` is told once, everything stays in memory and is tried again.
    """

    def __init__(self, journal: Journal, warn: Callable[[str], None]) -> None:
        self.trouble = ""
        self._journal, self._warn = journal, warn
        self._outcomes: list[Outcome] = []
        self._chunks: list[Chunk] = []
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._serve())

    def add(self, outcomes: Sequence[Outcome], chunks: Sequence[Chunk]) -> None:
        """Take outcomes, and the chunks that they were the first to find; never waits."""
        self._outcomes += outcomes
        self._chunks += chunks
        self._news.set()

    async def close(self, ended: EvaluationResult) -> None:
        """Write what is left, and how it ended."""
        self._closing.set()
        self._news.set()
        try:
            async with asyncio.timeout(LAST_TRY):
                await self._task
                await self._write()
            async with asyncio.timeout(CLOSING):
                await self._journal.close(self._kept_of(ended))
        except TimeoutError:
            self._failed("The store did not answer in time.")
        except Exception as error:  # noqa: BLE001 - a fault in storing must not cost the evaluation
            self._failed(_sentence(error))

    async def _serve(self) -> None:
        while not self._closing.is_set():
            signal, patience = (self._closing, RETRY) if self.trouble else (self._news, None)
            with suppress(TimeoutError):
                await asyncio.wait_for(signal.wait(), patience)
            self._news.clear()
            await self._write()

    async def _write(self) -> None:
        outcomes, chunks = tuple(self._outcomes), tuple(self._chunks)
        if not outcomes:
            return
        try:
            await self._journal.append(outcomes, chunks)
        except Exception as error:  # noqa: BLE001 - a fault in storing must not cost the evaluation
            self._failed(_sentence(error))
        else:
            del self._outcomes[: len(outcomes)], self._chunks[: len(chunks)]
            self.trouble = ""

    def _kept_of(self, ended: EvaluationResult) -> EvaluationResult:
        """The end as the journal can tell it: what it has not taken is asked again by who goes on."""
        if not self._outcomes:
            return ended
        lost = {outcome.key for outcome in self._outcomes}
        return replace(
            ended,
            state="incomplete" if ended.state == "complete" else ended.state,
            outcomes=tuple(outcome for outcome in ended.outcomes if outcome.key not in lost),
            warnings=(*ended.warnings, f"What is stored of it is not whole: {self.trouble}"),
        )

    def _failed(self, reason: str) -> None:
        if not self.trouble:
            self._warn(f"What is finished is not being stored: {reason} The evaluation goes on.")
        self.trouble = reason


def _sentence(error: Exception) -> str:
    if isinstance(error, TandemError):
        return str(error)
    _log.error("Storing an evaluation failed", exc_info=error)
    return "Storing it failed in an unexpected way; the log says more."
