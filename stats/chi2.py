"""Two-sample χ² test of homogeneity (Pearson 1911; Press et al., Numerical Recipes, section 14.3)."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from stats.jeffreys import Counts, Floats, used_cells


def chi2(reference: Counts, current: Counts) -> tuple[Floats, NDArray[np.int64]]:
    """Statistic Σ (√(m/n) x − √(n/m) r)² / (x + r) and its degrees of freedom K − 1: [..., K] to two [...].

    x are the n current counts, r the m reference counts; both vary, so the reference is no exact expectation.
    The same as scipy.stats.chi2_contingency([r, x], correction=False). Cells that are empty on both sides do
    not count in K.
    """
    n = current.sum(-1, keepdims=True)
    m = reference.sum(-1, keepdims=True)
    both = reference + current
    difference = np.sqrt(m / n) * current - np.sqrt(n / m) * reference
    statistic = (difference**2 / np.maximum(both, 1)).sum(-1)
    return np.asarray(statistic), used_cells(reference, current) - 1


def chi2_p(
    statistic: Floats, degrees: NDArray[np.int64], n: Counts | int, m: Counts | int, phi: Floats | float = 1.0
) -> Floats:
    """Probability of a statistic at least this great without drift, [...]; 1 where one cell holds all.

    φ ≥ 1 is the current values' overdispersion, which widens their part of the variance. The approximation
    holds while n²/K ≥ 10 (Koehler and Larntz 1980), which the minimum count of a score sees to.
    """
    n, m = np.asarray(n, np.float64), np.asarray(m, np.float64)
    shrink = (1 / n + 1 / m) / (phi / n + 1 / m)
    return np.where(degrees > 0, chdtrc(np.maximum(degrees, 1), statistic * shrink), 1.0)
