"""Async generators on the event-loop thread, consumed by a plain loop on another."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from typing import Any

import pytest

from core.loop import cancel_owner, get_loop, run, stream

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


class Source:
    """A generator that records what was made and whether and where it was closed."""

    def __init__(self) -> None:
        self.made = 0
        self.tasks: set[object] = set()
        self.closed = False

    async def numbers(self, count: int = 1_000_000, pause: float | None = None) -> AsyncGenerator[int, None]:
        token = WHO.set("the generator")
        try:
            async with asyncio.timeout(60):
                for number in range(count):
                    self.tasks.add(asyncio.current_task())
                    self.made += 1
                    yield number
                    if pause is not None:
                        await asyncio.sleep(pause)
        finally:
            await asyncio.sleep(0)
            WHO.reset(token)
            self.tasks.add(asyncio.current_task())
            self.closed = True


@pytest.mark.parametrize("pause", [None, 0.0], ids=["rushing", "yielding"])
@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 5000])
def test_every_item_comes_once_and_in_order(count: int, pause: float | None) -> None:
    assert list(stream(Source().numbers(count, pause))) == list(range(count))


def test_pitfall_9_one_task_drives_and_closes_the_generator() -> None:
    source = Source()
    items = stream(source.numbers(2000))
    assert sum(1 for _ in items) == 2000
    assert source.closed
    assert len(source.tasks) == 1


def test_a_stream_sees_its_callers_context() -> None:
    async def who() -> AsyncGenerator[str, None]:
        yield WHO.get()

    token = WHO.set("ann")
    items = stream(who())
    WHO.reset(token)
    assert list(items) == ["ann"]


def test_a_slow_reader_holds_the_generator_up() -> None:
    source = Source()
    with closing(get_loop().stream(source.numbers(), limit=10)) as items:  # type: ignore[type-var]
        for expected in range(35):
            assert next(items) == expected
            for _ in range(3):
                run(asyncio.sleep(0))
            assert source.made <= expected + 1 + 2 * 10


def _break(items: Iterator[int]) -> None:
    for _ in items:
        break


def _close(items: Any) -> None:
    next(items)
    items.close()


def _raise(items: Iterator[int]) -> None:
    with suppress(KeyboardInterrupt), closing(items):  # type: ignore[type-var]
        for _ in items:
            raise KeyboardInterrupt


@pytest.mark.parametrize("leave", [_break, _close, _raise])
@pytest.mark.parametrize("pause", [None, 60.0], ids=["buffer-full", "waiting"])
def test_leaving_early_closes_the_generator(leave: Any, pause: float | None) -> None:
    source = Source()
    leave(stream(source.numbers(pause=pause)))
    assert source.closed
    assert source.made <= 512


def test_a_checkpoint_that_raises_closes_the_generator() -> None:
    source, calls = Source(), iter(range(1000))

    def checkpoint() -> None:
        if next(calls) == 3:
            raise SystemExit

    with pytest.raises(SystemExit):
        list(stream(source.numbers(pause=60.0), checkpoint=checkpoint))
    assert source.closed


def test_a_stream_that_is_never_started_costs_nothing() -> None:
    source = Source()
    items: Any = stream(source.numbers())
    items.close()
    run(asyncio.sleep(0))
    assert source.made == 0


def test_an_error_comes_after_the_items_before_it() -> None:
    async def three_then_fail() -> AsyncGenerator[int, None]:
        for number in range(3):
            yield number
        raise ValueError("broken off")

    items = stream(three_then_fail())
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken off"):
        next(items)


def test_the_owners_end_ends_his_stream() -> None:
    source = Source()
    items = stream(source.numbers(pause=60.0), owner="ann")
    assert next(items) == 0
    threading.Timer(0.02, cancel_owner, ["ann"]).start()
    with pytest.raises(CancelledError):
        next(items)
    assert source.closed
