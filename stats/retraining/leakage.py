"""How far a single feature determines the label: 1 is wholly, and then it was made from the label, or after it.

Of numbers: the AUC against two classes, whichever side is up, or the size of Spearman's rank correlation with a number.
Of texts, and against more classes: mutual information as a share of the label's entropy (Theil's uncertainty
coefficient, 1970). Values on fewer than LEAST rows count as one, so that a column of identifiers, which determines the
labels of these rows and of no others, does not look as if it knew. A missing value can be what tells: it counts as the
lowest and as the highest number, or as a text.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from stats.performance.exact_sum import Floats
from stats.retraining.delong import area

BINS = 100
"""Quantile bins of a number, where what counts is mutual information."""
LEAST = 10

Codes = NDArray[np.int64]


def area_of_two(values: Floats, positive: NDArray[np.bool_]) -> float:
    """The AUC of values [n], NaN being missing, from 0.5 to 1; 0.5 where there is one class only."""
    if not 0 < positive.sum() < len(positive):
        return 0.5
    found = [area(positive, whole)[0] for whole in _filled(values)]
    return max(max(auc, 1 - auc) for auc in found)


def rank_correlation(values: Floats, label: Floats) -> float:
    """|Spearman's ρ| (1904) of values [n], NaN being missing, and numbers [n]; 0 where either does not vary."""
    ranks = rankdata(label)
    return max(_correlation(ranks, rankdata(whole)) for whole in _filled(values))


def information_share(codes: Codes, label: Codes) -> float:
    """Mutual information of two columns of codes [n] over the label's entropy, 0 to 1; 0 where there is one label."""
    _, place, rows = np.unique(codes, return_inverse=True, return_counts=True)
    codes = np.where(rows[place] < LEAST, 0, place + 1)
    of_codes, of_label, joint = (_counts(column) for column in (codes, label, codes * (label.max() + 1) + label))
    entropy = _entropy(of_label)
    if entropy == 0:
        return 0.0
    information = _entropy(of_codes) + entropy - _entropy(joint)
    return float(np.clip(information / entropy, 0.0, 1.0))


def binned(values: Floats) -> Codes:
    """Codes [n] of quantile bins, ties whole; missing has its own."""
    numbers = values[~np.isnan(values)]
    if not numbers.size:
        return np.zeros(len(values), np.int64)
    edges = np.unique(np.quantile(numbers, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    return np.where(np.isnan(values), BINS, np.searchsorted(edges, values)).astype(np.int64)


def _filled(values: Floats) -> list[Floats]:
    """The values with what is missing as the lowest, and as the highest."""
    missing = np.isnan(values)
    return [np.where(missing, end, values) for end in (-np.inf, np.inf)] if missing.any() else [values]


def _counts(codes: Codes) -> Codes:
    return np.unique(codes, return_counts=True)[1]


def _entropy(counts: Codes) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return abs(float(a @ b)) / size if size else 0.0
