"""Topic `outcomes`: mergeable partial sums of predictions joined with their labels."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, SourceRange, TimeMs


class OutcomeSlice(Record):
    """One pane's joined predictions of one version and segment; a corrected label subtracts and adds."""

    version: Identifier
    segment: str
    start_ms: TimeMs
    by: Literal["prediction_time", "label_time"]
    digest: str
    joined: int
    """Joined pairs; negative where corrections take more away than they add."""
    cells: bytes
    """zlib of little-endian int64, as in profiles."""


class Outcome(Record):
    """What one range of one source partition adds to one model's outcomes."""

    schema_: Literal["driftline.outcome/1"] = Field("driftline.outcome/1", alias="schema")
    model: Identifier
    source: SourceRange
    chunk: Count = 0
    wall_ms: int
    high_ms: TimeMs | None
    pane_ms: int
    slices: tuple[OutcomeSlice, ...]
