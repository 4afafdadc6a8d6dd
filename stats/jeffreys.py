"""Smoothed proportions of two count vectors over the same cells."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.int64]
"""[..., K]: counts by cell; leading axes are columns, and every row has at least one count."""
Floats: TypeAlias = NDArray[np.float64]


def proportions(reference: Counts, current: Counts) -> tuple[Floats, Floats]:
    """Proportions p, q [..., K] of both, each count raised by a half (Jeffreys' prior; Good 1965).

    Cells that are empty on both sides say nothing about a difference: they are left out, and given as 1 on
    both.
    """
    used = (reference + current) > 0
    cells = used.sum(-1, keepdims=True)
    p = (reference + 0.5) / (reference.sum(-1, keepdims=True) + 0.5 * cells)
    q = (current + 0.5) / (current.sum(-1, keepdims=True) + 0.5 * cells)
    return np.where(used, p, 1.0), np.where(used, q, 1.0)


def used_cells(reference: Counts, current: Counts) -> NDArray[np.int64]:
    """K: how many cells are not empty on both sides, [...]."""
    return np.asarray(((reference + current) > 0).sum(-1))
