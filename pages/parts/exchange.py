"""One question and what has come back of it so far.

The event-loop thread fills an exchange while the page reads it: the answer goes on when another widget
is clicked or another page is opened, and the page that draws it takes up where it stands. It ends when
it is done, stopped, or its session is over.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Literal

import core
from core import Answer, AskOptions, Event, Failed, Finished, Hit, Retrieved, TandemError, Token

State = Literal["waiting", "writing", "done", "failed", "stopped"]
KEPT = 20

_ids = count(1)
_log = logging.getLogger(__name__)


@dataclass
class Side:
    """What one engine has said so far."""

    engine: str
    state: State = "waiting"
    hits: tuple[Hit, ...] = ()
    pieces: list[str] = field(default_factory=list)
    answer: Answer | None = None

    @property
    def text(self) -> str:
        """The answer's text as it stands."""
        return self.answer.text if self.answer else "".join(self.pieces)

    @property
    def open(self) -> bool:
        """Whether more may come."""
        return self.state in ("waiting", "writing")


class Exchange:
    """A question, its options and both sides. `error` is set when it could not be asked at all.

    `first` says that nothing was asked before it, so that one-time set-up is in its times.
    """

    def __init__(self, question: str, options: AskOptions) -> None:
        self.id = next(_ids)
        self.question = question
        self.options = options
        self.sides = {name: Side(name) for name in options.engines}
        self.error: str | None = None
        self.first = False
        self.asked = perf_counter()
        self.task: core.Handle[None] | None = None

    @property
    def open(self) -> bool:
        """Whether any side may still say more."""
        return self.error is None and any(side.open for side in self.sides.values())

    @property
    def answers(self) -> list[Answer]:
        """The answers that are complete or failed, in the engines' order."""
        return [side.answer for side in self.sides.values() if side.answer]

    @property
    def version(self) -> tuple[object, ...]:
        """Changes whenever there is something new to draw."""
        sides = self.sides.values()
        return tuple((side.state, len(side.hits), len(side.pieces)) for side in sides)

    def receive(self, event: Event) -> None:
        """Take in one event of the stream."""
        side = self.sides[event.engine]
        if isinstance(event, Retrieved):
            side.hits = event.hits
        elif isinstance(event, Token):
            side.pieces.append(event.text)
            side.state = "writing"
        elif isinstance(event, Finished | Failed):
            side.answer = event.answer
            side.hits = event.answer.hits or side.hits
            side.state = "done" if isinstance(event, Finished) else "failed"

    def stop(self) -> None:
        """Cancel what is under way; what has come is kept."""
        if self.task is not None:
            self.task.cancel()
        self.close()

    def close(self) -> None:
        """Nothing more will come."""
        for side in self.sides.values():
            if side.open:
                side.state = "stopped"

    def refuse(self, sentence: str) -> None:
        """The question could not be asked."""
        self.error = sentence
        self.close()


def start(workspace: core.Workspace, exchange: Exchange, owner: str) -> None:
    """Begin asking, in the background, for this owner."""
    exchange.task = core.get_loop().submit(follow(workspace, exchange), name="ask", owner=owner)


async def follow(workspace: core.Workspace, exchange: Exchange) -> None:
    """Ask, and keep every event in the exchange."""
    try:
        async for event in core.ask(workspace, exchange.question, exchange.options):
            exchange.receive(event)
    except TandemError as error:
        exchange.refuse(str(error))
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the page's edge: no traceback reaches a person
        _log.error("asking failed: %s", type(error).__name__)
        exchange.refuse("The question could not be asked: run `python -m core doctor`, then ask again.")
    finally:
        exchange.close()


def keep(exchanges: list[Exchange], new: Exchange) -> None:
    """Put the newest first, stop the one before it, and forget the oldest beyond the last few."""
    for earlier in exchanges:
        if earlier.open:
            earlier.stop()
    new.first = not exchanges
    exchanges.insert(0, new)
    del exchanges[KEPT:]
