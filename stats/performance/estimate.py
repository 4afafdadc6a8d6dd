"""A figure with its interval, or the named reason why there is none."""

from dataclasses import dataclass
from typing import TypeAlias

from stats.outcome import TooFew

MIN_COUNT = 30
"""Observations that a figure is given from: what its denominator counts."""
LEVEL = 0.95
"""Share of two-sided intervals that hold the truth."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and a two-sided interval around it; `low` ≤ `value` ≤ `high`."""

    value: float
    low: float
    high: float
    n: int
    """Observations it was made from."""
    resolution: float = 0.0
    """How far the figure of the raw values may lie from `value`, for they were counted in bins. The interval has it."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """There is enough data, and still the figure has no value."""

    reason: str

    def __str__(self) -> str:
        return f"undefined: {self.reason}"


def too_few(have: int, min_count: int) -> TooFew | None:
    """The outcome of fewer than `min_count` observations, or of none at all; None where there are enough."""
    needed = max(min_count, 1)
    return TooFew(needed=needed, have=have) if have < needed else None


Figure: TypeAlias = Estimate | TooFew | Undefined
