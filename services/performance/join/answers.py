"""Predictions and labels of one version, as its layout counts them."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.performance.join.pairs import Made, Pairs
from stats.performance.cells import Predictions
from stats.performance.class_names import class_codes, class_names
from stats.performance.exact_sum import Floats
from stats.performance.layout import OutcomeLayout

Columns = TypeVar("Columns", bound=Made)


def countable(layout: OutcomeLayout, columns: Made) -> NDArray[np.bool_]:
    """bool[n]: predictions, and labels where they are pairs, that the layout has a cell for.

    A text is no answer of a regression, and no label of one. Anything is a class, if only one of the others.
    """
    if layout.task != "regression":
        return np.ones(len(columns), np.bool_)
    fits = ~np.isnan(columns.prediction)
    return fits & ~np.isnan(columns.label) if isinstance(columns, Pairs) else fits


def predicted(layout: OutcomeLayout, columns: Made) -> Predictions:
    """The predictions [n] as `fold_outcomes` takes them."""
    return _told(layout, columns.prediction, columns.prediction_text)


def labelled(layout: OutcomeLayout, pairs: Pairs) -> Predictions:
    """The labels [n] as `fold_outcomes` takes them."""
    return _told(layout, pairs.label, pairs.label_text)


def probabilities(layout: OutcomeLayout, columns: Made) -> Floats | None:
    """Probabilities [n, scored classes], NaN where there are none; None for a regression.

    Those of an event sum to 1, so a class that it does not name has 0. Of two classes the score is the positive one's
    probability, and comes before what the event says class by class.
    """
    if layout.task == "regression":
        return None
    found = np.full((len(columns), len(layout.scored)), nan)
    for row, given in enumerate(columns.probabilities):
        if given:
            found[row] = _of_event(layout, given)
    if layout.task == "binary":
        found[:, 0] = np.where(np.isnan(columns.score), found[:, 0], columns.score)
    return found


def _of_event(layout: OutcomeLayout, given: Mapping[str, float]) -> Sequence[float]:
    if layout.task == "binary":
        negative, positive = layout.classes
        return [given[positive] if positive in given else 1.0 - given.get(negative, nan)]
    return [given.get(name, 0.0) for name in layout.scored]


def _told(layout: OutcomeLayout, numbers: Floats, texts: Sequence[str | None]) -> Predictions:
    return numbers if layout.task == "regression" else class_codes(layout, *class_names(numbers, texts))
