"""What a batch of records becomes: columns by model version, and the dead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.decode.shape import Shape
from schemas.dead_letter import Reason

Segments = Mapping[str, tuple[NDArray[np.int32], list[str]]]
"""By dimension: codes of n events, and the value each code stands for; code 0 is no value."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """A column of a model version without a baseline. Absent and null are missing."""

    name: str
    role: Literal["feature", "prediction"]
    kind: Literal["numeric", "categorical", "boolean"]
    values: NDArray[np.float64] | None = None
    """Numeric: float64[n], NaN where missing."""
    codes: NDArray[np.int32] | None = None
    """Otherwise: int32[n] into `names`, -1 where missing."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The counted events of one model version in a batch, n of them."""

    model: str
    version: str
    shape: Shape
    index: NDArray[np.int64]
    """Each event's record in the batch."""
    row: NDArray[np.int64]
    """Its row in an Arrow batch, else -1."""
    time_ms: NDArray[np.int64]
    latency_ms: NDArray[np.float64]
    """NaN: none given. So with `score`."""
    score: NDArray[np.float64]
    status: NDArray[np.int16]
    """0: none given."""
    id_hash: NDArray[np.uint64]
    values: NDArray[np.float64]
    """(shape.value_rows, n); NaN is missing."""
    codes: NDArray[np.int32]
    """(shape.code_rows, n)."""
    segments: Segments
    discovered: tuple[Discovered, ...] = ()
    """The columns, where the shape has `discover`."""

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True, slots=True)
class Dead:
    """An event that is not counted."""

    index: int
    """Its record in the batch."""
    row: int | None
    """Its row in an Arrow batch."""
    reason: Reason
    detail: str
    model: str | None = None
    version: str | None = None
    time_ms: int | None = None
    """Model, version and time where they were readable and valid."""


@dataclass(slots=True)
class Decoded:
    """A batch, decoded: every event is in one group or dead."""

    groups: Sequence[Group] = ()
    dead: list[Dead] = field(default_factory=list)
    events: int = 0
    """One a JSON record, one a row of an Arrow batch, one an unreadable record."""
    repeated: int = 0
    """Counted events whose prediction_id came before within the batch."""
    unknown_fields: int = 0
    """Counted events with fields that the contract does not know."""
    strictly: int = 0
    """Events that the strict path judged, because the fast one was not sure of them."""


def repeated_ids(hashes: NDArray[np.uint64]) -> int:
    """How many of the hashes came before."""
    ordered = np.sort(hashes)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))
