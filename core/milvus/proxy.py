"""A network round trip to order: a TCP proxy that delays each direction by half of it.

`python -m core.milvus.proxy --target HOST:PORT --rtt-ms N` prints its port and serves until its
standard input closes, so it ends with the process that started it, however that one ends.
`DelayProxy` starts and stops one. It is a process of its own: its work must not be taken from the
interpreter whose speed is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from time import perf_counter
from types import TracebackType

from core.errors import BackendError

_CHUNK = 256 * 1024
# Chunks on their way in one direction; beyond it the sender waits, as on a real line.
_IN_TRANSIT = 4096
_START_SECONDS = 20.0


class DelayProxy:
    """A running proxy process; a context manager. `port` is where it listens on loopback."""

    def __init__(self, target: str, rtt_ms: float) -> None:
        self.target = target
        self.rtt_ms = rtt_ms
        self.port = 0

    @property
    def address(self) -> str:
        """`host:port` to connect to instead of the target."""
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def start(self) -> DelayProxy:
        """Start the process and wait for its port; blocks. Raises `BackendError` when it won't start."""
        command = [sys.executable, "-m", "core.milvus.proxy", "--target", self.target]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [*command, "--rtt-ms", str(self.rtt_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        killer = threading.Timer(_START_SECONDS, self._process.kill)
        killer.start()
        line = self._process.stdout.readline() if self._process.stdout else b""
        killer.cancel()
        if not line.strip().isdigit():
            self.stop()
            raise BackendError(
                f"The delay proxy of {self.rtt_ms:g} ms did not start: run it again, or add no round trip."
            )
        self.port = int(line)
        return self

    def stop(self) -> None:
        """End the process and whatever it started; every connection through it is cut."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.running:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> DelayProxy:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def tcp_round_trip(address: str, times: int = 7) -> float:
    """Median seconds until a byte sent to an echo at `address` is back; blocks. For tests."""
    host, port = address.rsplit(":", 1)
    taken = []
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            start = perf_counter()
            connection.sendall(b"x")
            connection.recv(1)
            taken.append(perf_counter() - start)
    return sorted(taken)[len(taken) // 2]


async def serve(target: tuple[str, int], rtt_ms: float) -> None:
    """Listen on a free port of loopback, print it, and forward until standard input closes."""
    delay = rtt_ms / 2e3

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _forward(reader, writer, target, delay)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await _parent_gone()


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int], delay: float
) -> None:
    try:
        there_reader, there_writer = await asyncio.open_connection(*target)
    except OSError:
        writer.close()
        return
    for one in (writer, there_writer):
        one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ways = [_way(reader, there_writer, delay), _way(there_reader, writer, delay)]
    await asyncio.gather(*ways, return_exceptions=True)


async def _way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """One direction: every chunk leaves `delay` seconds after it came, in the order it came."""
    loop = asyncio.get_running_loop()
    line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_IN_TRANSIT)

    async def deliver() -> None:
        while True:
            due, chunk = await line.get()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not chunk:
                return
            writer.write(chunk)
            await writer.drain()

    delivery = asyncio.create_task(deliver())
    try:
        while chunk := await reader.read(_CHUNK):
            await line.put((loop.time() + delay, chunk))
    except ConnectionError:
        pass
    finally:
        with contextlib.suppress(ConnectionError):
            await line.put((loop.time() + delay, b""))
            await delivery
        writer.close()


async def _parent_gone() -> None:
    """Return when standard input closes: whoever started this process is gone."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while os.read(0, 1):
            pass
        loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=watch, daemon=True).start()
    await gone.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the proxy until the starter is gone."""
    parser = argparse.ArgumentParser(prog="python -m core.milvus.proxy", description=__doc__)
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--rtt-ms", required=True, type=float, metavar="N")
    given = parser.parse_args(arguments)
    host, _, port = given.target.rpartition(":")
    if not port.isdigit() or given.rtt_ms < 0:
        parser.error("give --target as HOST:PORT and --rtt-ms as a number that is not negative")
    # epoll rounds waits up to whole milliseconds; select does not.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    with contextlib.suppress(KeyboardInterrupt):
        loop.run_until_complete(serve((host, int(port)), given.rtt_ms))
    os._exit(0)  # connections still open need no farewell


if __name__ == "__main__":
    main()
