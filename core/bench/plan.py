"""What to measure: the plan of a run, checked, and the cells that it unfolds into."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import UsageError
from core.settings import Consistency

Framework = Literal["pymilvus", "llamaindex", "langchain"]
ModeName = Literal["sequential", "threads", "asyncio", "batch", "open"]
FRAMEWORKS: tuple[Framework, ...] = ("pymilvus", "llamaindex", "langchain")
MODES: tuple[ModeName, ...] = ("sequential", "threads", "asyncio", "batch")
FRAMEWORK_LABELS: dict[Framework, str] = {
    "pymilvus": "bare pymilvus",
    "llamaindex": "LlamaIndex",
    "langchain": "LangChain",
}
DEFAULT_ROUNDS = 8
DEFAULT_THREADS = 64
MAX_CALLS = 100_000
# "All at once" ends here: four times what any of the tutorials does; beyond it, memory is measured.
MOST_AT_ONCE = 4096

_T = TypeVar("_T")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class CellKey:
    """What one cell measures.

    `concurrency` is the pool size of threads, the limit of asyncio (0: all calls at once), the cap
    of an open-loop load, and 1 for sequential and batch. `rtt_ms` is the added round trip (0: none).
    `load` is "" or, for the mode "open", a rate ("200/s") or a share of the measured maximum ("70%").
    """

    framework: Framework
    operation: str
    mode: ModeName
    count: int
    concurrency: int
    consistency: Consistency
    rtt_ms: float
    load: str = ""

    @property
    def label(self) -> str:
        """Short name that tells this cell from every other of its run."""
        width = f",c={self.concurrency}" if self.mode in {"threads", "asyncio"} else ""
        load = f",{self.load}" if self.load else ""
        where = f"n={self.count}{width},{self.consistency},rtt={self.rtt_ms:g}{load}"
        return f"{self.framework}.{self.operation}.{self.mode}@{where}"

    @property
    def limit(self) -> int:
        """Most calls that may be under way at once."""
        return min(self.concurrency or MOST_AT_ONCE, self.count)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CellKey:
        """What `to_json` gave."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


class Plan(BaseModel):
    """A run, before it starts. Frozen; make it with `Plan.make`, which words its complaints.

    The cells are the product of frameworks, operations (those that a framework has), modes, counts,
    concurrencies, consistency levels and round trips, less the combinations that mean nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    name: str = Field("Custom run", max_length=200, description="Shown in lists.")
    preset: str = Field("", max_length=40, description="Preset that this plan came from.")
    frameworks: tuple[Framework, ...] = Field(FRAMEWORKS, min_length=1)
    operations: tuple[str, ...] = Field(
        (), description="`insert` or `llamaindex.add`; empty is each framework's insert and search."
    )
    modes: tuple[ModeName, ...] = Field(MODES, min_length=1)
    counts: tuple[int, ...] = Field((100,), min_length=1, description="Calls in one round.")
    concurrencies: tuple[int, ...] = Field(
        (0,), min_length=1, description="Pool size or limit; 0 is all at once (threads: 64)."
    )
    consistencies: tuple[Consistency, ...] = Field(("Bounded",), min_length=1)
    rtts_ms: tuple[float, ...] = Field((0.0,), min_length=1, description="Added round trips.")
    loads: tuple[str, ...] = Field((), description='Open-loop loads: "200/s" or "70%" of the maximum.')
    open_cap: int = Field(256, ge=1, le=10_000, description="Open loop: most calls under way; others drop.")
    rounds: int = Field(DEFAULT_ROUNDS, ge=1, le=100, description="Measured rounds, when time allows.")
    warmup_calls: int = Field(20, ge=0, le=10_000, description="Calls of the warm-up round of each cell.")
    time_budget_s: float | None = Field(None, gt=0, description="Seconds that the run may take.")
    dimension: int = Field(768, ge=2, le=32_768)
    rows: int = Field(1000, ge=1, le=1_000_000, description="Rows in a collection before it is read.")
    top_k: int = Field(3, ge=1, le=100)
    seed: int = Field(0, ge=0, description="Seed of data, order and arrivals.")
    metric: Literal["COSINE", "IP", "L2"] = "COSINE"
    embedding_ms: float = Field(0, ge=0, le=60_000, description="Pretended time of an embedding request.")
    first_token_ms: float = Field(0, ge=0, le=60_000, description="Whole questions: delay to first token.")
    token_ms: float = Field(0, ge=0, le=10_000, description="Whole questions: delay per further token.")

    @classmethod
    def make(cls, **given: Any) -> Plan:
        """A checked plan; raise `UsageError` naming each wrong field and what it takes."""
        try:
            return cls(**{key: value for key, value in given.items() if value is not None})
        except ValidationError as error:
            raise UsageError(_explain(error)) from None

    @field_validator("counts")
    @classmethod
    def _check_counts(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        return _within(values, 1, MAX_CALLS)

    @field_validator("concurrencies")
    @classmethod
    def _check_concurrencies(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        return _within(values, 0, 1024)

    @field_validator("rtts_ms")
    @classmethod
    def _check_rtts(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        return _within(values, 0, 2000)

    @field_validator("loads")
    @classmethod
    def _check_loads(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            parse_load(value)
        return _distinct(values)

    @field_validator("frameworks", "operations", "modes", "consistencies")
    @classmethod
    def _check_repeats(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return _distinct(values)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """What `to_json` gave; fields of a later version are passed over."""
        return cls.make(**{key: value for key, value in data.items() if key in cls.model_fields})

    @property
    def workload(self) -> dict[str, Any]:
        """What shapes the data and the calls: two runs compare only when this is equal."""
        names = ("dimension", "rows", "top_k", "seed", "metric", "embedding_ms", "first_token_ms", "token_ms")
        return {name: getattr(self, name) for name in names}

    @property
    def workload_hash(self) -> str:
        """Hash (16 hex digits) of `workload`."""
        return hashlib.sha256(json.dumps(self.workload, sort_keys=True).encode()).hexdigest()[:16]


def parse_load(text: str) -> tuple[float | None, float | None]:
    """An open-loop load as (calls a second, share of the maximum); one of them is None."""
    try:
        if text.endswith("/s") and 0 < (rate := float(text[:-2])) <= 1e6:
            return rate, None
        if text.endswith("%") and 0 < (share := float(text[:-1])) <= 100:
            return None, share / 100
    except ValueError:
        pass
    raise ValueError('must look like "200/s" or "70%"')


def _within(values: tuple[_Number, ...], low: float, high: float) -> tuple[_Number, ...]:
    for value in values:
        if not low <= value <= high:
            raise ValueError(f"{value} is not between {low:g} and {high:g}")
    return _distinct(values)


def _distinct(values: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))


def _explain(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else "plan"
        parts.append(f"{name}: {item['msg'].removeprefix('Value error, ')}")
    return "This benchmark plan is not usable. " + "; ".join(dict.fromkeys(parts)) + "."
