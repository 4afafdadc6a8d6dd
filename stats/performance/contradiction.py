"""Counts that no set of pairs can have: a pair was taken away from where it had never been added."""

from stats.performance.exact_sum import Cells
from stats.performance.layout import OutcomeLayout

COUNTS = ("n", "delay", "valued", "made", "made_bins", "nonzero", "confusion", "bins")
"""Sections of a vector that only ever count."""


def contradicts(layout: OutcomeLayout, cells: Cells) -> bool:
    """Whether a vector int64[size] has a count below zero: figures of it would be none."""
    return any((layout.part(cells, name) < 0).any() for name in COUNTS if name in layout.shapes)
