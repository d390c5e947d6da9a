"""The shape that a run has in a file, checked field by field: a file may come from anywhere."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from core.bench.operations import TABLE
from core.bench.plan import MAX_CALLS, CellKey, Framework, ModeName, parse_load
from core.bench.records import SCHEMA_VERSION, AsyncKind, State
from core.history.texts import LONGEST_NAME, LONGEST_NOTE, clean
from core.milvus import Kind
from core.settings import Consistency

MAX_CELLS = 2000
MAX_SAMPLES = 5_000_000
_HEADER = struct.Struct("<4sII")
_CALL_BYTES = 27
_MOST_NAMES = 100_000

Text = Annotated[str, Field(max_length=5000), AfterValidator(clean)]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Number = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Percentile = Number | Literal["n too small"] | None


class Part(BaseModel):
    """What a later version adds is passed over."""

    model_config = ConfigDict(extra="ignore")


class FiledRound(Part):
    """One round; `samples` is base64."""

    index: Annotated[int, Field(ge=0, le=100_000)]
    warmup: bool
    position: Count
    seconds: Annotated[Number, Field(ge=0)]
    ok: Count
    errors: Count = 0
    incomplete: Count = 0
    dropped: Count = 0
    in_flight: Number = 0.0
    stall_ms: Number | None = None
    stalled: Number = 0.0
    offloaded: Count = 0
    cpu: Number = 0.0
    started_at: Number = 0.0
    verified: bool | None = None
    detail: Text = ""
    samples: str | None = None

    @field_validator("samples")
    @classmethod
    def _check_samples(cls, value: str | None) -> str | None:
        if value:
            check_samples(value)
        return value


class FiledLatency(Part):
    """Percentiles in milliseconds."""

    n: Count
    p50: Percentile = None
    p90: Percentile = None
    p95: Percentile = None
    p99: Percentile = None
    mean: Number | None = None


class FiledErrors(Part):
    """An error rate with its interval."""

    errors: Count
    n: Count
    rate: Number
    low: Number
    high: Number
    kinds: Annotated[dict[Text, Count], Field(max_length=200)] = {}


class FiledFlag(Part):
    """Something odd about a cell."""

    name: Word
    text: Text


class FiledCell(Part):
    """One cell; its key is checked as a plan's would be."""

    framework: Framework
    operation: Word
    mode: ModeName
    count: Annotated[int, Field(ge=1, le=MAX_CALLS)]
    concurrency: Annotated[int, Field(ge=0, le=10_000)]
    consistency: Consistency
    rtt_ms: Annotated[Number, Field(ge=0, le=2000)]
    load: Annotated[str, Field(max_length=20)] = ""
    state: State
    note: Text = ""
    throughput: Number | None
    latency_ms: FiledLatency
    response_ms: FiledLatency
    error_rate: FiledErrors
    in_flight: Number | None
    limit: Count
    stall_ms: Number | None
    client_cpu: Number | None
    async_kind: AsyncKind | None
    verified: bool | None
    achieved_rtt_ms: Number | None
    offered_rate: Number | None
    flags: Annotated[list[FiledFlag], Field(max_length=50)]
    round_details: Annotated[list[FiledRound], Field(max_length=1000)]

    @property
    def label(self) -> str:
        """The name of the cell, made from its key and not taken from the file."""
        return CellKey(**{name: getattr(self, name) for name in CellKey.__dataclass_fields__}).label

    @model_validator(mode="after")
    def _check_key(self) -> FiledCell:
        if (self.framework, self.operation) not in TABLE:
            raise ValueError(f"this Tandem knows no operation {self.framework}.{self.operation}")
        if self.load:
            parse_load(self.load)
        indexes = [item.index for item in self.round_details]
        if len(set(indexes)) < len(indexes):
            raise ValueError("a round is there twice")
        return self


class FiledRatio(Part):
    """One cell over another."""

    of: Text
    over: Text
    ratio: Number
    low: Number | None
    high: Number | None
    pairs: Count = 0
    paired: bool = True


class FiledVerdict(Part):
    """One sentence."""

    topic: Word
    text: Text


class FiledBackend(Part):
    """The Milvus of a run."""

    kind: Kind = "server"
    version: Text = ""
    label: Text = ""
    address: Text = ""
    rtt_ms: Number | None = None


class FiledEnvironment(Part):
    """Where a run happened."""

    python: Text = ""
    platform: Text = ""
    cpu: Text = ""
    cores: Count = 0
    memory_gib: Number | None = None
    backend: FiledBackend = FiledBackend()
    rtts_ms: Annotated[dict[Text, Number | None], Field(max_length=200)] = {}
    packages: Annotated[dict[Text, Text], Field(max_length=500)] = {}


class FiledRun(Part):
    """A whole run."""

    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]
    kind: Literal["benchmark"] = "benchmark"
    note: Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(clean)] = ""
    state: State
    started_at: Annotated[str, Field(max_length=40)] = ""
    seconds: Annotated[Number, Field(ge=0)]
    plan: Annotated[dict[str, Any], Field(max_length=60)]
    environment: FiledEnvironment
    cells: Annotated[list[FiledCell], Field(max_length=MAX_CELLS)]
    ratios: Annotated[list[FiledRatio], Field(max_length=20_000)]
    verdict_details: Annotated[list[FiledVerdict], Field(max_length=500)]
    warnings: Annotated[list[Text], Field(max_length=1000)]

    @field_validator("plan")
    @classmethod
    def _check_plan(cls, value: dict[str, Any]) -> dict[str, Any]:
        if any(isinstance(item, list) and len(item) > 100 for item in value.values()):
            raise ValueError("a list in it has more than 100 entries")
        name = " ".join(clean(str(value.get("name", ""))).split())
        return {**value, "name": name[:LONGEST_NAME] or "Imported run"}

    @model_validator(mode="after")
    def _check_whole(self) -> FiledRun:
        labels = [cell.label for cell in self.cells]
        if len(set(labels)) < len(labels):
            raise ValueError("a cell is there twice")
        packed = (item.samples for cell in self.cells for item in cell.round_details if item.samples)
        if sum(map(_length, packed)) > MAX_SAMPLES:
            raise ValueError(f"it has more than {MAX_SAMPLES:,} samples")
        return self


def check_samples(text: str) -> None:
    """Raise `ValueError` unless packed samples unfold to the size they claim, and to no more."""
    try:
        packed = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("its samples are damaged") from None
    length, names = _sizes(packed)
    if length > MAX_SAMPLES or names > _MOST_NAMES:
        raise ValueError(f"it has more than {MAX_SAMPLES:,} samples")
    expected = names + length * _CALL_BYTES
    unfolding = zlib.decompressobj()
    try:
        # One byte more than expected is enough to tell: a small file may unfold to many gigabytes.
        body = unfolding.decompress(packed[_HEADER.size :], expected + 1)
    except zlib.error:
        raise ValueError("its samples are damaged") from None
    if len(body) != expected or not unfolding.eof:
        raise ValueError("its samples are damaged")


def _length(text: str) -> int:
    return _sizes(base64.b64decode(text[:16]))[0]


def _sizes(packed: bytes) -> tuple[int, int]:
    if len(packed) < _HEADER.size:
        raise ValueError("its samples are damaged")
    _, length, names = _HEADER.unpack_from(packed)
    return length, names
