"""The operations: a table of call pairs. Importing this room imports no framework."""

from __future__ import annotations

from core.bench.operations import bare, langchain, llamaindex, questions
from core.bench.operations.base import NO_BATCH, Family, Kit, Operation, Stage
from core.bench.plan import Framework

__all__ = ["NO_BATCH", "TABLE", "Family", "Kit", "Operation", "Stage", "find", "resolve"]

TABLE: dict[tuple[Framework, str], Operation] = {
    (item.framework, item.name): item
    for item in (*bare.OPERATIONS, *llamaindex.OPERATIONS, *langchain.OPERATIONS, *questions.OPERATIONS)
}

# What a family name means in a framework that has no operation of that very name: the one that does
# the same as the bare client, with no embedding in between.
_LEADERS: dict[str, dict[Framework, str]] = {
    "insert": {"llamaindex": "add", "langchain": "add_embeddings"},
    "search": {"llamaindex": "query", "langchain": "similarity_search_by_vector"},
    "read": {"pymilvus": "query", "llamaindex": "get_nodes", "langchain": "get_pks"},
}
DEFAULTS = ("insert", "search")


def find(framework: Framework, name: str) -> Operation | None:
    """The operation of a framework by its name, or by a family's (`insert`, `search`, `read`)."""
    exact = TABLE.get((framework, name))
    return exact or TABLE.get((framework, _LEADERS.get(name, {}).get(framework, "")))


def resolve(framework: Framework, names: tuple[str, ...]) -> tuple[Operation, ...]:
    """The operations that `names` mean in a framework; `llamaindex.add` means it in that one only."""
    found: dict[str, Operation] = {}
    for name in names or DEFAULTS:
        prefix, _, rest = name.rpartition(".")
        if prefix and prefix != framework:
            continue
        if operation := find(framework, rest):
            found[operation.name] = operation
    return tuple(found.values())


def names() -> tuple[str, ...]:
    """Every operation as `framework.name`, in the order of the table."""
    return tuple(f"{framework}.{name}" for framework, name in TABLE)
