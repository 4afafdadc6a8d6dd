"""Between baselines as messages and references as statistics."""

from schemas.baseline import Baseline, ColumnBaseline
from stats.baseline import ColumnReference, Reference


def reference_of(baseline: Baseline) -> Reference:
    """The reference a baseline describes."""
    return Reference(tuple(ColumnReference(**column.model_dump()) for column in baseline.columns))


def columns_of(reference: Reference) -> tuple[ColumnBaseline, ...]:
    """A reference's columns, as a baseline carries them."""
    names = ColumnBaseline.model_fields
    return tuple(ColumnBaseline(**{n: getattr(column, n) for n in names}) for column in reference.columns)
