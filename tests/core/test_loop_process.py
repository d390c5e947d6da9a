"""The event loop and its process: fork, signals, exit, reloads. Each in an interpreter of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 30  # seconds; what these guard against hangs for 60 or for ever

posix = pytest.mark.skipif(os.name == "nt", reason="needs fork and POSIX signals")


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    return process.returncode, out, err


BUSY = """
    import asyncio, os, signal, sys, threading, time
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored in the background
    from core.loop import get_loop, run, submit

    def say(text):
        os.write(1, (text + "\\n").encode())  # whole lines, whichever thread writes

    async def work(name, begun):
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.to_thread(say, name + " cleaned up")

    async def client():
        return "client"

    async def background(begun):
        await get_loop().resource("client", client, lambda name: say(name + " closed"))
        await work("background", begun)

    def script_thread():
        try:
            run(work("waited for", waited))
        except BaseException as error:
            say("freed by " + type(error).__name__)

    begun, waited = threading.Event(), threading.Event()
    submit(background(begun))
    submit(get_loop().blocking(time.sleep, 60))
    threading.Thread(target=script_thread).start()  # one that the interpreter waits for
    begun.wait()
    waited.wait()
"""

ENDS = {
    "waiting-in-run": "async def wait():\n say('ready')\n await asyncio.sleep(60)\nrun(wait())",
    "outside-of-run": "say('ready')\ntime.sleep(60)",
}


@posix
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("number", "codes"), [("SIGTERM", {143}), ("SIGINT", {-2, 130})])
def test_pitfall_12_a_signal_ends_the_process_after_every_finally(
    end: str, number: str, codes: set[int]
) -> None:
    process = start(textwrap.dedent(BUSY) + ENDS[end])
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.Signals[number])
    code, out, _ = finish(process)
    assert code in codes
    assert "background cleaned up" in out
    assert "waited for cleaned up" in out
    assert out.index("cleaned up") < out.index("client closed")


@pytest.mark.parametrize(
    ("ending", "code"), [("", 0), ("sys.exit(3)", 3), ("raise ValueError", 1)], ids=["end", "exit", "error"]
)
def test_pitfall_12_work_left_over_is_cleaned_up_at_the_end(ending: str, code: int) -> None:
    returned, out, err = finish(start(textwrap.dedent(BUSY) + ending))
    assert returned == code
    assert "background cleaned up" in out
    assert "client closed" in out
    assert "was never awaited" not in err


def test_pitfall_12_a_coroutine_that_will_not_stop_does_not_hold_the_exit_up() -> None:
    code, _, err = finish(
        start("""
        import asyncio, time
        from core.loop import run, submit
        async def mule():
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass
        async def block():
            time.sleep(60)
        submit(mule())
        run(asyncio.sleep(0.01))
        submit(block())
        """)
    )
    assert code == 0, err


def test_a_handler_that_somebody_else_set_for_sigterm_stays() -> None:
    code, out, _ = finish(
        start("""
        import asyncio, signal
        signal.signal(signal.SIGTERM, lambda *_: print("theirs"))
        from core.loop import run
        run(asyncio.sleep(0))
        signal.raise_signal(signal.SIGTERM)
        """)
    )
    assert (code, out) == (0, "theirs\n")


@posix
def test_pitfall_11_a_forked_child_gets_its_own_loop_and_clear_errors() -> None:
    code, out, err = finish(
        start("""
        import asyncio, multiprocessing
        from core.loop import get_loop, run, submit

        def complain(call):
            try:
                call()
            except RuntimeError as error:
                print(error, flush=True)

        def child(parent, handle):
            complain(lambda: parent.run(asyncio.sleep(0)))
            complain(handle.result)
            handle.cancel()
            parent.shutdown()
            print(get_loop() is not parent, run(asyncio.sleep(0.01, "child ran")), flush=True)

        parent, handle = get_loop(), submit(asyncio.sleep(60))
        process = multiprocessing.get_context("fork").Process(target=child, args=(parent, handle))
        process.start()
        process.join(20)
        print(process.exitcode, run(asyncio.sleep(0.01, "parent ran")), handle.done())
        """)
    )
    lines = out.splitlines()
    assert code == 0, err
    assert all("from which this one was forked" in line for line in lines[:2])
    assert lines[2:] == ["True child ran", "0 parent ran False"]


def test_pitfall_13_reloading_the_modules_keeps_the_loop_and_the_jobs() -> None:
    code, out, err = finish(
        start("""
        import asyncio, sys, threading
        import core.jobs, core.loop

        async def work(progress):
            progress.update(stage="parse", done=3)
            await asyncio.Event().wait()

        first = core.loop.get_loop()
        job = core.jobs.get_jobs().start("work", work, "ann")
        for edit in range(4):
            for name in [name for name in sys.modules if name.partition(".")[0] == "core"]:
                del sys.modules[name]
            import core.jobs, core.loop
            assert core.loop.get_loop() is first
            assert core.loop.run(asyncio.sleep(0, edit)) == edit
            again = core.jobs.get_jobs().get(job.id, "ann")
            while again.progress.snapshot().done != 3:
                pass
            assert again.state == "running"
        print(sorted(thread.name for thread in threading.enumerate() if "-0" not in thread.name))
        """)
    )
    assert code == 0, err
    assert out.strip() == "['MainThread', 'tandem-loop', 'tandem-watch']"


def test_pitfall_13_threads_that_ask_at_once_get_one_loop() -> None:
    code, out, err = finish(
        start("""
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from core.loop import get_loop
        barrier = threading.Barrier(16)
        with ThreadPoolExecutor(16) as pool:
            loops = set(pool.map(lambda _: (barrier.wait(), get_loop())[1], range(16)))
        print(len(loops), [thread.name for thread in threading.enumerate()].count("tandem-loop"))
        """)
    )
    assert (code, out) == (0, "1 1\n"), err


def test_pitfall_16_the_loop_is_never_uvloop_and_core_never_imports_streamlit() -> None:
    code, out, err = finish(
        start("""
        import asyncio, sys
        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self):
                raise AssertionError("somebody's policy was asked")
        asyncio.set_event_loop_policy(Policy())
        import core.jobs
        from core.loop import get_loop, run
        run(asyncio.sleep(0))
        heavy = {"streamlit", "uvloop", "pymilvus", "llama_index", "langchain", "pandas"}
        print(type(get_loop().loop).__module__, sorted(heavy & set(sys.modules)))
        """)
    )
    assert (code, out) == (0, "asyncio.unix_events []\n"), err
