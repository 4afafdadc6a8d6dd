"""What every figure of a regression is made from: means of powers of its errors and labels."""

from dataclasses import dataclass

from stats.performance.exact_sum import Cells, totals
from stats.performance.layout import BIN_SUMS, SUMS, OutcomeLayout


@dataclass(frozen=True, slots=True)
class ErrorSums:
    """Of e = (prediction − label)/scale, z = (label − center)/scale and the label y; center and scale are fixed."""

    n: int
    nonzero: int
    """Labels that are not 0."""
    mean: dict[str, float]
    """By the names in stats/performance/layout.py; of |e/y| over labels that are not 0."""
    scale: float
    """In the label's unit."""


def error_sums(layout: OutcomeLayout, cells: Cells) -> ErrorSums:
    """The sums of a vector int64[size], divided by their counts."""
    n, nonzero = int(layout.part(cells, "n")), int(layout.part(cells, "nonzero"))
    found = (*totals(layout.part(cells, "sums")), *totals(layout.part(cells, "bin_sums").sum(0)))
    mean = {
        name: float(total) / max(nonzero if name.startswith("|e/y|") else n, 1)
        for name, total in zip((*SUMS, *BIN_SUMS), found, strict=True)
    }
    return ErrorSums(n, nonzero, mean, layout.scale)
