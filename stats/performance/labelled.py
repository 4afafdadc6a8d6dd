"""Labelled rows that are at hand whole, counted as live outcomes are, and the metrics of those counts."""

import numpy as np

from stats.performance.cells import Predictions, fold_outcomes, fold_predictions
from stats.performance.estimate import Estimate
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout
from stats.performance.metrics import performance

NOT_OF_ROWS = ("coverage", "value")
"""Figures that a set of labelled rows does not have in the same sense."""
_CHUNK = 100_000  # rows folded at a time


def fold_labelled(
    layout: OutcomeLayout, predictions: Predictions, probabilities: Floats | None, labels: Predictions
) -> Cells:
    """All rows in one vector, int64[size], as made and as joined; arguments as `fold_outcomes` has them."""
    cells = layout.zeros()
    for start in range(0, len(labels), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        some = predictions[chunk]
        scores = None if probabilities is None else probabilities[chunk]
        none, group = np.full(len(some), np.nan), np.zeros(len(some), np.int64)
        cells += fold_outcomes(layout, some, scores, labels[chunk], none, none, group=group, groups=1)[0]
        cells += fold_predictions(layout, some, scores, group=group, groups=1)[0]
    return cells


def metrics_of(layout: OutcomeLayout, cells: Cells) -> dict[str, float]:
    """The figures that rows have a value of, by name; of two classes the share of the positive one too."""
    metrics = {
        name: figure.value
        for name, figure in performance(layout, cells).figures.items()
        if isinstance(figure, Estimate) and np.isfinite(figure.value) and name not in NOT_OF_ROWS
    }
    if layout.task == "binary":
        by_label = layout.part(cells, "confusion").sum(1)
        metrics["positive_rate"] = float(by_label[1] / by_label.sum())
    return metrics
