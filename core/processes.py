"""Which process holds something that is kept in a database, and whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

EXPIRES = 60.0
"""Seconds of silence after which a holder on another machine is taken for dead."""


def this_process() -> str:
    """A mark of this process that no other one has, at most 150 characters; it ends with `|`."""
    return f"{_machine()}|{os.getpid()}|{_born(os.getpid())}|"


def has_ended(mark: str) -> bool:
    """Whether the mark's process was one of this machine that has ended; what follows it is passed over.

    False as well for what is no mark: then only silence can tell.
    """
    machine, process, born = [*mark.split("|"), "", "", ""][:3]
    return bool(born) and machine == _machine() and _born(int(process)) != born


def _machine() -> str:
    """This machine and, on Linux, the container: process numbers mean something only inside it."""
    try:
        inside = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        inside = ""
    return f"{socket.gethostname()[:64]} {inside}".replace("|", " ")


def _born(process: int) -> str:
    """When a process started, in ticks since boot, so that a reused number is told apart.

    Empty when it has ended, or where there is no /proc to ask.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
