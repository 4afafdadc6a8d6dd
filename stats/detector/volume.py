"""The number of events as one more row: a quasi-Poisson likelihood ratio against the hour's mean.

The truth may lie anywhere within 1 ± ε of the mean, ε = tolerance + z √(φ / events seen in the season); a
ratio against the nearest bound is an e-value there for Poisson counts, and its φth root for counts that vary φ
times as much (Wedderburn 1974 for the quasi-likelihood). An hour's own mean, of h hours seen, adds φ/h to the
variance; over many hours such errors cancel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.detector.hours import HOUR_MS, WEEK_HOURS, hours_covered
from stats.jeffreys import Floats

RATIOS = np.array([0.5, 0.7, 0.85, 1.2, 1.5, 2.5])
"""Alternatives, as multiples of the mean."""
_SIDE = np.sign(RATIOS - 1)
LOG_BELIEFS: Floats = np.full(RATIOS.size, -np.log(RATIOS.size))


@dataclass(frozen=True, eq=False)
class Volume:
    """How many events a pane is expected to bring."""

    mean: Floats
    """Events an hour, by hour of week, [168]."""
    hours: NDArray[np.int64]
    """Hours seen, by hour of week, [168]."""
    phi: float
    """Variance inflation of an hour's count."""

    def expected(self, hour: int, pane_ms: int) -> float:
        """Mean events of a pane that starts in this hour of the week."""
        return float(self.mean[_covered(hour, pane_ms)].mean() * pane_ms / HOUR_MS)

    def log_e_values(self, n: int, hour: int, pane_ms: int, *, z: float, tolerance: float) -> Floats:
        """Log e-value of n events against each of `RATIOS`, [6]."""
        seen = max(float(self.mean @ self.hours), 1.0)
        epsilon = tolerance + z * np.sqrt(self.phi / seen)
        phi = self.phi * (1 + 1 / max(int(self.hours[_covered(hour, pane_ms)].sum()), 1))
        nearest = np.maximum(1 + _SIDE * epsilon, 0.0)
        factor = RATIOS / (1 + _SIDE * tolerance)
        mean = self.expected(hour, pane_ms)
        return np.asarray((n * np.log(factor) - mean * nearest * (factor - 1)) / phi)


def smoothed_means(n: Floats, unit_hours: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Mean events an hour and hours seen, both [168], from counts n [T] of units in hours of the week [T].

    Means by hour are shrunk to the overall mean as far as hours do not differ more than counts within an hour
    do (empirical Bayes, by moments); an hour never seen has the overall mean.
    """
    seen = np.bincount(unit_hours, minlength=WEEK_HOURS)
    sums = np.bincount(unit_hours, n, WEEK_HOURS)
    overall = float(n.mean())
    raw = sums / np.maximum(seen, 1)
    repeated = int((seen - 1).clip(0).sum())
    within = ((n - raw[unit_hours]) ** 2).sum() / repeated if repeated else overall
    within = max(float(within), overall)
    present = seen > 0
    between = float(np.average((raw[present] - overall) ** 2, weights=seen[present])) - within / seen[present].mean()
    strength = within / between if between > 0 else np.inf
    if np.isinf(strength):
        return np.full(WEEK_HOURS, overall), seen
    return (sums + strength * overall) / (seen + strength), seen


def _covered(hour: int, pane_ms: int) -> NDArray[np.int64]:
    return (hour + np.arange(hours_covered(pane_ms))) % WEEK_HOURS
