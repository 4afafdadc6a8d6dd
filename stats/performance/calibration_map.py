"""From a score to the probability that it stands for: isotonic, fitted on the reference's labelled score bins.

Pool-adjacent-violators (Ayer et al. 1955, Annals of Mathematical Statistics 26; as a calibration map Zadrozny and Elkan
2002, KDD) of (positives_b + mean score_b)/(n_b + 1): one pseudo-row at the model's own score, so that an empty bin
is as the model says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from stats.outcome import TooFew
from stats.performance.estimate import too_few
from stats.performance.exact_sum import UNITS, Cells, Floats
from stats.performance.layout import BINS, OutcomeLayout

MIN_REFERENCE = 5_000
"""Labelled reference rows that an estimate before labels needs."""
_EMPTY_WEIGHT = 1e-3
_MIDDLES = (np.arange(BINS) + 0.5) / BINS


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One class's map, on BINS score bins."""

    rate: Floats
    """c_b, the probability of the class, rising, [B]."""
    rows: Floats
    """Reference rows behind it, those of all bins that were pooled, one pseudo-row included, [B]."""
    block: NDArray[np.intp]
    """Number of the pooled block, [B]: bins of one block have one error in common."""


def calibration_map(positives: Cells, n: Cells, scores: Floats) -> Calibration:
    """The map of counts and sums of scores by bin, [B] each."""
    mean = np.where(n > 0, scores / np.maximum(n, 1), _MIDDLES)
    pooled = isotonic_regression((positives + mean) / (n + 1), weights=n + _EMPTY_WEIGHT)
    block = np.repeat(np.arange(len(pooled.blocks) - 1), np.diff(pooled.blocks))
    rows = np.asarray(np.bincount(block, weights=n)[block] + 1, np.float64)
    return Calibration(np.clip(pooled.x, 0, 1), rows, block)


def calibration_maps(layout: OutcomeLayout, reference: Cells) -> tuple[Calibration, ...] | TooFew:
    """The map of every scored class from the reference's joined outcomes, int64[size]."""
    counts = layout.part(reference, "bins").sum(1)
    if few := too_few(int(counts[0].sum()), MIN_REFERENCE):
        return few
    sums = layout.part(reference, "probability").sum(1) / UNITS
    return tuple(
        calibration_map(by_label[1], by_label.sum(0), scores) for by_label, scores in zip(counts, sums, strict=True)
    )
