"""What a control tier remembers, row by row; every row carries its own positions and has a compact binary form.

Keys are JSON arrays, kind of row first, then the series: one table holds them all, in the order of writing.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from runtime.cells import Cells, pack, unpack

Position = tuple[int, int]
"""(source end offset, chunk) merged last; compares as tuples do."""

Positions = dict[str, Position]
"""By source partition."""


def key_of(*parts: str | int) -> bytes:
    """A row's key."""
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()


def parts_of(key: bytes) -> list[Any]:
    """The parts a key was made of."""
    parts: list[Any] = json.loads(key)
    return parts


def dump(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A row as it is stored: the header as JSON, then the body."""
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return struct.pack("<I", len(head)) + head + body


def load(data: bytes) -> tuple[dict[str, Any], bytes]:
    """(header, body) of a row that was stored."""
    (size,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + size]), data[4 + size :]


def positions_from(raw: Mapping[str, Any]) -> Positions:
    """Positions as a header has them: JSON knows no tuples."""
    return {source: (end, chunk) for source, (end, chunk) in raw.items()}


@dataclass(slots=True)
class SumRow:
    """Cells of one (series, version, segment, digest, level, start), and what was merged into them."""

    cells: Cells
    n: int = 0
    late: int = 0
    last_ms: int | None = None
    violations: dict[str, int] = field(default_factory=dict)
    positions: Positions = field(default_factory=dict)

    @classmethod
    def of_size(cls, size: int) -> Self:
        """An empty row."""
        return cls(np.zeros(size, dtype=np.int64))

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        header = {"n": self.n, "late": self.late, "last_ms": self.last_ms, "violations": self.violations}
        return dump(header | {"positions": self.positions}, pack(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, body = load(data)
        return cls(unpack(body).copy(), **(header | {"positions": positions_from(header["positions"])}))


@dataclass(slots=True)
class MarkRow:
    """How far one source partition was read."""

    end: int
    wall_ms: int
    caught_up: bool

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        return dump({"end": self.end, "wall_ms": self.wall_ms, "caught_up": self.caught_up})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        return cls(**load(data)[0])


@dataclass(slots=True)
class Heard:
    """What one source partition last brought for a series."""

    high_ms: int
    """Newest event time."""
    wall_ms: int


@dataclass(slots=True)
class SeriesRow:
    """One series' watermark, sources and segments."""

    first_wall_ms: int = 0
    partitions: int = 0
    """Of the source topic; 0 until a partial says so."""
    topic_id: str = ""
    heard: dict[str, Heard] = field(default_factory=dict)
    positions: Positions = field(default_factory=dict)
    closed_ms: int | None = None
    """Every row whose end plus lateness is not beyond it has closed. Follows the watermark, in a backfill by steps."""
    passed_ms: int | None = None
    """The watermark."""
    kept_ms: int | None = None
    """What lies beyond the horizon before it is too late, and may be forgotten. Where series wait for each other, it is
    what all of them have passed; else the watermark."""
    noted: tuple[int, int] = (0, 0)
    """(wall clock, watermark then), in milliseconds: looked at again a day later."""
    segments: dict[str, list[str]] = field(default_factory=dict)
    """Values kept apart, by dimension, in order of appearance."""
    newest_ms: dict[str, int] = field(default_factory=dict)
    """Start of the newest row, by version."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        heard = {source: (h.high_ms, h.wall_ms) for source, h in self.heard.items()}
        plain = [name for name in self.__slots__ if name != "heard"]
        return dump({name: getattr(self, name) for name in plain} | {"heard": heard})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, _ = load(data)
        heard = {source: Heard(*h) for source, h in header["heard"].items()}
        tuples = {"heard": heard, "positions": positions_from(header["positions"]), "noted": tuple(header["noted"])}
        return cls(**(header | tuples))


@dataclass(slots=True)
class PublishedRow:
    """The newest revision of one window."""

    revision: int
    """-1 where none has been made."""
    final: bool
    wall_ms: int
    stale: bool = False
    """More came after it was over; a further revision is owed, also after a restart."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        return dump({name: getattr(self, name) for name in ("revision", "final", "wall_ms", "stale")})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        return cls(**load(data)[0])
