"""Mean errors of a regression, in the label's unit, with the normal interval of the errors' own spread."""

from math import sqrt

from stats.performance.error_sums import ErrorSums
from stats.performance.estimate import LEVEL, Estimate
from stats.performance.interval import mean


def mae(sums: ErrorSums, level: float = LEVEL) -> Estimate:
    """Mean |e|."""
    return mean(sums.mean["|e|"], sums.mean["e²"], sums.n, level, unit=sums.scale, low=0.0)


def bias(sums: ErrorSums, level: float = LEVEL) -> Estimate:
    """Mean e: above 0 where predictions are too high."""
    return mean(sums.mean["e"], sums.mean["e²"], sums.n, level, unit=sums.scale)


def rmse(sums: ErrorSums, level: float = LEVEL) -> Estimate:
    """√ of mean e²; the ends of its interval are the roots of those of mean e²."""
    square = mean(sums.mean["e²"], sums.mean["e⁴"], sums.n, level, low=0.0)
    value, low, high = (sums.scale * sqrt(x) for x in (square.value, square.low, square.high))
    return Estimate(value, low, high, sums.n)


def mape(sums: ErrorSums, level: float = LEVEL) -> Estimate:
    """Mean |e/y| as a fraction, over labels y that are not 0."""
    return mean(sums.mean["|e/y|"], sums.mean["|e/y|²"], sums.nonzero, level, low=0.0)
