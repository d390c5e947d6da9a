"""Ingests that run in a process of their own, to be killed there or to run out of disk."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import types

import pytest

from core.errors import StorageError
from core.ingest import ingest
from core.loop import run
from core.settings import Settings
from core.workspace import Workspace
from tests.core.ingest.helpers import upload

# Forked from a server that has imported the frameworks, a child is ready at once.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["core.engines.llamaindex", "core.engines.langchain", __name__])

NAMES = [f"{number}.txt" for number in range(4)]
OPTIONS = {"chunk_size": 300, "chunk_overlap": 0, "embedding_batch": 32, "embedding_concurrency": 1}


def files(edition: str):
    return [upload(name, f"{edition} {name}", 250) for name in NAMES]


def in_child(target, *arguments):
    """What the function returns in another process; the process' exit code when it dies."""
    receive, send = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_send, args=(send, target, arguments))
    with pytest.MonkeyPatch.context() as patch:
        # A child runs its parent's main module again, and AppTest leaves the app there.
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        process.start()
    send.close()
    try:
        answer = receive.recv()
    except EOFError:
        answer = None
    process.join(60)
    return process.exitcode if answer is None else answer


def _send(pipe, target, arguments):
    pipe.send(target(*arguments))


class DeadlyProgress:
    """Kills this process at the given report."""

    def __init__(self, stage: str, times: int) -> None:
        self.stage, self.left = stage, times

    def update(self, *, stage, done, total, message=""):
        self._count(stage)

    def file(self, name, state, detail=""):
        self._count(state)

    def _count(self, stage):
        self.left -= stage == self.stage
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def replace_and_die(overrides, stage, times):
    """Ingest the first edition, then die while the second replaces it."""

    async def both():
        workspace = await Workspace.open(Settings.load(overrides), "w")
        assert (await ingest(workspace, files("first"))).succeeded
        await ingest(workspace, files("second"), progress=DeadlyProgress(stage, times))

    run(both())


def fill_the_disk(overrides, most_bytes):
    """What goes wrong when the second edition replaces the first while no file may grow further."""

    async def both():
        workspace = await Workspace.open(Settings.load(overrides), "w")
        assert (await ingest(workspace, files("first"))).succeeded
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        return await ingest(workspace, files("second"))

    try:
        summary = run(both())
    except StorageError as error:
        return [str(error)]
    return [file.error for file in summary.files]
