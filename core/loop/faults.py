"""Errors that reach nobody but the log."""

from __future__ import annotations


def locate(error: BaseException) -> str:
    """The error's type and the line that raised it; never its text, which may hold a secret."""
    trail = error.__traceback__
    while trail is not None and trail.tb_next is not None:
        trail = trail.tb_next
    place = f" at {trail.tb_frame.f_code.co_filename}:{trail.tb_lineno}" if trail is not None else ""
    return f"{type(error).__name__}{place}"
