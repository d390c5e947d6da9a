"""The bytes of an upload, read when its turn comes."""

from __future__ import annotations

from pathlib import Path

from core.errors import DocumentError
from core.ingest.records import Upload
from core.settings import Settings

_MEGABYTE = 1024 * 1024


def read(name: str, upload: Upload, settings: Settings) -> bytes:
    """The file's bytes; blocks. Raises `DocumentError` when it cannot be read, or is over the limit."""
    if isinstance(upload.data, bytes):
        return upload.data
    try:
        return _read(name, upload.data, settings)
    except FileNotFoundError:
        raise DocumentError(f"“{name}” is not there: check the path {upload.data}.") from None
    except OSError as error:
        raise DocumentError(
            f"“{name}” cannot be read ({error.strerror or type(error).__name__}): check its permissions."
        ) from None


def _read(name: str, path: Path, settings: Settings) -> bytes:
    if path.exists() and not path.is_file():
        raise DocumentError(f"“{name}” is not a file: name the files in it, or give a folder of documents.")
    size = path.stat().st_size / _MEGABYTE
    if size > settings.max_file_mb:
        raise DocumentError(
            f"“{name}” is too large ({size:,.1f} MB; the limit is {settings.max_file_mb:g} MB):"
            " split it, or raise TANDEM_MAX_FILE_MB."
        )
    return path.read_bytes()
