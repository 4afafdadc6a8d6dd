"""How much better a candidate is than production on the same rows, with its interval and its p-value."""

from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from scipy.special import stdtr, stdtrit

from stats.outcome import TooFew
from stats.performance.estimate import MIN_COUNT, Estimate

__all__ = ["ALPHA", "MIN_COUNT", "Gain", "PairedFigures", "level_of", "student"]

ALPHA = 0.05
"""Chance that a candidate that is no better is called better; each end of an interval misses the truth as often."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Above 0 the candidate is better, whatever the figure's own direction."""

    estimate: Estimate
    """The gain in the figure's unit; either end is a one-sided bound at alpha."""
    p_value: float
    """Chance of at least this gain if the candidate were no better."""


PairedFigures: TypeAlias = tuple[float, float, Gain] | TooFew
"""Production's figure, the candidate's, and the gain."""


def level_of(alpha: float) -> float:
    """The level of a two-sided interval whose ends are one-sided bounds at `alpha`."""
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha:g}: give a chance of error above 0 and below 0.5, 0.05 for example")
    return 1 - 2 * alpha


def student(value: float, error: float, n: int, alpha: float, most: float = inf) -> Gain:
    """The gain with standard error `error` from n observations, by Student's t of n − 1 degrees of freedom.

    `most` is the greatest size a gain can have. Without any error the sign alone decides.
    """
    half = float(stdtrit(n - 1, (1 + level_of(alpha)) / 2)) * error
    low, high = max(value - half, min(-most, value)), min(value + half, max(most, value))
    p_value = float(stdtr(n - 1, -value / error)) if error > 0 else float(value <= 0)
    return Gain(Estimate(value, low, high, n), p_value)
