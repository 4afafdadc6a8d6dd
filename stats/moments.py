"""Mean and variance from fixed-point sums, and their change (Welch 1947 for the standard error)."""

from dataclasses import dataclass

import numpy as np

from stats.jeffreys import Counts, Floats
from stats.layout import SQUARE_UNITS, SUM_UNITS


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of z = (value − center) / scale over the finite values, [...]; every row has at least one."""

    n: Counts
    mean: Floats
    variance: Floats
    """Population variance; 0 for a constant."""


def moments(n: Counts, sums: Counts, squares: Counts) -> Moments:
    """From counts [...], fixed-point sums by bin [..., B] and of squares [...] (see stats/layout.py)."""
    mean = sums.sum(-1) / SUM_UNITS / n
    variance = squares / SQUARE_UNITS / n - mean**2
    # Each square is rounded to within half a unit: less is not told from 0.
    return Moments(n, mean, np.where(variance > 1 / SQUARE_UNITS, variance, 0.0))


def deviation(reference: Moments) -> Floats:
    """The reference's standard deviation in z, [...]; of a constant 1, which is the column's `scale`."""
    return np.where(reference.variance > 0, np.sqrt(reference.variance), 1.0)


def mean_shift(reference: Moments, current: Moments) -> tuple[Floats, Floats]:
    """Mean now less the reference's, and its standard error: two [...], in the reference's deviations."""
    unit = deviation(reference)
    error = np.sqrt(current.variance / current.n + reference.variance / reference.n)
    return (current.mean - reference.mean) / unit, error / unit


def variance_ratio(reference: Moments, current: Moments) -> Floats:
    """Variance now over the reference's, [...]; infinite if only the reference is constant, 1 if both."""
    both = (reference.variance == 0) & (current.variance == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(both, 1.0, current.variance / reference.variance)
