"""What partial sums have in common: one range of one source, cut into panes whose cells add up."""

from pydantic import Field

from schemas.base import Count, Identifier, Record, SourceRange, TimeMs


class PartialSlice(Record):
    """One pane's share: cells of one version and segment."""

    version: Identifier
    segment: str
    """Empty for all events, else `dimension=value`."""
    start_ms: TimeMs
    digest: str
    """Names the meaning of the cells: only slices of equal digests merge."""
    n: int
    """What was counted; negative where corrections take more away than they add."""
    last_ms: TimeMs | None
    """Newest event time in it."""
    cells: bytes
    """zlib of little-endian int64."""
    violations: dict[str, Count] = {}
    """Dead-lettered events of this pane whose model and time were readable, by reason."""


class Partial(Record):
    """What one range of one source adds to one model."""

    model: Identifier
    source: SourceRange
    chunk: Count = 0
    """Large partials are split; (source.end, chunk) rises."""
    wall_ms: int
    """When it was folded; the only clock the control tier knows."""
    high_ms: TimeMs | None
    """Newest event time of this model in the range."""
    pane_ms: int
    slices: tuple[PartialSlice, ...] = Field(())
