"""The event loop beside the real libraries: pymilvus, LlamaIndex, Streamlit."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.loop import EventLoopThread, run
from tests.core.loop_guards import SyncWrapperError, forbid_sync_wrappers


def test_pitfall_1_one_milvus_client_serves_every_thread_and_closes_with_the_loop(tmp_path: Path) -> None:
    from pymilvus import AsyncMilvusClient, MilvusClient

    uri = str(tmp_path / "lite.db")
    server = MilvusClient(uri)
    loop = EventLoopThread().start()

    async def connect() -> Any:
        return AsyncMilvusClient(uri, dedicated=True, timeout=10)

    async def ask() -> list[str]:
        client = await loop.resource("milvus", connect, lambda client: client.close())
        return await client.list_collections()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: loop.run(ask(), timeout=20), range(50)))
    client = loop.run(loop.resource("milvus", connect))
    loop.shutdown()
    server.close()
    assert answers == [[]] * 50
    assert client._closed


def test_pitfall_3_llamaindex_s_blocking_wrappers_are_caught_on_the_loop() -> None:
    from llama_index.core.async_utils import asyncio_run, run_async_tasks

    async def innocent() -> int:
        return 1

    async def offend(wrapper: Any, argument: Any) -> None:
        wrapper(argument)

    with forbid_sync_wrappers():
        from llama_index.core import async_utils

        assert async_utils.asyncio_run(innocent()) == 1  # elsewhere it may block
    for name, argument in (("asyncio_run", innocent()), ("run_async_tasks", [innocent()])):
        with pytest.raises(SyncWrapperError, match=name), forbid_sync_wrappers():
            run(offend(getattr(async_utils, name), argument))
    assert (async_utils.asyncio_run, async_utils.run_async_tasks) == (asyncio_run, run_async_tasks)


def test_pitfall_3_an_offence_that_a_framework_swallows_is_caught() -> None:
    def swallow() -> None:
        import nest_asyncio

        try:
            nest_asyncio.apply()
        except AssertionError:
            return

    with pytest.raises(SyncWrapperError, match=r"nest_asyncio\.apply"), forbid_sync_wrappers():
        swallow()
    assert "nest" not in asyncio.run.__module__


def page() -> None:
    """An app script; AppTest runs its source in a script thread."""
    import threading

    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.script_run_context import (
        get_run_yield_check,
        get_script_run_ctx,
    )

    from core.loop import run, stream

    async def tokens():  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield f"{threading.current_thread().name} "

    async def whose():  # type: ignore[no-untyped-def]
        return get_script_run_ctx(suppress_warning=True)

    assert get_script_run_ctx() is not None
    st.write_stream(stream(tokens(), checkpoint=get_run_yield_check()))
    st.text(str(run(whose(), checkpoint=get_run_yield_check())))


def test_pitfalls_2_and_8_a_page_streams_from_our_loop_which_belongs_to_no_user() -> None:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(page, default_timeout=20).run()
    assert not app.exception
    assert app.markdown[0].value.split() == ["tandem-loop"] * 3
    assert app.text[0].value == "None"


def stopping_page() -> None:
    """A page whose run is to end while it waits, as when its tab is closed."""
    import asyncio

    import streamlit as st
    from streamlit.runtime.scriptrunner import StopException

    from core.loop import run

    async def work():  # type: ignore[no-untyped-def]
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            st.cleaned.set()

    def checkpoint():  # type: ignore[no-untyped-def]
        raise StopException

    run(work(), checkpoint=checkpoint)
    st.text("never")


def test_pitfall_6_streamlit_stops_a_waiting_page_and_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    cleaned = threading.Event()
    monkeypatch.setattr(st, "cleaned", cleaned, raising=False)
    app = AppTest.from_function(stopping_page, default_timeout=20).run()
    assert cleaned.is_set()
    assert not app.text
    assert not app.exception
