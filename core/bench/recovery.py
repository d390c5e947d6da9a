"""What happens when Milvus, or the delay proxy before it, goes away in the middle of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial

from core.bench.drivers.blocking import on_thread
from core.bench.lab import Lab
from core.bench.plan import CellKey
from core.errors import BackendError
from core.milvus import explain

# A server that was restarted needs about 15 s until it answers.
RECOVER_SECONDS = 45.0
_PAUSE = 0.5


async def recover(lab: Lab, key: CellKey, collections: Iterable[str], warn: Callable[[str], None]) -> None:
    """Start the cell's proxy again, or wait until Milvus answers and has the collections loaded.

    `warn` is told in one sentence. Raises `BackendError` when Milvus stays away. A proxy that was
    replaced shows as a new target in `lab.targets`.
    """
    proxy = lab.targets[key.rtt_ms].proxy
    if proxy is not None and not proxy.running:
        await lab.reopen(key.rtt_ms)
        warn(
            f"The delay proxy of {key.rtt_ms:g} ms ended during {key.label} and was started again: "
            "that round does not count."
        )
        return
    gone = time.monotonic()
    await _wait(lab, key, tuple(collections), gone + RECOVER_SECONDS)
    warn(
        f"Milvus stopped answering during {key.label}, and answered again {time.monotonic() - gone:.0f} s "
        "later: that round does not count."
    )


async def _wait(lab: Lab, key: CellKey, collections: tuple[str, ...], end: float) -> None:
    backend = lab.backend
    while True:
        try:
            await on_thread(backend.ping)
            for name in collections:
                await on_thread(partial(backend.wait_loaded, name))
        except Exception as error:
            if time.monotonic() > end:
                sentence = explain(error, backend.address, backend.settings)
                raise BackendError(
                    f"{sentence} The run ended during {key.label}; the cells that were finished are kept."
                ) from error
        else:
            return
        await asyncio.sleep(_PAUSE)
