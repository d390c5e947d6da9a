"""Two visitors, or a visitor and the warming up, import the frameworks at the same moment."""

from __future__ import annotations

import builtins
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.imports import import_alone
from tests.source import ROOT

# A thread stops in the middle of importing httpx2 until another one has made a client, or waits for it.
HALF_WAY = """
import sys, threading
import httpx
from core.imports import import_alone

begun, go_on = threading.Event(), threading.Event()

def pause(event, arguments):
    if event == "exec" and arguments[0].co_filename.endswith("httpx2/_client.py"):
        begun.set()
        go_on.wait(60)

sys.addaudithook(pause)
half = threading.Thread(target=__import__, args=("httpx2",))
half.start()
begun.wait(60)
made = []

def make():
    try:
        import_alone("openai")
        from openai import OpenAI
        made.append(type(OpenAI(api_key="not a key")).__name__)
    except Exception as error:
        made.append(repr(error))

client = threading.Thread(target=make)
client.start()
client.join(5)
go_on.set()
client.join(60)
half.join(60)
print(*made)
"""


def test_a_client_is_made_while_another_thread_is_half_way_through_importing_what_it_looks_for():
    pytest.importorskip("httpx2")
    done = subprocess.run(
        [sys.executable, "-c", HALF_WAY], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "OpenAI", done.stderr


def test_two_threads_import_one_after_the_other(tmp_path, monkeypatch):
    """Packages whose modules import each other, imported at once, may wait for each other until one fails."""
    for name in "first_of_two", "second_of_two":
        body = "import time, builtins\nLOG = builtins.import_log\n"
        (tmp_path / f"{name}.py").write_text(f"{body}LOG.append('begin'); time.sleep(0.2); LOG.append('end')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(builtins, "import_log", log := [], raising=False)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(import_alone, ("first_of_two", "second_of_two")))
    assert log == ["begin", "end"] * 2


def test_a_module_that_is_missing_is_named():
    with pytest.raises(ModuleNotFoundError, match="no_such_framework"):
        import_alone("no_such_framework")
