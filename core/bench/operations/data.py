"""The data of the calls, made as the tutorials make theirs, and the same for every framework and mode."""

from __future__ import annotations

import random
import zlib
from functools import lru_cache

# Distinct queries; further calls ask them again.
QUERIES = 1000


def vector(dimension: int, last: float) -> list[float]:
    """The tutorials' vector: 0.5 everywhere but at the end. The 0.5 is one shared object."""
    return [*_halves(dimension - 1), last]


def numbers(seed: int, count: int) -> list[float]:
    """Numbers from 0 to 1 that follow from the seed."""
    source = random.Random(seed)  # noqa: S311 - test data
    return [source.random() for _ in range(count)]


def row_ids(seed: int, count: int) -> list[str]:
    """Distinct ids of sixteen digits, as the LlamaIndex tutorial draws them."""
    source = random.Random(f"ids {seed}")  # noqa: S311 - test data
    return [f"{number:016d}" for number in source.sample(range(10**16), count)]


def text_vector(dimension: int, text: str) -> list[float]:
    """A stand-in for an embedding model: the vector that belongs to a text."""
    return vector(dimension, zlib.crc32(text.encode()) / 2**32)


def document_text(index: int, number: float) -> str:
    """The text of the LangChain tutorial's documents."""
    return f"This is test document {index} with some random content: {number}"


def document_metadata(index: int, number: float) -> dict[str, object]:
    """The metadata of the LangChain tutorial's documents."""
    return {"id": f"doc_{index}", "score": number, "category": f"cat_{index % 5}"}


def query_text(index: int) -> str:
    """The question of a search by text."""
    return f"test document {index % QUERIES}"


@lru_cache(maxsize=8)
def _halves(length: int) -> tuple[float, ...]:
    return (0.5,) * length
