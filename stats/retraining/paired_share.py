"""Two shares of the same rows, accuracy or recall: exact McNemar test, and the score interval of their difference."""

from math import sqrt

from scipy.optimize import brentq
from scipy.stats import binom

from stats.outcome import TooFew
from stats.performance.estimate import MIN_COUNT, Estimate, too_few
from stats.performance.interval import normal_quantile
from stats.retraining.gain import ALPHA, Gain, level_of

_NEXT = 1e-12
"""Where both models agree on every row the score equation has a root at 0 too: the search begins beside it."""


def paired_share(gained: int, lost: int, n: int, *, alpha: float = ALPHA, min_count: int = MIN_COUNT) -> Gain | TooFew:
    """(gained − lost)/n of n rows, `gained` right by the candidate alone, `lost` by production alone.

    The interval inverts the score test (Tango 1998, Statistics in Medicine 17): it has a width where no row differs,
    and holds for few. The p-value is McNemar's, exact.
    """
    if not (gained >= 0 and lost >= 0 and gained + lost <= n):
        raise ValueError(f"{gained} gained and {lost} lost of {n} rows: give counts of one and the same set of rows")
    if few := too_few(n, min_count):
        return few
    z = normal_quantile(level_of(alpha))
    value = (gained - lost) / n
    estimate = Estimate(value, _lower(gained, lost, n, z), -_lower(lost, gained, n, z), n)
    return Gain(estimate, mcnemar(gained, lost))


def mcnemar(gained: int, lost: int) -> float:
    """P(X ≥ gained) of X ~ Binomial(gained + lost, ½): the exact one-sided test (McNemar 1947, Psychometrika 12)."""
    return float(binom.sf(gained - 1, gained + lost, 0.5))


def _lower(gained: int, lost: int, n: int, z: float) -> float:
    """The least difference that the score test does not refuse."""
    value = (gained - lost) / n
    if value <= -1:
        return -1.0

    def beyond(difference: float) -> float:
        """The score's numerator less z of its standard errors, the share lost being the likeliest at the difference."""
        linear = (2 * n - gained + lost) * difference - gained - lost
        constant = -lost * difference * (1 - difference)
        share_lost = (sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
        variance = n * (2 * share_lost + difference * (1 - difference))
        return gained - lost - n * difference - z * sqrt(max(variance, 0.0))

    return float(brentq(beyond, -1.0, value - _NEXT, xtol=_NEXT))
