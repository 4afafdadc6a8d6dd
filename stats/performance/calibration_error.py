"""Expected calibration error: how far predicted probabilities are from what happened, on 100 equal-width bins.

ECE = Σ_b n_b/n · |o_b − s_b|, with the share o_b that happened and the mean probability s_b, exact, of each bin
(Naeini, Cooper and Hauskrecht 2015, AAAI). Of two classes it is that of the positive one; of more, that of the class
predicted, whose probability is the confidence (Guo et al. 2017, ICML).
"""

from dataclasses import replace
from math import pi, sqrt

import numpy as np

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import UNITS, Cells, Floats
from stats.performance.interval import around
from stats.performance.layout import OutcomeLayout


def reliability(layout: OutcomeLayout, cells: Cells) -> tuple[Cells, Cells, Floats]:
    """The reliability diagram's bins: events n_b, those where it happened, and the sum of probabilities, [B] each."""
    counts, sums = layout.part(cells, "bins"), layout.part(cells, "probability") / UNITS
    if layout.task == "binary":
        by_label, total = counts[0].sum(0), sums[0].sum(0)
    else:
        by_label, total = counts[:, 1].sum(0), sums[:, 1].sum(0)
    return by_label.sum(0), by_label[1], total


def calibration_error(
    layout: OutcomeLayout, cells: Cells, *, level: float = LEVEL, min_count: int = MIN_COUNT
) -> Estimate | TooFew:
    """ECE, with the normal interval given the signs of the bins' gaps, from below widened by `chance`.

    Chance moves every bin's rate away from its probability: ECE is too high, of a calibrated model by all of `chance`.
    """
    n_b, happened, probability = reliability(layout, cells)
    n = int(n_b.sum())
    if few := too_few(n, min_count):
        return few
    value = float(np.abs(happened - probability).sum() / n)
    rate, gap = _rates(n_b, happened, probability)
    variance = float((n_b * (rate * (1 - rate) + gap**2)).sum() / n - value**2) / n
    found = around(value, sqrt(max(variance, 0.0)), n, level, 0.0, 1.0)
    return replace(found, low=max(found.low - chance(layout, cells), 0.0))


def chance(layout: OutcomeLayout, cells: Cells) -> float:
    """The ECE that a perfectly calibrated model with these probabilities is expected to show by chance alone.

    Σ_b √(2/π · n_b s_b (1 − s_b)) / n, the mean of |o_b − s_b| for a normal o_b; 0 without events.
    """
    n_b, _, probability = reliability(layout, cells)
    s = np.clip(probability / np.maximum(n_b, 1), 0, 1)
    return float(np.sqrt(2 / pi * n_b * s * (1 - s)).sum() / max(int(n_b.sum()), 1))


def _rates(n_b: Cells, happened: Cells, probability: Floats) -> tuple[Floats, Floats]:
    """The rate that happened, and how far the mean probability is from it, [B]; 0 in empty bins."""
    least = np.maximum(n_b, 1)
    return happened / least, (happened - probability) / least
