"""Area under the ROC curve from histograms of a probability, positives and the others apart."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells, Floats
from stats.performance.interval import normal_quantile, wilson_error


def auc(positive: Cells, negative: Cells, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """AUC = Σ P_b (N_<b + N_b/2) / ΣP ΣN of counts int64[B], among at least `min_count` of either.

    Within a bin the order is unknown: the raw values' AUC is at most `resolution` = ½ Σ p_b q_b away, p and q being the
    shares of the bins. The interval is DeLong's, ties and all (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44),
    widened by the resolution. Where no pair is out of order it has no width: Wilson's of the rarer side stands for it.
    """
    return mean_auc([(positive, negative)], level=level, min_count=min_count)


def mean_auc(
    pairs: Sequence[tuple[Cells, Cells]], *, level: float = LEVEL, min_count: int = MIN_COUNT
) -> Estimate | TooFew:
    """The mean of several AUCs: of every class against the rest, say.

    They share their events, so their errors are taken as wholly correlated: the interval is never too narrow.
    """
    rarer = min(int(min(positive.sum(), negative.sum())) for positive, negative in pairs)
    if few := too_few(rarer, max(min_count, 2)):
        return few
    z = normal_quantile(level)
    found = np.array([_area(positive, negative, z) for positive, negative in pairs])
    value, error, resolution = found.mean(0).tolist()
    half = z * error + resolution
    n = int(pairs[0][0].sum() + pairs[0][1].sum())
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n, resolution)


def ranks(positive: Cells | Floats, negative: Cells | Floats) -> tuple[Floats, Floats]:
    """For a positive of each bin the negatives below it, for a negative the positives above it; ties count half."""
    below = np.cumsum(negative) - negative / 2
    above = positive.sum() - np.cumsum(positive) + positive / 2
    return np.asarray(below, np.float64), np.asarray(above, np.float64)


def _area(positive: Cells, negative: Cells, z: float) -> tuple[float, float, float]:
    """The area, its standard error, and its resolution."""
    below, above = ranks(positive, negative)
    p, q = positive.sum(), negative.sum()
    value = float(positive @ below / (p * q))
    of_positives = positive @ (below / q - value) ** 2 / (p - 1)
    of_negatives = negative @ (above / p - value) ** 2 / (q - 1)
    error = sqrt(of_positives / p + of_negatives / q) or wilson_error(int(min(p, q)), z)
    return value, error, float(positive @ negative / (2 * p * q))
