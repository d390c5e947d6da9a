"""Bare pymilvus: the baseline that shows what each framework adds."""

from __future__ import annotations

from typing import Any

from core.bench.drivers import Work
from core.bench.operations import data
from core.bench.operations.base import Operation, Stage, first_wrong, lazily

FIELDS = ["text"]
_FILL_BATCH = 1000


class BareKit:
    """Collections with an id, a text and a vector; the store is the target's pair of clients."""

    def open(self, stage: Stage) -> Any:
        """See `Kit.open`."""
        clients = stage.target.clients
        if not stage.backend.has(stage.collection):
            _create(stage)
        return clients

    def fill(self, store: Any, stage: Stage) -> None:
        """See `Kit.fill`."""
        make = _maker(stage, stage.rows, seed_offset=0)
        for start in range(0, stage.rows, _FILL_BATCH):
            stop = min(start + _FILL_BATCH, stage.rows)
            store.sync.insert(stage.collection, [make(index) for index in range(start, stop)])


def _create(stage: Stage) -> None:
    from pymilvus import DataType

    client, timeout = stage.backend.controlled.sync, stage.backend.admin_timeout
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("text", DataType.VARCHAR, max_length=1000)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=stage.plan.dimension)
    indexes = client.prepare_index_params()
    indexes.add_index("embedding", index_type="AUTOINDEX", metric_type=stage.plan.metric)
    client.create_collection(
        stage.collection, schema=schema, consistency_level=stage.key.consistency, timeout=timeout
    )
    client.create_index(stage.collection, indexes)
    stage.backend.begin_load(stage.collection)


def _maker(stage: Stage, count: int, *, seed_offset: int) -> Any:
    """Rows by index; another offset gives other rows."""
    ids = data.row_ids(stage.plan.seed + seed_offset, count)
    ends = data.numbers(stage.plan.seed + seed_offset, count)
    dimension = stage.plan.dimension

    def row(index: int) -> dict[str, Any]:
        return {
            "id": ids[index],
            "text": f"n{index}_text",
            "embedding": data.vector(dimension, ends[index]),
        }

    return row


def _insert(clients: Any, stage: Stage) -> Work:
    row = lazily(stage.count, _maker(stage, stage.count, seed_offset=1))
    name, sync, aio, effects = stage.collection, clients.sync, clients.aio, stage.effects

    def verify(ok: int, failed: int) -> str:
        ids = [] if failed else [row(index)["id"] for index in range(min(ok, 300))]
        return first_wrong(effects.grew(0, ok, failed), effects.all_there("id", ids))

    return Work(
        stage.count,
        lambda index: sync.insert(name, [row(index)]),
        lambda index: aio.insert(name, [row(index)]),
        lambda: sync.insert(name, [row(index) for index in range(stage.count)]),
        check=lambda index, result: "" if result["insert_count"] == 1 else "not inserted",
        check_batch=lambda result: "" if result["insert_count"] == stage.count else "not all inserted",
        verify=verify,
    )


def _search(clients: Any, stage: Stage) -> Work:
    ends = data.numbers(stage.plan.seed + 2, data.QUERIES)
    vectors = [data.vector(stage.plan.dimension, end) for end in ends[: min(stage.count, data.QUERIES)]]
    name, sync, aio = stage.collection, clients.sync, clients.aio
    options = {"limit": stage.plan.top_k, "output_fields": FIELDS}
    many, wanted = len(vectors), min(stage.plan.top_k, stage.rows)

    def all_vectors() -> list[list[float]]:
        return [vectors[index % many] for index in range(stage.count)]

    return Work(
        stage.count,
        lambda index: sync.search(name, [vectors[index % many]], **options),
        lambda index: aio.search(name, [vectors[index % many]], **options),
        lambda: sync.search(name, all_vectors(), **options),
        check=lambda index, result: "" if len(result[0]) == wanted else "too few hits",
        check_batch=lambda result: "" if all(len(hits) == wanted for hits in result) else "too few hits",
    )


def _query(clients: Any, stage: Stage) -> Work:
    ids = data.row_ids(stage.plan.seed, stage.rows)
    name, sync, aio = stage.collection, clients.sync, clients.aio

    def wanted(index: int) -> str:
        return ids[index % len(ids)]

    def check(index: int, result: Any) -> str:
        return "" if [row["id"] for row in result] == [wanted(index)] else "another row"

    distinct = list(dict.fromkeys(wanted(index) for index in range(stage.count)))
    return Work(
        stage.count,
        lambda index: sync.query(name, ids=[wanted(index)], output_fields=FIELDS),
        lambda index: aio.query(name, ids=[wanted(index)], output_fields=FIELDS),
        lambda: sync.query(name, ids=distinct, output_fields=FIELDS),
        check=check,
        check_batch=lambda result: "" if len(result) == len(distinct) else "too few rows",
    )


def _upsert(clients: Any, stage: Stage) -> Work:
    make = _maker(stage, stage.rows, seed_offset=0)
    row = lazily(stage.count, lambda index: {**make(index), "text": f"changed {index}"})
    name, sync, aio, effects = stage.collection, clients.sync, clients.aio, stage.effects

    def verify(ok: int, failed: int) -> str:
        changed = [] if failed else [row(index)["text"] for index in range(min(ok, 300))]
        return first_wrong(effects.unchanged(stage.rows), effects.all_there("text", changed))

    return Work(
        stage.count,
        lambda index: sync.upsert(name, [row(index)]),
        lambda index: aio.upsert(name, [row(index)]),
        lambda: sync.upsert(name, [row(index) for index in range(stage.count)]),
        verify=verify,
    )


def _delete(clients: Any, stage: Stage) -> Work:
    ids = data.row_ids(stage.plan.seed, stage.rows)
    name, sync, aio, effects = stage.collection, clients.sync, clients.aio, stage.effects
    return Work(
        stage.count,
        lambda index: sync.delete(name, ids=[ids[index]]),
        lambda index: aio.delete(name, ids=[ids[index]]),
        lambda: sync.delete(name, ids=ids[: stage.count]),
        verify=lambda ok, failed: effects.shrank(stage.rows, ok, failed),
    )


_KIT = BareKit()
OPERATIONS = (
    Operation("pymilvus", "insert", "insert", _KIT, _insert, fresh=True, filled=False, batch=""),
    Operation("pymilvus", "search", "search", _KIT, _search, batch=""),
    Operation("pymilvus", "query", "read", _KIT, _query, batch=""),
    Operation("pymilvus", "upsert", "upsert", _KIT, _upsert, fresh=True, batch=""),
    Operation("pymilvus", "delete", "delete", _KIT, _delete, fresh=True, batch=""),
)
