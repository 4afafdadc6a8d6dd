"""Two areas under the ROC curve of the same rows (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44)."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from stats.performance.estimate import MIN_COUNT, too_few
from stats.performance.exact_sum import Floats
from stats.performance.interval import normal_quantile, wilson_error
from stats.retraining.gain import ALPHA, PairedFigures, level_of, student

Flags = NDArray[np.bool_]


def paired_auc(
    positive: Flags, production: Floats, candidate: Floats, *, alpha: float = ALPHA, min_count: int = MIN_COUNT
) -> PairedFigures:
    """Both AUCs and the candidate's gain, of flags and scores [n, k]; of several classes k, of the mean of their AUCs.

    Exact for ties, with the exact covariance of the two. At least `min_count` positives and others of each class.
    Where both models rank alike the covariance leaves no width: Wilson's of the rarer side stands for it.
    """
    rarer = int(min(positive.sum(0).min(), (~positive).sum(0).min()))
    if few := too_few(rarer, max(min_count, 2)):
        return few
    (was, was_moved), (now, now_moved) = (_mean(positive, scores) for scores in (production, candidate))
    error = float(np.sqrt(((now_moved - was_moved) ** 2).sum()))
    error = error or wilson_error(rarer, normal_quantile(level_of(alpha)))
    return was, now, student(now - was, error, rarer, alpha, most=1.0)


def area(positive: Flags, score: Floats) -> tuple[float, Floats]:
    """The AUC of one score [n], and how far each row moves it: the sum of squares [n] is DeLong's variance."""
    p, q = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(score)
    share = np.where(positive, (ranks - _within(positive, score)) / q, 1 - (ranks - _within(~positive, score)) / p)
    value = float(share[positive].mean())
    weight = np.where(positive, 1 / np.sqrt(p * max(p - 1, 1)), 1 / np.sqrt(q * max(q - 1, 1)))
    return value, np.asarray((share - value) * weight)


def _within(side: Flags, score: Floats) -> Floats:
    """Ranks among the rows of one side, [n]; 0 for the other side's."""
    ranks = np.zeros(len(score))
    ranks[side] = rankdata(score[side])
    return ranks


def _mean(positive: Flags, scores: Floats) -> tuple[float, Floats]:
    found = [area(flags, score) for flags, score in zip(positive.T, scores.T, strict=True)]
    return float(np.mean([value for value, _ in found])), np.asarray(np.mean([moved for _, moved in found], 0))
