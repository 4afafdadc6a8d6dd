"""Topic `profiles`: mergeable partial statistics, and the marks that say how far each source partition was read."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, SourceRange, TimeMs


class Sketch(Record):
    """One column of a model without a baseline, in bins that need no edges (see stats/loglinear.py)."""

    bins: dict[str, int] = {}
    """Numeric values: count by sign-aware log-linear bin number."""
    values: dict[str, int] = {}
    """Texts and booleans: count by value, capped; further values count as `__other__`."""
    kind: Literal["numeric", "categorical", "boolean"]
    missing: Count = 0
    nonfinite: Count = 0


class Slice(Record):
    """One pane's share of one profile: counts of one version and segment."""

    version: Identifier
    segment: str
    """Empty for all events, else `dimension=value`."""
    start_ms: TimeMs
    digest: str
    """Digest of the baseline it was folded with; empty without one."""
    n: Count
    last_ms: TimeMs | None
    """Newest event time in it."""
    cells: bytes
    """zlib of little-endian int64: the flat vector of stats/layout.py."""
    sketch: dict[Identifier, Sketch] | None = None
    violations: dict[str, Count] = {}
    """Dead-lettered events of this pane whose model and time were readable, by reason."""


class Profile(Record):
    """What one range of one source partition adds to one model."""

    schema_: Literal["driftline.profile/1"] = Field("driftline.profile/1", alias="schema")
    model: Identifier
    source: SourceRange
    chunk: Count = 0
    """Large profiles are split; (source.end, chunk) rises."""
    wall_ms: int
    """When it was folded; the only clock the control tier knows."""
    high_ms: TimeMs | None
    """Newest event time of this model in the range."""
    pane_ms: int
    slices: tuple[Slice, ...]


class Mark(Record):
    """A source partition was read and committed up to `source.end`; goes to every partition of `profiles`."""

    schema_: Literal["driftline.mark/1"] = Field("driftline.mark/1", alias="schema")
    source: SourceRange
    wall_ms: int
    caught_up: bool
    """There was nothing more to read."""
