"""What the commands print, and progress bars."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.errors import StorageError


def print_json(value: Any, *, line: bool = False) -> None:
    """Print a JSON document, or one JSON line."""
    print(json.dumps(value, ensure_ascii=False, indent=None if line else 2), flush=True)


def write_text(path: Path, text: str) -> None:
    """Write a file, or to the terminal when the path is `-`; `StorageError` when it cannot be written."""
    if str(path) == "-":
        print(text, flush=True)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"The file {path} cannot be written ({error.strerror or type(error).__name__}): name another one."
        ) from None


def say(text: str = "") -> None:
    """Print a line for people."""
    print(text, flush=True)


def shorten(text: str, width: int) -> str:
    """The text on one line, at most `width` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


class BarProgress:
    """Ingest progress as a bar on a terminal, and nothing where there is none."""

    def __init__(self, *, quiet: bool) -> None:
        hidden = quiet or not sys.stderr.isatty()
        self._bar = tqdm(total=0, unit="", disable=hidden, file=sys.stderr, leave=False)

    def update(self, *, stage: str, done: int, total: int, message: str = "") -> None:
        """Show how far a stage is."""
        self._bar.set_description_str(f"{stage} {shorten(message, 40)}".strip(), refresh=False)
        self._bar.total, self._bar.n = total, done
        self._bar.refresh()

    def file(self, name: str, state: str, detail: str = "") -> None:
        """Say when a file is refused; the rest is in the summary."""
        if state == "failed" and not self._bar.disable:
            self._bar.write(f"{name}: {detail}", file=sys.stderr)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
