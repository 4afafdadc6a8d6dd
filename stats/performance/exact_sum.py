"""Sums of numbers of any size that merge and take away exactly: five int64 cells each.

A number is cut to ±2^119, rounded to units of 2^-30 and written to base 2^30, every digit with the number's sign.
Digits are added cell by cell, without carrying: no cell overflows before 2^33 numbers (8.6 billion), and the sum does
not depend on the order or the split in which it was made (Kulisch's long accumulator, in short: Kulisch 2013, Computer
Arithmetic and Validity).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Cells: TypeAlias = NDArray[np.int64]

DIGITS = 5
"""Cells of one sum."""
UNITS = 2.0**30
LIMIT = 2.0**119
ROOT = 2.0**59
"""Numbers cut to ± this have squares below LIMIT."""
FOURTH_ROOT = 2.0**29
"""Numbers cut to ± this have fourth powers, and products of four, below LIMIT."""

_BASE_BITS = 30


def digits_of(values: Floats) -> Cells:
    """The digits of each value, [...] to int64[..., DIGITS], the lowest first. Infinities count as ±LIMIT."""
    rest = np.rint(np.clip(np.abs(values), 0, LIMIT) * UNITS)
    digits = np.empty((*values.shape, DIGITS), np.int64)
    for place in reversed(range(DIGITS)):
        weight = 2.0 ** (_BASE_BITS * place)
        digit = np.floor(rest / weight)
        rest -= digit * weight  # exact: what is taken away are the leading bits
        digits[..., place] = digit
    return np.where(values[..., np.newaxis] < 0, -digits, digits)


def total(cells: Cells) -> float:
    """The sum that int64[DIGITS] cells hold, rounded once."""
    whole: int = sum(digit << (_BASE_BITS * place) for place, digit in enumerate(cells.tolist()))
    return whole / (1 << _BASE_BITS)


def totals(cells: Cells) -> Floats:
    """The sums that int64[..., DIGITS] cells hold, [...]."""
    flat = cells.reshape(-1, DIGITS)
    return np.array([total(row) for row in flat], np.float64).reshape(cells.shape[:-1])
