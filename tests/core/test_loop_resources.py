"""What the event loop owns: threads for blocking calls, clients, and its own orderly end."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import pytest

from core.loop import EventLoopThread, get_loop, run, submit

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


@pytest.fixture
def loop() -> Iterator[EventLoopThread]:
    thread = EventLoopThread().start()
    yield thread
    thread.shutdown(2)


def test_pitfall_10_nested_hops_do_not_deadlock() -> None:
    async def outer() -> int:
        return await asyncio.to_thread(lambda: run(inner(), timeout=20))

    async def inner() -> int:
        return await asyncio.to_thread(lambda: 1)

    async def many() -> int:
        return sum(await asyncio.gather(*(outer() for _ in range(20))))

    assert run(many(), timeout=20) == 20


def test_pitfall_10_blocking_calls_never_delay_a_name_look_up() -> None:
    gate = threading.Event()
    blocked = [submit(get_loop().blocking(gate.wait)) for _ in range(40)]
    try:
        found = run(_resolve(), timeout=20)
    finally:
        gate.set()
    assert found
    assert all(handle.result(10) for handle in blocked)


async def _resolve() -> list[Any]:
    return await asyncio.get_running_loop().getaddrinfo("localhost", 80)


def test_a_blocking_call_sees_the_context_and_hands_back_its_error() -> None:
    async def work() -> str:
        WHO.set("ann")
        with pytest.raises(ZeroDivisionError):
            await get_loop().blocking(lambda: 1 / 0)
        return await get_loop().blocking(lambda suffix: WHO.get() + suffix, "!")

    assert run(work()) == "ann!"


class Factory:
    """Makes clients slowly, and records what was made and closed."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.fail = False

    def make(self, name: str) -> Any:
        async def factory() -> str:
            self.log.append(f"make {name}")
            await asyncio.sleep(0.02)
            if self.fail:
                raise ConnectionError("refused")
            self.log.append(f"{WHO.get()} made {name}")
            return name

        return factory

    async def close(self, name: str) -> None:
        await asyncio.sleep(0)
        self.log.append(f"close {name}")


def test_a_resource_is_made_once_however_many_ask(loop: EventLoopThread) -> None:
    factory = Factory()

    def ask(_: int) -> str:
        WHO.set("ann")
        return loop.run(loop.resource("m", factory.make("m"), factory.close))

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, range(30)))
    assert got == ["m"] * 30
    assert factory.log == ["make m", "nobody made m"]


def test_a_user_who_gives_up_does_not_take_the_resource_from_the_others(loop: EventLoopThread) -> None:
    factory = Factory()
    hasty = loop.submit(loop.resource("m", factory.make("m")))
    patient = loop.submit(loop.resource("m", factory.make("m")))
    while not factory.log:
        time.sleep(0)
    hasty.cancel()
    with pytest.raises(CancelledError):
        hasty.result(10)
    assert patient.result(10) == "m"


def test_a_failed_creation_is_tried_again(loop: EventLoopThread) -> None:
    factory = Factory()
    factory.fail = True
    with pytest.raises(ConnectionError):
        loop.run(loop.resource("m", factory.make("m")))
    factory.fail = False
    assert loop.run(loop.resource("m", factory.make("m"))) == "m"


def test_resources_close_in_reverse_order_and_a_failing_one_stops_nothing(loop: EventLoopThread) -> None:
    factory = Factory()

    async def outer() -> str:
        inner = await loop.resource("inner", factory.make("inner"), factory.close)
        return f"outer of {inner}"

    def refuse(name: str) -> None:
        raise OSError(name)

    async def open_all() -> None:
        await loop.resource("outer", outer, factory.close)
        await loop.resource("bad", factory.make("bad"), refuse)
        await loop.resource("last", factory.make("last"), factory.close)
        await loop.release("last")
        await loop.release("unknown")

    loop.run(open_all())
    assert factory.log.pop() == "close last"
    loop.shutdown(5)
    assert factory.log[-2:] == ["close outer of inner", "close inner"]


def test_resources_are_asked_for_on_the_loop(loop: EventLoopThread) -> None:
    with pytest.raises(RuntimeError, match="live on the event-loop thread"):
        asyncio.run(loop.resource("m", Factory().make("m")))


def test_shutdown_cancels_waits_and_then_closes(loop: EventLoopThread) -> None:
    log: list[str] = []
    begun = threading.Event()

    async def client() -> str:
        return "client"

    async def work() -> None:
        await loop.resource("client", client, lambda name: log.append(f"{name} closed"))
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            log.append(await asyncio.to_thread(lambda: "work cleaned up"))

    handle = loop.submit(work())
    begun.wait()
    loop.shutdown(5)
    assert log == ["work cleaned up", "client closed"]
    with pytest.raises(CancelledError):
        handle.result()


def test_after_shutdown_work_is_refused_and_nothing_hangs(loop: EventLoopThread) -> None:
    loop.shutdown()
    loop.shutdown()
    with pytest.raises(RuntimeError, match="takes no more work"):
        loop.run(asyncio.sleep(0))
    loop.cancel_owner("anyone")


def test_shutdown_gives_up_on_work_that_will_not_stop(
    loop: EventLoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    closed = []

    async def client() -> None:
        pass

    async def never_stop() -> None:
        await loop.resource("client", client, closed.append)
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    handle = loop.submit(never_stop(), name="mule")
    loop.run(asyncio.sleep(0.01))
    loop.shutdown(0.2)
    assert "mule ignored its cancellation" in caplog.text
    assert closed == [None]
    with pytest.raises(CancelledError):
        handle.result(5)


def test_waiters_in_other_threads_are_freed_by_shutdown(loop: EventLoopThread) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(loop.run, asyncio.sleep(60)) for _ in range(4)]
        while loop.metrics().in_flight < 4:
            time.sleep(0.001)
        loop.shutdown(5)
        assert all(isinstance(waiter.exception(10), CancelledError) for waiter in waiting)


def test_get_loop_makes_a_fresh_one_after_a_shutdown() -> None:
    old = get_loop()
    old.shutdown()
    assert get_loop() is not old
    assert run(asyncio.sleep(0, "again")) == "again"
