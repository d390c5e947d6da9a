"""A real PostgreSQL of the tests' own, from Debian's package, on loopback and in a temporary folder."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_USER = "postgres"  # PostgreSQL refuses to run as root
_DEBIAN = Path("/usr/lib/postgresql")
# Below the range of outgoing connections: the port of a stopped server must still be free later.
_PORTS = (20000, 32000)
# Ends when its input does: at the end of the block, or with the process that started it, however it dies.
_WATCHDOG = 'cat >/dev/null; "$1" -D "$2/data" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$2"'


def unsupported() -> str:
    """Why no server can be started here; empty when one can."""
    if _programs() is None:
        return "PostgreSQL is not installed here (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _known(_USER)):
        return f"PostgreSQL does not run as root, and there is no user {_USER} to run it as"
    return ""


class PostgresServer:
    """A cluster that lasts as long as the `with` block; `stop` and `start` come and go in between."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.url = f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/postgres"
        # Not pytest's own folder: only its owner may look into that one.
        self._home = Path(tempfile.mkdtemp(prefix="tandem-postgres-"))
        self._data = self._home / "data"

    def __enter__(self) -> PostgresServer:
        if os.geteuid() == 0:
            shutil.chown(self._home, _USER)
        watch = _as_user("sh", "-c", _WATCHDOG, "watchdog", str(_program("pg_ctl")), str(self._home))
        # A session of its own: Ctrl-C in the terminal must not reach it before it has done its work.
        self._watchdog = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
        try:
            options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
            self._run("initdb", "-D", str(self._data), "-U", _USER, *options)
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.close()
        self._watchdog.wait(30)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        log = str(self._home / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop it as a crash would: connections break, nothing is tidied up. Fine when it is stopped."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop", check=False)

    def _run(self, name: str, *arguments: str, check: bool = True) -> None:
        # To a file and not a pipe: the server would keep a pipe open for as long as it runs.
        with (self._home / "output").open("w+") as output:
            command = _as_user(str(_program(name)), *arguments)
            done = subprocess.run(command, cwd=self._home, stdout=output, stderr=output, check=False)
            output.seek(0)
            if check and done.returncode:
                raise RuntimeError(f"{name} failed: {output.read()[-2000:]}")


def _as_user(*command: str) -> list[str]:
    return ["runuser", "-u", _USER, "--", *command] if os.geteuid() == 0 else list(command)


def _program(name: str) -> Path:
    folder = _programs()
    assert folder is not None
    return folder / name


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _known(user: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    while True:
        port = random.randrange(*_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
