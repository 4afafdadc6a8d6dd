"""What each single row costs a model; the means are the figures of stats/performance."""

import numpy as np

from stats.performance.cells import LEAST_PROBABILITY
from stats.performance.exact_sum import ROOT, Cells, Floats
from stats.performance.layout import OutcomeLayout

MOST = 2.0**230
"""Sums of fourth powers of what is cut here are finite."""


def log_loss(layout: OutcomeLayout, label: Cells, probabilities: Floats) -> Floats:
    """−ln of the label's probability, at least 1e-15, in nats, [n]; probabilities as `OutcomeLayout.scored`."""
    whole = _whole(layout, probabilities)
    of_label = np.take_along_axis(whole, label[:, np.newaxis], 1)[:, 0]
    return np.asarray(-np.log(np.clip(of_label, LEAST_PROBABILITY, 1.0)))


def brier(layout: OutcomeLayout, label: Cells, probabilities: Floats) -> Floats:
    """Σ_k (y_k − p_k)², [n], 0 to 2; of two classes half of it, 0 to 1."""
    whole = _whole(layout, probabilities)
    truth = np.arange(whole.shape[1]) == label[:, np.newaxis]
    return np.asarray(((whole - truth) ** 2).sum(1) / (2 if layout.task == "binary" else 1))


def absolute_error(label: Floats, prediction: Floats) -> Floats:
    """|e| in the label's unit, [n], cut at MOST."""
    with np.errstate(over="ignore"):
        return np.minimum(np.abs(prediction - label), MOST)


def squared_error(label: Floats, prediction: Floats) -> Floats:
    """e² in the label's unit, squared, [n]; e cut at MOST."""
    return np.asarray(absolute_error(label, prediction) ** 2)


def relative_error(label: Floats, prediction: Floats) -> Floats:
    """|e/y|, [n], cut at 2^59 as in windows; no label is 0."""
    with np.errstate(over="ignore"):
        return np.minimum(np.abs(prediction / label - 1), ROOT)


def _whole(layout: OutcomeLayout, probabilities: Floats) -> Floats:
    """Probabilities of all classes, [n, C]."""
    return np.column_stack((1 - probabilities, probabilities)) if layout.task == "binary" else probabilities
