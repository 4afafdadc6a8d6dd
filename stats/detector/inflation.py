"""How much more hours vary than sampling explains: the variance inflation φ of a score.

For blocks of 1, 6 and 24 units, V is the sum of squared deviations over the variance expected of independent
events. It counts where it clearly exceeds 1, by two of its standard errors s = √(2/blocks), and then with one
of them added (a design effect as in Kish 1965, by block so that autocorrelation shows).
"""

import numpy as np
from numpy.typing import NDArray

from stats.jeffreys import Floats

BLOCKS = (1, 6, 24)
LEAST_BLOCKS = 5
"""With fewer blocks their variance is not judged."""


def inflation(deviation: Floats, variance: Floats, unit: NDArray[np.int64]) -> Floats:
    """φ ≥ 1, [...], from observed less expected scores and their expected variances, [T, ...].

    `unit` [T] numbers the stretches of time, rising; some may be absent.
    """
    phi = np.ones(deviation.shape[1:])
    for size in BLOCKS:
        starts = np.flatnonzero(np.diff(unit // size, prepend=unit[0] // size - 1))
        if starts.size < LEAST_BLOCKS:
            continue
        total = np.maximum(variance.sum(0), 1e-300)
        ratio = (np.add.reduceat(deviation, starts) ** 2).sum(0) / total
        error = np.sqrt(2 / starts.size)
        phi = np.maximum(phi, np.where(ratio > 1 + 2 * error, ratio * (1 + error), 1.0))
    return phi
