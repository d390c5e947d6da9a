"""Fixtures that several test folders share: settings, data, and the real Milvus server.

`TANDEM_TEST_MILVUS=http://host:19530` takes a server that already runs; `TANDEM_TEST_CHROMIUM` names
the browser. No other `TANDEM_*` or `OPENAI_*` variable of the person's own environment reaches a test.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.milvus.quiet import quiet_logs
from core.settings import Settings
from tests.milvus_server import CACHE, ROOT, MilvusServer, unsupported

DATA = ROOT.parent / "shared" / "data"

for _name in list(os.environ):
    if _name.startswith(("TANDEM_", "OPENAI_")) and not _name.startswith("TANDEM_TEST_"):
        # At import, before any fixture of any scope can read a setting.
        del os.environ[_name]

# A shell has what it starts in the background (`make test &`) ignore Ctrl-C, and so would the programs that
# are to be interrupted here: what is ignored is inherited, what is handled is not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure() -> None:
    """Keep what libraries log besides their exceptions out of the test report."""
    quiet_logs()
    # AppTest and bare imports of pages run without a server, which Streamlit warns of on every call.
    logging.getLogger("streamlit").setLevel(logging.ERROR)


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Everything must work offline: a TCP connection of Python's to another machine fails here."""
    plain = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and self.type == socket.SOCK_STREAM and not _local(address[0]):
            raise OSError(errno.ENETUNREACH, f"tests reach no other machine, and this is {address[0]}")
        plain(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The shared test data; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the shared test data is not at {os.path.relpath(DATA, ROOT)}")
    return DATA


@pytest.fixture
def lite_uri(tmp_path: Path) -> str:
    """Where a Milvus Lite of this test's own can be."""
    return str(tmp_path / "milvus.db")


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Makes settings over a home of this test's own: Milvus Lite and the built-in model endpoint."""

    def make(**overrides: Any) -> Settings:
        return Settings.load({"home": tmp_path / "home", **overrides})

    return make


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[str]:
    """Address of a real Milvus server that all tests share; clean up what you create there."""
    if given := os.environ.get("TANDEM_TEST_MILVUS"):
        yield given
        return
    with _running_server() as server:
        yield server.uri


@pytest.fixture
def own_milvus_server() -> Iterator[MilvusServer]:
    """A real, empty Milvus server of this test's own, to be killed and restarted at will."""
    with _running_server() as server:
        yield server


@contextmanager
def _running_server() -> Iterator[MilvusServer]:
    if reason := unsupported():
        pytest.skip(reason)
    CACHE.mkdir(exist_ok=True)
    _remove_what_killed_tests_left()
    prefix = f"test-{os.getpid()}-"
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=CACHE, ignore_cleanup_errors=True) as folder,
        MilvusServer(Path(folder)) as server,
    ):
        yield server


def _remove_what_killed_tests_left() -> None:
    """A server's data is some 300 MB, and tests that are killed cannot remove it."""
    for folder in CACHE.glob("test-[0-9]*-*"):
        if not psutil.pid_exists(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)
