"""Milvus Lite's index files: wait until they are written, and mend one that a kill cut short.

Milvus Lite builds indexes on a background thread and writes the files in place. Loading while one
is half written fails, and so does every later load when the process was killed at that moment.
"""

from __future__ import annotations

from typing import Any


def settle(path: str, collection: str, database: str, seconds: float) -> None:
    """Wait until Lite has built and written the indexes of what was flushed; blocks."""
    from milvus_lite.server_manager import server_manager_instance

    served = server_manager_instance._servers.get(path)  # noqa: SLF001 - the wait has no public name
    if served is not None:
        held = served[1].get_collection(collection, *([database] if database else []))
        held._wait_for_bg(seconds)  # noqa: SLF001


def load(client: Any, collection: str, seconds: float) -> None:
    """Load a collection, building its index files again when they cannot be read; blocks."""
    from pymilvus import MilvusException

    try:
        client.load_collection(collection, timeout=seconds)
    except MilvusException:
        if not client.has_collection(collection, timeout=seconds):
            raise
        _rebuild(client, collection, seconds)
        client.load_collection(collection, timeout=seconds)


def _rebuild(client: Any, collection: str, seconds: float) -> None:
    client.release_collection(collection, timeout=seconds)
    for name in client.list_indexes(collection):
        found = client.describe_index(collection, name, timeout=seconds)
        params = client.prepare_index_params()
        params.add_index(
            field_name=found["field_name"],
            index_name=name,
            index_type=found["index_type"],
            metric_type=found["metric_type"],
        )
        client.drop_index(collection, name, timeout=seconds)
        client.create_index(collection, params, timeout=seconds)
