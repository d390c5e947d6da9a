"""The real Milvus 2.3.5 standalone server from PyPI, without Docker: for tests and benchmarks.

`python -m tests.milvus_server` (what `make milvus` runs) keeps one in the foreground.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".milvus-server"
COMPONENTS = ("rootCoord", "proxy", "queryCoord", "queryNode", "indexNode", "dataCoord", "dataNode")
# Below the range from which the kernel takes the ports of outgoing connections: the port of a
# killed server must still be free when the server is started again.
PORT_RANGE = (20000, 32000)
# After a kill the next server waits until the old one's session has expired: 30 s by default.
SESSION_SECONDS = 10
# Ends the server when this process dies, however it dies: its end of the pipe closes then.
WATCHDOG = 'cat >/dev/null; kill -9 "-$1" 2>/dev/null'


class ServerError(RuntimeError):
    """The server cannot run here, or did not start; the text says why."""


def unsupported() -> str:
    """Why the server cannot run on this machine; empty when it can."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        here = f"{platform.system()} {platform.machine()}"
        return f"the Milvus server from PyPI runs on Linux x86-64 only, and this is {here}"
    try:
        import milvus  # noqa: F401 - only whether it is there
    except ImportError:
        return "the PyPI package milvus is not installed: it is in requirements-dev.txt"
    return ""


class MilvusServer:
    """One server: its data folder, its ports and its process. The ports outlive a kill.

    `port` is the one that clients connect to, 0 takes a free one; all others are free ones. With a
    `token` (user:password) it lets nobody else in.
    """

    def __init__(self, data: Path, port: int = 0, token: str = "") -> None:
        if reason := unsupported():
            raise ServerError(f"No Milvus server: {reason}.")
        self.data = data.absolute()
        self.port = port
        self._token = token
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._metrics_port = 0

    @property
    def uri(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_id(self) -> int | None:
        """Of the running server, which leads its own process group."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        """What the server writes to its terminal."""
        return self.data / "server.log"

    def __enter__(self) -> MilvusServer:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.kill()

    def start(self, seconds: float = 120) -> None:
        """Start, on the same data and ports as before if it ran before; return once it answers."""
        binaries = _unpacked()
        if not self._metrics_port:
            self._configure()
        environment = {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._metrics_port),
            "MILVUS_RUN_DIR": str(self.data / "run"),
            "LD_LIBRARY_PATH": str(binaries),
            "ETCD_CONFIG_PATH": str(self.data / "configs" / "etcd.yaml"),
            "COMMON_SECURITY_AUTHORIZATIONENABLED": "true" if self._token else "false",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [binaries / "milvus", "run", "standalone"],
                cwd=self.data,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._wait_until_ready(time.monotonic() + seconds)

    def kill(self) -> None:
        """End the server at once, as a crash would (SIGKILL)."""
        self._end(signal.SIGKILL, 10)

    def stop(self) -> None:
        """Ask the server to end, and kill it when it has not after a few seconds."""
        self._end(signal.SIGTERM, 5)
        self.kill()

    def restart(self) -> None:
        """Kill the server and start it again on the same data and ports."""
        self.kill()
        self.start()

    def wait(self) -> int:
        """Wait until the server ends by itself; its exit code."""
        assert self._process
        return self._process.wait()

    def _end(self, how: signal.Signals, seconds: float) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            self._process = None
        if self._process is None and self._watchdog:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None

    def _configure(self) -> None:
        import milvus

        names = [name for name in milvus.MilvusServerConfig().configurable_items if name.endswith("_port")]
        *numbers, client, peer, self._metrics_port = free_ports(len(names) + 3)
        ports = dict(zip(names, numbers, strict=True))
        self.port = ports["proxy_port"] = self.port or ports["proxy_port"]
        config = milvus.MilvusServerConfig(data_dir=str(self.data), **ports)
        config.set("log.level", "warn")
        config.set("common.session.ttl", SESSION_SECONDS)
        config.set("common.gracefulStopTimeout", 3)
        for component in COMPONENTS:
            # By default the parts talk over the first network interface, which may go away.
            config.set(f"{component}.ip", "127.0.0.1")
        try:
            config.resolve()
        except RuntimeError:
            raise ServerError(
                f"Port {self.port} is taken: another Milvus may run there. Stop it, or take another port."
            ) from None
        (self.data / "configs" / "etcd.yaml").write_text(_etcd_config(client, peer))

    def _wait_until_ready(self, deadline: float) -> None:
        while not (self._healthy() and self._answers()):
            assert self._process
            if self._process.poll() is not None:
                raise ServerError(f"The Milvus server ended with {self._process.returncode}. {self._last()}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"The Milvus server did not become ready in time. {self._last()}")
            time.sleep(0.1)

    def _healthy(self) -> bool:
        """Whether every part of the server says that it is up; needs no client library."""
        address = f"http://127.0.0.1:{self._metrics_port}/healthz"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(address, timeout=2) as reply:
                return reply.read() == b"OK"
        except OSError:
            return False

    def _answers(self) -> bool:
        """Whether it answers over gRPC and can read every collection that was loaded before a crash."""
        from grpc import RpcError
        from pymilvus import MilvusClient, MilvusException
        from pymilvus.client.types import LoadState

        try:
            client = MilvusClient(self.uri, token=self._token, timeout=2)
            for name in client.list_collections(timeout=2):
                if client.get_load_state(name, timeout=2)["state"] != LoadState.NotLoad:
                    client.query(name, filter="", output_fields=["count(*)"], timeout=2)
            client.close()
        except (MilvusException, RpcError):
            return False
        return True

    def _last(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return f"The end of {self.log}:\n" + "\n".join(line[:300] for line in lines)


def free_ports(count: int) -> list[int]:
    """Different TCP ports on which nothing listened a moment ago."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(*PORT_RANGE)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            found.add(port)
    return list(found)


def _unpacked() -> Path:
    """Folder of the server's programs, unpacked from the package by whoever comes first."""
    import fcntl  # not on Windows, where the server does not run either

    import milvus

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "unpacking.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        milvus._initialize_data_files(str(CACHE))
    return CACHE / "bin"


def _etcd_config(client: int, peer: int) -> str:
    """Ports of the etcd inside the server; its own settings leave them at 2379 and 2380."""
    return "\n".join(
        [
            f"listen-client-urls: http://127.0.0.1:{client}",
            f"advertise-client-urls: http://127.0.0.1:{client}",
            f"listen-peer-urls: http://127.0.0.1:{peer}",
            f"initial-advertise-peer-urls: http://127.0.0.1:{peer}",
            f"initial-cluster: default=http://127.0.0.1:{peer}",
        ]
    )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run a server until Ctrl-C; its data stays."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--data", type=Path, default=CACHE / "data", help="folder for its data")
    options.add_argument("--port", type=int, default=19530, help="where clients connect (%(default)s)")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _serve(MilvusServer(given.data, given.port))
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1


def _serve(server: MilvusServer) -> int:
    print("Starting Milvus 2.3.5 (the first time it unpacks for some seconds) ...", flush=True)
    try:
        server.start()
        print(f"Milvus is ready: TANDEM_MILVUS_URI={server.uri}", flush=True)
        print(f"Its data is kept in {server.data}; Ctrl-C ends it.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        print("Stopping Milvus ...", flush=True)
        server.stop()
        return 0


if __name__ == "__main__":
    sys.exit(main())
