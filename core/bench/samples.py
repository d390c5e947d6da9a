"""The timed calls of one round, held as columns: 27 bytes a call, whatever their number."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

_HEADER = struct.Struct("<4sII")
_MAGIC = b"TSM1"


class Status(IntEnum):
    """How one call ended; `INCOMPLETE` was under way when the round was cancelled."""

    OK = 0
    ERROR = 1
    INCOMPLETE = 2


@dataclass(frozen=True)
class Sample:
    """One timed call, in nanoseconds from the start of its round.

    `due` is when the call was meant to be issued, `start` when it was issued (its concurrency slot
    was won), `end` when it ended. `error` names the kind of failure, empty when there was none.
    """

    due: int
    start: int
    end: int
    status: Status = Status.OK
    error: str = ""

    @property
    def service_ns(self) -> int:
        """Nanoseconds that the call itself took."""
        return self.end - self.start

    @property
    def response_ns(self) -> int:
        """Nanoseconds from when the call was due: what a user would have waited."""
        return self.end - self.due


@dataclass(frozen=True)
class Samples:
    """Columns of equal length; `kind` indexes `kinds`, the names of the failures (0 is none)."""

    due: array[int] = field(default_factory=lambda: array("q"))
    start: array[int] = field(default_factory=lambda: array("q"))
    end: array[int] = field(default_factory=lambda: array("q"))
    status: array[int] = field(default_factory=lambda: array("b"))
    kind: array[int] = field(default_factory=lambda: array("h"))
    kinds: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return len(self.end)

    def __iter__(self) -> Iterator[Sample]:
        for index in range(len(self)):
            yield self[index]

    def __getitem__(self, index: int) -> Sample:
        return Sample(
            self.due[index],
            self.start[index],
            self.end[index],
            Status(self.status[index]),
            self.kinds[self.kind[index]],
        )

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Samples:
        """Columns of some samples."""
        kinds = tuple(dict.fromkeys(["", *(sample.error for sample in samples)]))
        return cls(
            array("q", (sample.due for sample in samples)),
            array("q", (sample.start for sample in samples)),
            array("q", (sample.end for sample in samples)),
            array("b", (sample.status for sample in samples)),
            array("h", (kinds.index(sample.error) for sample in samples)),
            kinds,
        )

    def count(self, status: Status) -> int:
        """How many calls ended so."""
        return self.status.count(status)

    def error_kinds(self) -> dict[str, int]:
        """Failures by name, most frequent first."""
        counted = {name: self.kind.count(index) for index, name in enumerate(self.kinds) if name}
        return dict(sorted(counted.items(), key=lambda item: -item[1]))

    def pack(self) -> bytes:
        """Compressed bytes for storage; `unpack` reads them on any machine of the same byte order."""
        names = "\n".join(self.kinds).encode()
        columns = (self.due, self.start, self.end, self.status, self.kind)
        body = names + b"".join(column.tobytes() for column in columns)
        return _HEADER.pack(_MAGIC, len(self), len(names)) + zlib.compress(body, 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Samples:
        """What `pack` stored; `ValueError` when it is something else."""
        if len(packed) < _HEADER.size or packed[:4] != _MAGIC:
            raise ValueError("these bytes are not packed samples")
        _, length, names = _HEADER.unpack_from(packed)
        body = zlib.decompress(packed[_HEADER.size :])
        kinds = tuple(body[:names].decode().split("\n"))
        samples = cls(kinds=kinds)
        position = names
        for column in (samples.due, samples.start, samples.end, samples.status, samples.kind):
            size = length * column.itemsize
            column.frombytes(body[position : position + size])
            position += size
        return samples
