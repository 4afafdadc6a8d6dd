"""Topic `profiles`: mergeable partial statistics, and the marks that say how far each source partition was read."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, SourceRange
from schemas.partial import Partial, PartialSlice


class Sketch(Record):
    """One column of a model without a baseline, in bins that need no edges (see stats/loglinear.py)."""

    bins: dict[str, int] = {}
    """Numeric values: count by sign-aware log-linear bin number."""
    values: dict[str, int] = {}
    """Texts and booleans: count by value, capped; further values count as `__other__`."""
    kind: Literal["numeric", "categorical", "boolean"]
    missing: Count = 0
    nonfinite: Count = 0


class Slice(PartialSlice):
    """One pane's share of one profile: counts of one version and segment, by the vector of stats/layout.py."""

    n: Count
    sketch: dict[Identifier, Sketch] | None = None
    """Columns of a version without a baseline, whose digest is empty."""


class Profile(Partial):
    """What one range of one source partition adds to one model."""

    schema_: Literal["driftline.profile/1"] = Field("driftline.profile/1", alias="schema")
    slices: tuple[Slice, ...]


class Mark(Record):
    """A source partition was read and committed up to `source.end`; goes to every partition of the partials' topic."""

    schema_: Literal["driftline.mark/1"] = Field("driftline.mark/1", alias="schema")
    source: SourceRange
    wall_ms: int
    caught_up: bool
    """There was nothing more to read."""
