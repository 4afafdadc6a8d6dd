"""Rows of drift's own: what is learned of a version without a baseline, and where its detector stands."""

from dataclasses import dataclass, field
from typing import Any, Self

from runtime.cells import Cells, pack, unpack
from runtime.windows.rows import Positions, dump, load, positions_from


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
        return dump({name: getattr(self, name) for name in names})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, _ = load(data)
        return cls(**(header | {"positions": positions_from(header["positions"])}))


@dataclass(slots=True)
class PaneRow:
    """A pane the detector has taken: its cells, and what the step said."""

    cells: Cells
    detection: dict[str, Any] | None
    """Of schemas.window.Detection; None without a verdict."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        return dump({"detection": self.detection}, pack(self.cells))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, body = load(data)
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
        return dump(header, self.state)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, state = load(data)
        return cls(**header, state=state)
