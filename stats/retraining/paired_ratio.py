"""Two figures of the same rows that are no means: precision, F1, averages over classes, root mean squared error.

By the delta method each row moves a figure by its influence, to first order; the difference of two figures on the same
rows is moved by the difference of the influences, whose spread over rows is its standard error (Hampel 1974, The
influence curve and its role in robust estimation, Journal of the American Statistical Association 69).
"""

import numpy as np

from stats.performance.averages import FORMS, Average
from stats.performance.exact_sum import Cells, Floats
from stats.performance.interval import normal_quantile, wilson_error
from stats.retraining.gain import PairedFigures, level_of, student

Influenced = tuple[float, Floats]
"""A figure, and each row's influence on it [n], of mean 0."""


def paired_ratio(production: Influenced, candidate: Influenced, n: int, *, alpha: float, most: float) -> PairedFigures:
    """The gain of a figure of which more is better and that n of the rows bear upon; `most` is its range.

    A range bounds the error from below by what Wilson's interval of n rows has where nothing was seen to differ.
    """
    (was, was_moved), (now, now_moved) = production, candidate
    rows = len(was_moved)
    error = float(np.sqrt(((now_moved - was_moved) ** 2).sum() / (rows * (rows - 1))))
    if not error and np.isfinite(most):
        error = wilson_error(n, normal_quantile(level_of(alpha)))
    return was, now, student(now - was, error, n, alpha, most)


def of_class(label: Cells, prediction: Cells, k: int, form: str) -> Influenced:
    """Precision, recall or F1 of class k, which at least one row has or is predicted to have; codes [n]."""
    weight = np.zeros(max(int(label.max()), int(prediction.max()), k) + 2)
    weight[k] = 1.0
    return _weighed(_confusion(label, prediction, len(weight)), weight, form, label, prediction)


def of_classes(label: Cells, prediction: Cells, classes: int, form: str, over: Average) -> Influenced:
    """The mean over the classes 0..classes-1 that occur as label or prediction, as stats/performance/averages.py."""
    p = _confusion(label, prediction, classes + 1)
    row, known = p.sum(1), np.arange(classes + 1) < classes
    occurs = known & (row + p.sum(0) > 0)
    if over == "macro":
        return _weighed(p, occurs / occurs.sum(), form, label, prediction)
    share = row[known].sum()
    value, influence = _weighed(p, np.where(known, row / share, 0.0), form, label, prediction)
    by_label = np.where(known, (_each(p, form)[0] - value) / share, 0.0)  # the weights are shares of labels, too
    return value, influence + by_label[label]


def root_mean(squares: Floats) -> Influenced:
    """√ of the mean of squared errors [n], less being better: as −√."""
    value = float(np.sqrt(squares.mean()))
    return -value, -(squares - value**2) / (2 * value) if value else np.zeros(len(squares))


def _confusion(label: Cells, prediction: Cells, width: int) -> Floats:
    """Shares [width, width], rows by label."""
    return np.asarray(np.bincount(label * width + prediction, minlength=width**2).reshape(width, width) / len(label))


def _each(p: Floats, form: str) -> tuple[Floats, Floats]:
    """Every class' figure s·p_kk / (r·row + c·column), and what it is divided by; 0 of infinity where there is none."""
    s, r, c = FORMS[form]
    below = r * p.sum(1) + c * p.sum(0)
    below = np.where(below > 0, below, np.inf)
    return s * p.diagonal() / below, below


def _weighed(p: Floats, weight: Floats, form: str, label: Cells, prediction: Cells) -> Influenced:
    s, r, c = FORMS[form]
    each, below = _each(p, form)
    gain, slope = weight * s / below, weight * each / below
    influence = np.where(label == prediction, gain[label], 0.0) - r * slope[label] - c * slope[prediction]
    return float(weight @ each), np.asarray(influence)
