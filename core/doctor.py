"""What is in force, whether each connection works, and how to mend what does not."""

from __future__ import annotations

import asyncio
import platform
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from core import models
from core.errors import StorageError, TandemError, redact
from core.loop import get_loop
from core.settings import Settings
from core.workspace import open_backend, open_catalogue, open_model

_PACKAGES = ("streamlit", "pymilvus", "milvus-lite", "llama-index-core", "langchain-core", "langchain-milvus")
_LOW_DISK_MB = 500
_MODEL_CHECKS = {"models": "Model endpoint", "embed": "Embedding model", "chat": "Chat model"}


@dataclass(frozen=True)
class Check:
    """One thing that was tried. `detail` is what was found, or the sentence that says what is wrong."""

    name: str
    ok: bool
    detail: str


async def diagnose(settings: Settings) -> tuple[Check, ...]:
    """Try everything that the settings name; never raises, never shows a secret."""
    trials = (
        ("Python and packages", _packages),
        ("Disk", _disk),
        ("Catalogue", _catalogue),
        ("Milvus", _milvus),
    )
    checks = await asyncio.gather(*(_try(name, trial, settings) for name, trial in trials))
    return (*checks, *await _models(settings))


async def _try(name: str, trial: Callable[[Settings], Awaitable[str]], settings: Settings) -> Check:
    try:
        return Check(name, True, await trial(settings))
    except TandemError as error:
        return Check(name, False, redact(str(error), settings.secrets))
    except Exception as error:  # noqa: BLE001 - a diagnosis reports whatever goes wrong
        return Check(name, False, f"The check failed with {type(error).__name__}.")


async def _packages(settings: Settings) -> str:
    found = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return f"Python {platform.python_version()}, {found}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


async def _disk(settings: Settings) -> str:
    return await get_loop().blocking(_write_to_disk, settings)


def _write_to_disk(settings: Settings) -> str:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home) as file:
            file.write(b"tandem")
        free = shutil.disk_usage(settings.home).free // 2**20
    except OSError as error:
        raise StorageError(
            f"The folder {settings.home} cannot be written ({error.strerror}): free some space, correct "
            "its permissions, or set TANDEM_HOME to another folder."
        ) from error
    if free < _LOW_DISK_MB:
        raise StorageError(f"Only {free} MB are free at {settings.home}: free some space.")
    return f"{settings.home} can be written, {free / 1024:.1f} GB free"


async def _catalogue(settings: Settings) -> str:
    catalogue = await open_catalogue(settings)
    return catalogue.url


async def _milvus(settings: Settings) -> str:
    backend = await open_backend(settings)
    rtt = await get_loop().blocking(backend.ping)
    hybrid = "hybrid search" if backend.capabilities.hybrid else "no hybrid search (Milvus 2.5 has it)"
    writers = "concurrent writers" if backend.capabilities.concurrent_writers else "one writer a collection"
    return f"{backend.label} at {backend.address.shown}, round trip {rtt:.1f} ms, {hybrid}, {writers}"


async def _models(settings: Settings) -> tuple[Check, ...]:
    try:
        model = await open_model(settings)
    except TandemError as error:
        return (Check("Model endpoint", False, redact(str(error), settings.secrets)),)
    tried = await get_loop().blocking(models.probe, model.endpoint, settings)
    shown = {"models": model.endpoint.label, "embed": model.endpoint.embedding_label, "chat": ""}
    return tuple(
        Check(
            _MODEL_CHECKS[item.name],
            item.ok,
            " · ".join(
                part for part in (shown[item.name], item.detail, f"{item.milliseconds:.0f} ms") if part
            ),
        )
        for item in tried
    )
