"""Two-sided intervals: for shares, means, and differences and ratios of shares."""

from math import exp, hypot, inf, log, sqrt

from scipy.special import ndtri

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few


def normal_quantile(level: float = LEVEL) -> float:
    """z, in standard errors: a normal variable lies within ±z with this probability."""
    return float(ndtri((1 + level) / 2))


def share(k: int, n: int, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """k/n with Wilson's score interval (Wilson 1927, Journal of the American Statistical Association 22)."""
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n}: give counts of one and the same set of events, corrections included")
    if few := too_few(n, min_count):
        return few
    z, p = normal_quantile(level), k / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return Estimate(p, min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half)), n)


def wilson_error(n: int, z: float) -> float:
    """The standard error for which ±z is as wide as Wilson's interval of 0 or n in n, where a sample shows none."""
    return z / (n + z**2)


def around(  # noqa: PLR0917  a point, its error, its size: the order they are spoken in
    value: float, error: float, n: int, level: float = LEVEL, low: float = -inf, high: float = inf
) -> Estimate:
    """The normal interval of a figure with standard error `error`, cut to the figure's range low..high."""
    half = normal_quantile(level) * error
    return Estimate(value, max(value - half, min(low, value)), min(value + half, max(high, value)), n)


def mean(  # noqa: PLR0917  mean, mean square and size are one thought
    first: float, square: float, n: int, level: float = LEVEL, unit: float = 1.0, low: float = -inf
) -> Estimate:
    """The mean of n values from their mean and mean square; `unit` is what one of them is worth."""
    return around(unit * first, unit * sqrt(max(square - first**2, 0.0) / n), n, level, low)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """The difference a − b of two independent figures, by squaring and adding what each interval allows.

    Newcombe 1998, Interval estimation for the difference between independent proportions, method 10, Statistics in
    Medicine 17: of shares with Wilson's intervals it holds near 0 and 1 too. Resolutions are no chance, and add up.
    """
    value, resolution = a.value - b.value, a.resolution + b.resolution
    below, above = (
        hypot(*(max(half - of.resolution, 0.0) for of, half in halves)) + resolution
        for halves in (
            ((a, a.value - a.low), (b, b.high - b.value)),
            ((a, a.high - a.value), (b, b.value - b.low)),
        )
    )
    return Estimate(value, value - below, value + above, min(a.n, b.n), resolution)


def ratio(a: Estimate, b: Estimate) -> Estimate | None:
    """The ratio a/b of two independent shares with b > 0, None without; the interval as Newcombe's, of logarithms.

    Zou and Donner 2008, Statistics in Medicine 27: the limits of ln a and ln b recovered from the Wilson intervals.
    """
    if b.value == 0:
        return None
    n = min(a.n, b.n)
    high = _log(a.high) - _log(b.low)
    if a.value == 0:
        return Estimate(0.0, 0.0, exp(high), n)
    ratio_log = log(a.value) - log(b.value)
    below = hypot(log(a.value) - _log(a.low), log(b.high) - log(b.value))
    above = hypot(_log(a.high) - log(a.value), log(b.value) - _log(b.low))
    return Estimate(exp(ratio_log), exp(ratio_log - below), exp(ratio_log + above), n)


def _log(x: float) -> float:
    return log(x) if x > 0 else -inf
