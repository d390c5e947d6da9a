"""Waiting for coroutines on the event-loop thread: results, errors, time-outs, cancelling."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import signal
import threading
import time
import traceback
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import pytest

from core.loop import EventLoopThread, Progress, cancel_owner, get_loop, run, submit

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


async def _value(value: Any = 1) -> Any:
    await asyncio.sleep(0)
    return value


async def _fail(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


class Cleaned:
    """A coroutine that never ends by itself and takes its time to clean up."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.done = False

    async def __call__(self) -> None:
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            await asyncio.to_thread(time.sleep, 0.01)
            self.done = True


class Unwanted(BaseException):
    """Shaped like Streamlit's StopException: no Exception."""


def test_run_returns_the_value_from_the_one_loop_thread() -> None:
    async def where() -> tuple[str, object]:
        return threading.current_thread().name, asyncio.get_running_loop()

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _: run(where()), range(50)))
    assert places == {("tandem-loop", get_loop().loop)}


@pytest.mark.parametrize("many", [1, 8], ids=["one-caller", "eight-callers"])
def test_many_threads_get_their_own_answers(many: int) -> None:
    with ThreadPoolExecutor(many) as pool:
        assert list(pool.map(lambda n: run(_value(n)), range(200))) == list(range(200))


@pytest.mark.parametrize(
    "call",
    [
        lambda handle: run(_value()),
        lambda handle: handle.result(),
        lambda handle: handle.wait(),
        lambda handle: get_loop().stream(_numbers(1)),
        lambda handle: get_loop().shutdown(),
    ],
    ids=["run", "result", "wait", "stream", "shutdown"],
)
def test_pitfall_4_waiting_on_the_loop_thread_raises(call: Any) -> None:
    async def wait_here() -> None:
        cleaned = Cleaned()
        handle = submit(cleaned())
        try:
            call(handle)
        finally:
            handle.cancel()

    with pytest.raises(RuntimeError, match="await it there instead"):
        run(wait_here(), timeout=10)


async def _numbers(count: int) -> Any:
    for number in range(count):
        yield number


@pytest.mark.parametrize("error", [SystemExit(3), Unwanted(), KeyboardInterrupt(), ValueError("x")], ids=repr)
@pytest.mark.parametrize("nested", [False, True], ids=["in-coroutine", "in-child-task"])
def test_pitfall_5_an_error_reaches_its_own_caller_only(error: BaseException, nested: bool) -> None:
    async def parent() -> None:
        await (asyncio.create_task(_fail(error)) if nested else _fail(error))

    bystander = submit(asyncio.sleep(0.05, "unharmed"))
    with pytest.raises(type(error)):
        run(parent())
    assert bystander.result() == "unharmed"
    assert run(_value(2)) == 2


@pytest.mark.parametrize(
    "wait",
    [run, lambda coro, **options: submit(coro).result(**options)],
    ids=["run", "handle"],
)
def test_pitfall_6_a_checkpoint_ends_the_wait_and_the_work(wait: Any) -> None:
    cleaned, calls = Cleaned(), iter(range(100))

    def checkpoint() -> None:
        if next(calls) == 1:
            raise Unwanted

    with pytest.raises(Unwanted):
        wait(cleaned(), checkpoint=checkpoint)
    assert cleaned.done


def test_pitfall_7_a_time_out_cancels_and_waits_for_the_finally() -> None:
    cleaned = Cleaned()
    with pytest.raises(TimeoutError, match=r"did not finish within 0\.05 s and was cancelled"):
        run(cleaned(), timeout=0.05)
    assert cleaned.done


def test_pitfall_7_ctrl_c_cancels_and_waits_for_the_finally() -> None:
    cleaned = Cleaned()

    def press() -> None:
        cleaned.begun.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _press_and_run(press, cleaned)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert cleaned.done


def _press_and_run(press: Any, cleaned: Cleaned) -> None:
    presser = threading.Thread(target=press)
    presser.start()
    try:
        run(cleaned())
    finally:
        presser.join()


def test_pitfall_7_done_is_only_said_after_the_finally() -> None:
    for _ in range(50):
        cleaned = Cleaned()
        handle = submit(cleaned())
        cleaned.begun.wait()
        handle.cancel()
        while not handle.done():
            time.sleep(0)
        assert cleaned.done


def test_a_second_cancel_does_not_break_off_the_finally() -> None:
    cleaned = Cleaned()
    handle = submit(cleaned(), owner="ann")
    cleaned.begun.wait()
    for _ in range(5):
        handle.cancel()
        cancel_owner("ann")
    assert handle.wait(10)
    assert cleaned.done


def test_a_coroutine_cancelled_before_it_begins_never_begins() -> None:
    begun = []

    async def begin() -> None:
        begun.append(1)

    def hold() -> Any:
        """Runs on the loop, so that nothing else does meanwhile."""
        handle = submit(begin())
        handle.cancel()
        return handle

    async def holder() -> Any:
        return hold()

    handle = run(holder())
    with pytest.raises(CancelledError):
        handle.result(10)
    assert not begun


def test_a_wait_that_times_out_leaves_the_coroutine_alone() -> None:
    handle = submit(Cleaned()())
    assert not handle.wait(0.01)
    assert not handle.wait(0.06, checkpoint=lambda: None)
    assert not handle.done()
    handle.cancel()
    assert handle.wait(10)


def test_several_threads_may_wait_for_one_handle() -> None:
    gate = threading.Event()
    handle = submit(asyncio.to_thread(gate.wait))
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(handle.result, 10) for _ in range(6)]
        gate.set()
        assert [answer.result() for answer in answers] == [True] * 6


def test_a_value_that_comes_in_spite_of_the_time_out_is_returned() -> None:
    async def insist() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "kept"
        return "never"

    assert run(insist(), timeout=0.02) == "kept"


def test_pitfall_9_the_callers_context_is_copied_at_submit() -> None:
    async def look_and_change() -> str:
        seen = WHO.get()
        WHO.set("the coroutine")
        return seen

    token = WHO.set("ann")
    handle = submit(look_and_change())
    WHO.set("bob")
    assert (handle.result(), run(look_and_change()), WHO.get()) == ("ann", "bob", "bob")
    WHO.reset(token)
    assert run(look_and_change()) == "nobody"


def test_pitfall_15_repeated_results_do_not_grow_the_traceback() -> None:
    handle = submit(_fail(ValueError("x")))
    lengths = []
    for _ in range(5):
        with pytest.raises(ValueError, match="x") as caught:
            handle.result()
        lengths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(set(lengths)) == 1


def test_a_failed_run_leaves_no_cycle_behind() -> None:
    class Heavy:
        pass

    async def fail() -> None:
        raise ValueError(Heavy())

    run(_value())
    gc.disable()
    try:
        with pytest.raises(ValueError, match="Heavy"):
            run(fail())
        assert not [found for found in gc.get_objects() if isinstance(found, Heavy)]
    finally:
        gc.enable()


def test_an_error_that_nobody_asks_for_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    handle = submit(_fail(ValueError("password hunter2")), name="lonely")
    handle.wait()
    del handle
    run(_value())
    assert "lonely failed and nobody asked: ValueError at " in caplog.text
    assert "hunter2" not in caplog.text


def test_an_owners_end_cancels_all_of_his_work_and_no_one_elses() -> None:
    mine, other = [Cleaned(), Cleaned()], submit(asyncio.sleep(0.1, "other"), owner="bob")
    handles = [submit(work(), owner="ann") for work in mine]
    cancel_owner("ann")
    for handle in handles:
        with pytest.raises(CancelledError):
            handle.result(10)
    assert all(work.done or not work.begun.is_set() for work in mine)
    assert other.result() == "other"


def test_a_handle_shows_the_progress_it_was_given() -> None:
    progress = Progress()

    async def work() -> None:
        progress.update(stage="parse", total=4)
        progress.advance(3)

    handle = submit(work(), name="ingest", owner=None, progress=progress)
    handle.wait()
    assert handle.name == "ingest"
    assert handle.progress.snapshot().fraction == 0.75
    assert submit(_value()).progress.snapshot().total is None


def test_submitting_from_the_loop_is_fine() -> None:
    async def parent() -> Any:
        return submit(_value(7))

    assert run(parent()).result() == 7


def test_pitfall_14_a_stall_is_named_with_its_culprit(
    caplog: pytest.LogCaptureFixture, loop: EventLoopThread
) -> None:
    async def hog_the_loop() -> None:
        end = time.monotonic() + 30
        while not loop.metrics().stalls and time.monotonic() < end:
            time.sleep(0.01)  # noqa: ASYNC251 - the very mistake that is to be found

    with caplog.at_level(logging.WARNING, "tandem.loop"):
        loop.run(hog_the_loop())
    metrics = loop.metrics()
    assert "hog_the_loop" in metrics.stalls[0].stack
    assert "hog_the_loop" in caplog.text
    assert metrics.lag_max >= metrics.stalls[0].seconds > 0.2


def test_metrics_name_the_oldest_task(loop: EventLoopThread) -> None:
    assert loop.metrics().in_flight == 0
    first = loop.submit(asyncio.sleep(60), name="first", owner="ann")
    loop.submit(asyncio.sleep(60), name="second", owner="ann")
    metrics = loop.metrics()
    assert metrics.in_flight == 2
    assert metrics.oldest is not None
    assert metrics.oldest[0] == "first"
    assert metrics.oldest[1] >= 0
    loop.cancel_owner("ann")
    assert first.wait(10)


@pytest.fixture
def loop() -> Any:
    thread = EventLoopThread().start()
    yield thread
    thread.shutdown(2)
