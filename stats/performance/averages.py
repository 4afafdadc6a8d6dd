"""Precision, recall and F1 over all classes, with the delta method's interval.

Each is of the form s·p_kk / (r·row_k + c·column_k) in the shares p of the confusion matrix, so that the gradient of an
average is known in closed form, and the variance is (Σ g²p − (Σ g p)²)/n of multinomial counts (Takahashi et al. 2022,
Confidence interval for micro-averaged F1 and macro-averaged F1 scores, Applied Intelligence 52).
"""

from math import sqrt
from typing import Literal

import numpy as np

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells
from stats.performance.interval import around, normal_quantile, wilson_error

Average = Literal["macro", "weighted"]
FORMS = {"precision": (1, 0, 1), "recall": (1, 1, 0), "f1": (2, 1, 1)}
"""s, r and c."""


def average(
    confusion: Cells, form: str, over: Average, *, level: float = LEVEL, min_count: int = MIN_COUNT
) -> Estimate | TooFew:
    """The mean over the classes that occur, alike (macro) or each by its share of labels (weighted).

    `confusion` int64[C, C], rows by label. As scikit-learn's, a class that was never predicted has precision 0, one
    that never was the label recall 0. OTHER lowers the others' figures and is itself no class of the mean.
    """
    n = int(confusion.sum())
    if few := too_few(n, min_count):
        return few
    p = confusion / n
    row, column, hit = p.sum(1), p.sum(0), p.diagonal()
    known = np.arange(len(p)) < len(p) - 1
    occurs = known & (row + column > 0)
    if not occurs.any() or (over == "weighted" and not row[known].any()):
        return TooFew(needed=1, have=0)
    s, r, c = FORMS[form]
    below = r * row + c * column
    below = np.where(below > 0, below, np.inf)
    each = s * hit / below
    share = row[known].sum()
    weight = occurs / occurs.sum() if over == "macro" else np.where(known, row / share, 0.0)
    value = float(weight @ each)
    slope = -weight * each / below
    by_label = r * slope + (known * (each - value) / share if over == "weighted" else 0.0)
    gradient = np.diag(s * weight / below) + by_label[:, np.newaxis] + c * slope
    mean = (gradient * p).sum()
    variance = max(float((gradient**2 * p).sum() - mean**2), 0.0) / n
    error = sqrt(variance) or wilson_error(n, normal_quantile(level))  # all right, or all wrong
    return around(value, error, n, level, 0.0, 1.0)
