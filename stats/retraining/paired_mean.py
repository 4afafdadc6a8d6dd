"""Two mean losses of the same rows: log loss, Brier score, absolute, relative or squared errors."""

import numpy as np

from stats.performance.estimate import MIN_COUNT, too_few
from stats.performance.exact_sum import Floats
from stats.retraining.gain import ALPHA, PairedFigures, student


def paired_mean(
    production: Floats, candidate: Floats, *, alpha: float = ALPHA, min_count: int = MIN_COUNT
) -> PairedFigures:
    """Both means of losses [n], and the gain by the paired t test (Student 1908, Biometrika 6).

    The spread is that of the rows' differences: rows that are hard for both cost no certainty.
    """
    n = len(production)
    if few := too_few(n, max(min_count, 2)):
        return few
    gains = production - candidate
    gain = student(float(gains.mean()), float(np.std(gains, ddof=1)) / n**0.5, n, alpha)
    return float(production.mean()), float(candidate.mean()), gain
