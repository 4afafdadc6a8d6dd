"""L∞ distance of two distributions: the greatest change of any cell's share."""

import numpy as np

from stats.jeffreys import Counts, Floats


def linf(reference: Counts, current: Counts) -> Floats:
    """Max |q − p| over raw proportions, 0 to 1: [..., K] to [...]."""
    p = reference / reference.sum(-1, keepdims=True)
    q = current / current.sum(-1, keepdims=True)
    return np.asarray(np.abs(q - p).max(-1))
