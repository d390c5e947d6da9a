"""Which settings an evaluation compares, and what it costs before it starts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from core.engines.base import ENGINE_NAMES, EngineName, Mode, Retrieval
from core.errors import UsageError
from core.evaluate.records import RETRIEVAL_LABELS, ChunkSize, Variant
from core.settings import Settings

MOST_VARIANTS = 64
MOST_TOP_K = 50
_SIZES = (100, 8000)  # as Settings.chunk_size
_EXAMPLE = "llamaindex,langchain x dense,hybrid x k=3,5 x chunk=500,1000 x controlled,native"
_ENGINES = {name: (name,) for name in ENGINE_NAMES} | {"both": ENGINE_NAMES}


@dataclass(frozen=True)
class Defaults:
    """What a grid has where it names nothing: both frameworks, dense and (if there is one) hybrid."""

    settings: Settings
    hybrid: bool

    @property
    def retrievals(self) -> tuple[Retrieval, ...]:
        """The kinds of retrieval worth comparing first."""
        return (Retrieval.DENSE, Retrieval.HYBRID) if self.hybrid else (Retrieval.DENSE,)


@dataclass(frozen=True)
class Grid:
    """The variants of a grid, each once, and what was left out of it with the reason."""

    variants: tuple[Variant, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Factors:
    """The values that a grid crosses; an empty one takes the default."""

    engines: tuple[EngineName, ...] = ()
    retrievals: tuple[Retrieval, ...] = ()
    top_ks: tuple[int, ...] = ()
    chunks: tuple[ChunkSize, ...] = ()
    modes: tuple[Mode, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What an evaluation will ask for, at most; a resumed one asks for less.

    `model_calls` are answers, `judge_calls` judgements of them. `indexing` names the corpora that
    have to be indexed first, with their documents.
    """

    questions: int
    variants: int
    retrievals: int
    model_calls: int
    judge_calls: int
    indexing: tuple[tuple[str, int], ...] = field(default=())

    @property
    def sentence(self) -> str:
        """The cost for people."""
        grid = f"{_count(self.questions, 'question')} under {_count(self.variants, 'variant')}"
        parts = [f"{grid}: {_count(self.retrievals, 'retrieval')}"]
        parts.append(_count(self.model_calls, "answer") if self.model_calls else "no model calls")
        if self.judge_calls:
            parts.append(_count(self.judge_calls, "judgement"))
        text = ", ".join(parts) + "."
        for label, documents in self.indexing:
            indexed = f"{_count(documents, 'document')} {'is' if documents == 1 else 'are'} indexed"
            text += f" First, {indexed} as {label}."
        return text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def default_variants(defaults: Defaults) -> tuple[Variant, ...]:
    """Both frameworks, dense and hybrid where the backend has it, at the top-k of the settings."""
    return expand(Factors(), defaults).variants


def parse_variants(texts: str | Sequence[str], defaults: Defaults) -> Grid:
    """Read grids like `llamaindex,langchain x dense,hybrid x k=3,5`; several are put together.

    A factor that a grid does not name takes its default. Raises `UsageError` that names the part
    that is not understood.
    """
    given = [texts] if isinstance(texts, str) else list(texts)
    grids = [expand(_factors(text, defaults.settings), defaults) for text in given]
    variants = tuple(dict.fromkeys(variant for grid in grids for variant in grid.variants))
    skipped = tuple(dict.fromkeys(reason for grid in grids for reason in grid.skipped))
    if not variants:
        raise UsageError(" ".join(["The variants leave nothing to run.", *skipped]))
    return Grid(check_variants(variants), skipped)


def check_variants(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants, each once; `UsageError` when there are none or too many."""
    unique = tuple(dict.fromkeys(variants))
    if not unique:
        raise UsageError("There is no variant to evaluate: choose at least one framework and one retrieval.")
    if len(unique) > MOST_VARIANTS:
        raise UsageError(
            f"The grid has {len(unique):,} variants and the limit is {MOST_VARIANTS}: leave out some values."
        )
    return unique


def expand(factors: Factors, defaults: Defaults) -> Grid:
    """Every combination that can be run.

    In native mode each framework cuts the documents in its own way, so chunk sizes do not multiply,
    and top-k is its own unless it is named; there is no hybrid retrieval.
    """
    found: dict[Variant, None] = {}
    skipped: dict[str, None] = {}
    crossed = product(
        factors.modes or (Mode.CONTROLLED,),
        factors.chunks or (None,),
        factors.top_ks or (None,),
        factors.retrievals or defaults.retrievals,
        factors.engines or ENGINE_NAMES,
    )
    for mode, chunk, top_k, retrieval, engine in crossed:
        if reason := _impossible(mode, retrieval, defaults):
            if factors.retrievals:  # what nobody asked for by name goes without a word
                skipped[reason] = None
        elif mode is Mode.NATIVE:
            found[Variant(engine, retrieval, top_k, None, mode)] = None
        else:
            found[Variant(engine, retrieval, top_k or defaults.settings.top_k, chunk, mode)] = None
    return Grid(tuple(found), tuple(skipped))


def chunk_size(text: str, settings: Settings) -> ChunkSize:
    """`500` or `500/50`: without an overlap, the same share of a chunk as in the settings."""
    match = re.fullmatch(r"(\d{1,5})(?:[/-](\d{1,5}))?", text)
    size = int(match[1]) if match else 0
    if match is None or not _SIZES[0] <= size <= _SIZES[1]:
        raise UsageError(
            f"“{text[:40]}” is not a chunk size: write {_SIZES[0]} to {_SIZES[1]} characters, "
            "with an overlap if you like, as in chunk=500/50."
        )
    share = settings.chunk_overlap / settings.chunk_size
    overlap = int(match[2]) if match[2] else round(size * share)
    if overlap > size // 2:
        raise UsageError(
            f"The overlap of chunk={text} is more than half a chunk: choose {size // 2} or less."
        )
    return ChunkSize(size, overlap)


def _impossible(mode: Mode, retrieval: Retrieval, defaults: Defaults) -> str:
    """Why a combination cannot be run; empty where it can."""
    if retrieval is Retrieval.HYBRID and mode is Mode.NATIVE:
        return "Native mode has no hybrid retrieval, so that was left out."
    if retrieval is Retrieval.HYBRID and not defaults.hybrid:
        return "This Milvus has no BM25, so hybrid retrieval was left out."
    return ""


def _factors(text: str, settings: Settings) -> Factors:
    factors = Factors()
    for part in re.split(r"\s+[x×*]\s+", text.strip().lower()):
        for value in _values(part):
            factors = _with(factors, *value, text, settings)
    return factors


def _values(part: str) -> list[tuple[str, str]]:
    """(prefix, value) of each comma-separated value; `k=3,5` has the prefix for both."""
    found, prefix = [], ""
    for item in filter(None, (piece.strip() for piece in part.split(","))):
        name, equals, value = item.partition("=")
        if equals:
            prefix = name.strip()
        found.append((prefix, value.strip() if equals else item))
    return found


def _with(factors: Factors, prefix: str, value: str, text: str, settings: Settings) -> Factors:
    if prefix in {"k", "top_k", "top-k"}:
        if not value.isdecimal() or not 1 <= int(value) <= MOST_TOP_K:
            raise UsageError(f"k={value[:20]} is not a top-k: choose a number from 1 to {MOST_TOP_K}.")
        return replace(factors, top_ks=(*factors.top_ks, int(value)))
    if prefix in {"chunk", "chunks", "chunk_size"}:
        return replace(factors, chunks=(*factors.chunks, chunk_size(value, settings)))
    if not prefix and value in _ENGINES:
        return replace(factors, engines=(*factors.engines, *_ENGINES[value]))
    if not prefix and value in set(Retrieval):
        return replace(factors, retrievals=(*factors.retrievals, Retrieval(value)))
    if not prefix and value in set(Mode):
        return replace(factors, modes=(*factors.modes, Mode(value)))
    shown = f"{prefix}={value}" if prefix else value
    kinds = ", ".join(RETRIEVAL_LABELS)
    raise UsageError(
        f"“{shown[:40]}” in --variants “{text[:80]}” is not understood: name frameworks "
        f"({', '.join(ENGINE_NAMES)}), retrievals ({kinds}), k=, chunk=, controlled or native, "
        f"as in “{_EXAMPLE}”."
    )
