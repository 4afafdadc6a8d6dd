"""Shares of events whose value is missing, unseen, outside the reference's range, or infinite."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.jeffreys import Floats
from stats.padded import Padded


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Shares of all events, 0 to 1, [columns] each; a rate that a kind of column does not have is 0.

    Without any event a rate is 0 and `n` says so.
    """

    n: NDArray[np.int64]
    missing: Floats
    unseen: Floats
    """Categorical: not among the values of the reference."""
    out_of_range: Floats
    """Numeric: finite, below the least or above the greatest value of the reference."""
    nonfinite: Floats


def rates(padded: Padded, cells: NDArray[np.int64]) -> Rates:
    """The rates of every column of a vector int64[size]."""
    cells = padded.with_zero(cells)
    n = cells[padded.counts].sum(-1)
    least = np.maximum(n, 1)
    return Rates(
        n=n,
        missing=cells[padded.missing] / least,
        unseen=cells[padded.unseen] / least,
        out_of_range=cells[padded.outside].sum(-1) / least,
        nonfinite=cells[padded.nonfinite] / least,
    )
