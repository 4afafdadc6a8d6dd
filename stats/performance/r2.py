"""R², the share of the labels' variance that predictions explain."""

from math import sqrt

from stats.performance.error_sums import ErrorSums
from stats.performance.estimate import LEVEL, Estimate, Undefined
from stats.performance.interval import around

_ROUNDING = 2.0**-40
"""A variance below this share of the squares it is a difference of is not told from 0."""


def r2(sums: ErrorSums, level: float = LEVEL) -> Estimate | Undefined:
    """1 − mean e² / variance of the labels: below 0 where the labels' own mean would predict better.

    The interval is the delta method's. With ρ = mean e² / variance, each event moves R² by
    −(e² − ρ (z − z̄)²)/variance, and the spread of that gives the standard error.
    """
    m = sums.mean
    z = m["z"]
    variance = m["z²"] - z**2
    if variance <= _ROUNDING * m["z²"]:
        return Undefined("the labels do not vary, so there is nothing to explain")
    rho = m["e²"] / variance
    fourth = m["z⁴"] - 4 * z * m["z³"] + 6 * z**2 * m["z²"] - 3 * z**4
    both = m["e²z²"] - 2 * z * m["e²z"] + z**2 * m["e²"]
    spread = max(m["e⁴"] - 2 * rho * both + rho**2 * fourth, 0.0) / variance**2
    return around(1 - rho, sqrt(spread / sums.n), sums.n, level, high=1.0)
