"""Imports the heavy libraries in the background, after the first page has been drawn.

At the top of a page they delay its first text from 1 s to 7 s. One module at a time, so that a person
who is quick waits for one import at most.
"""

from __future__ import annotations

import gc
import threading
import time

from core import import_alone

# In the order in which a first visit needs them.
MODULES = (
    "pymilvus",
    "milvus_lite",
    "openai",
    "wordllama",
    "plotly.graph_objects",
    "pandas",
    "llama_index.core",
    "llama_index.vector_stores.milvus",
    "llama_index.llms.openai_like",
    "llama_index.embeddings.openai_like",
    "langchain_openai",
    "langchain_milvus",
    "langchain_text_splitters",
)

_started = threading.Event()


def start(delay: float = 0.5) -> None:
    """Begin once a process; later calls do nothing. `delay` seconds leave room for the first page."""
    if not _started.is_set():
        _started.set()
        threading.Thread(target=_warm, args=(delay,), name="tandem-warm", daemon=True).start()


def _warm(delay: float) -> None:
    time.sleep(delay)
    for module in MODULES:
        try:
            import_alone(module)
        except ImportError:
            continue  # what needs it will say so, in its own words
        time.sleep(0.02)
    # 200 ms of garbage collection a run with all of these loaded; 8 ms once they are frozen.
    gc.collect()
    gc.freeze()
