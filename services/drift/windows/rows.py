"""What the control tier remembers, row by row; every row carries its own positions and has a compact binary form.

Keys are JSON arrays whose first element names the kind of row: one table holds them all, in the order of writing.
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


def _dump(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return struct.pack("<I", len(head)) + head + body


def _load(data: bytes) -> tuple[dict[str, Any], bytes]:
    (size,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + size]), data[4 + size :]


def _positions(raw: Mapping[str, Any]) -> Positions:
    return {source: (end, chunk) for source, (end, chunk) in raw.items()}


@dataclass(slots=True)
class SumRow:
    """Cells of one (model, version, segment, digest, level, start), and what was merged into them."""

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
        return _dump(header | {"positions": self.positions}, pack(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, body = _load(data)
        return cls(unpack(body).copy(), **(header | {"positions": _positions(header["positions"])}))


@dataclass(slots=True)
class MarkRow:
    """How far one source partition was read."""

    end: int
    wall_ms: int
    caught_up: bool

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        return _dump({"end": self.end, "wall_ms": self.wall_ms, "caught_up": self.caught_up})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        return cls(**_load(data)[0])


@dataclass(slots=True)
class Heard:
    """What one source partition last brought for a model."""

    high_ms: int
    """Newest event time."""
    wall_ms: int


@dataclass(slots=True)
class ModelRow:
    """One model's watermark, sources and segments."""

    first_wall_ms: int = 0
    partitions: int = 0
    """Of the source topic; 0 until a profile says so."""
    topic_id: str = ""
    heard: dict[str, Heard] = field(default_factory=dict)
    positions: Positions = field(default_factory=dict)
    closed_ms: int | None = None
    """Every row whose end plus lateness is not beyond it has closed. Follows the watermark, in a backfill by steps."""
    passed_ms: int | None = None
    """The watermark: what is beyond the horizon before it is too late."""
    segments: dict[str, list[str]] = field(default_factory=dict)
    """Values kept apart, by dimension, in order of appearance."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        heard = {source: (h.high_ms, h.wall_ms) for source, h in self.heard.items()}
        plain = ("first_wall_ms", "partitions", "topic_id", "positions", "closed_ms", "passed_ms", "segments")
        return _dump({name: getattr(self, name) for name in plain} | {"heard": heard})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, _ = _load(data)
        heard = {source: Heard(*h) for source, h in header["heard"].items()}
        return cls(**(header | {"heard": heard, "positions": _positions(header["positions"])}))


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
        return _dump({name: getattr(self, name) for name in ("revision", "final", "wall_ms", "stale")})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        return cls(**_load(data)[0])


@dataclass(slots=True)
class LearningRow:
    """What has been seen of a version without a baseline."""

    n: int = 0
    done: bool = False
    first_ms: int | None = None
    last_ms: int | None = None
    positions: Positions = field(default_factory=dict)
    sketches: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By `role:name`, the fields of schemas.profile.Sketch."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        names = ("n", "done", "first_ms", "last_ms", "positions", "sketches")
        return _dump({name: getattr(self, name) for name in names})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, _ = _load(data)
        return cls(**(header | {"positions": _positions(header["positions"])}))


@dataclass(slots=True)
class PaneRow:
    """A pane the detector has taken: its cells, and what the step said."""

    cells: Cells
    detection: dict[str, Any] | None
    """Of schemas.window.Detection; None without a verdict."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        return _dump({"detection": self.detection}, pack(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, body = _load(data)
        return cls(unpack(body), **header)


@dataclass(slots=True)
class DetectorRow:
    """The drift detector of one version: where it stands, and the panes it remembers."""

    identity: str
    """Of baseline, season and rule: another one starts it afresh."""
    first_ms: int
    """Start of the first pane taken."""
    taught_ms: int | None = None
    """End of the pane with which production had taught the season; None where it has not, or need not."""
    panes: int = 0
    """Steps made."""
    kept: list[int] = field(default_factory=list)
    """Starts of the panes whose cells are rows, in order; the last was taken last."""
    state: bytes = b""
    """Of stats/detector; empty before the first step."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        header = {name: getattr(self, name) for name in ("identity", "first_ms", "taught_ms", "panes", "kept")}
        return _dump(header, self.state)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, state = _load(data)
        return cls(**header, state=state)
