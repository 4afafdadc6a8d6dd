"""Two-sample Kolmogorov-Smirnov distance, from counts (Smirnov 1939)."""

import numpy as np

from stats.jeffreys import Counts, Floats


def ks(reference: Counts, current: Counts) -> Floats:
    """Max |F − G| at the bin edges, 0 to 1: [..., B] in the order of the bins to [...].

    Never above the distance of the raw values, and below it by less than the mass of the fullest bin.
    """
    F = reference.cumsum(-1) / reference.sum(-1, keepdims=True)
    G = current.cumsum(-1) / current.sum(-1, keepdims=True)
    return np.asarray(np.abs(F - G).max(-1))
