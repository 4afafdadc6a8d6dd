"""Population stability index: Σ (q − p) ln(q / p), the symmetric Kullback-Leibler divergence (Jeffreys 1946).

Siddiqi, Credit Risk Scorecards, 2006, for the name; Yurdakul and Naranjo, Statistical properties of the
population stability index, Journal of Risk Model Validation 14(4), 2020, for its distribution: without drift,
PSI / (1/n + 1/m) is about χ² with K − 1 degrees of freedom, so its mean is (K − 1)(1/n + 1/m) and not 0.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc
from scipy.stats import ncx2

from stats.jeffreys import Counts, Floats, proportions
from stats.outcome import TooFew

COUNTS_A_CELL = 10
"""The χ² approximation needs so many expected counts a cell on each side."""


def psi(reference: Counts, current: Counts) -> Floats:
    """PSI of counts [..., K] against reference counts [..., K], natural logarithms: [...]."""
    p, q = proportions(reference, current)
    return np.asarray(((q - p) * np.log(q / p)).sum(-1))


def noise(n: Counts | int, m: Counts | int, phi: Floats | float = 1.0) -> Floats:
    """What sampling n current and m reference values adds to PSI a degree of freedom: φ/n + 1/m.

    φ ≥ 1 is the current values' overdispersion: how many times the variance of independent values theirs is.
    """
    return np.asarray(phi / np.asarray(n, np.float64) + 1 / np.asarray(m, np.float64))


def psi_adj(
    psi: Floats, cells: NDArray[np.int64] | int, n: Counts | int, m: Counts | int, phi: Floats | float = 1.0
) -> Floats:
    """PSI less what sampling is expected to add, (K − 1)(φ/n + 1/m): without drift 0 on average."""
    return np.asarray(psi - (np.asarray(cells) - 1) * noise(n, m, phi))


def p_value(psi: float, cells: int, n: int, m: int, *, phi: float = 1.0, effect: float = 0.0) -> float | TooFew:
    """Probability of a PSI at least this great, from n current and m reference values over K cells.

    With `effect`, under a true PSI of that size (noncentral χ²): small only where the drift surely exceeds
    the effect.
    """
    if min(n, m) < COUNTS_A_CELL * cells:
        return TooFew(needed=COUNTS_A_CELL * cells, have=min(n, m))
    if cells < 2:
        return 1.0
    unit = float(noise(n, m, phi))
    if effect > 0:
        return float(ncx2.sf(psi / unit, cells - 1, effect / unit))
    return float(chdtrc(cells - 1, psi / unit))
