"""How good a model's answers were on labelled rows: counted as live outcomes are, and the figures of those counts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from driftline.classes import classes_of, named, probabilities
from driftline.datasets import Dataset
from driftline.parts import Parts
from runtime.cells import pack, unpack
from schemas.baseline import OutcomeReference
from stats.baseline import build_column
from stats.performance.class_names import class_codes
from stats.performance.exact_sum import Cells, Floats
from stats.performance.labelled import fold_labelled, metrics_of
from stats.performance.layout import OutcomeLayout

MAX_NUMERIC_CLASSES = 50
"""A numeric label with more distinct values than this is a quantity, not a class."""
OF_SCORES = ("auc", "log_loss", "brier", "calibration_error", "positive_rate")
"""Metrics of two classes that need scores and labels only."""


class Measured(NamedTuple):
    """What labelled rows say of a model."""

    outcomes: OutcomeReference | None
    """None where no row has an answer and a label, or all are of one class."""
    metrics: dict[str, float]


NOTHING = Measured(None, {})


def measure(rows: Dataset, training: Dataset, parts: Parts, edges: Sequence[float]) -> Measured:
    """The outcomes and metrics of the labelled `rows`; the training rows only add to what classes there are.

    `edges` are those of the prediction's column, should it be a number. Raises CommandError for columns that do not
    go together.
    """
    if parts.label is None or not parts.answers:
        return NOTHING
    known = [rows] if rows is training else [rows, training]
    if _is_regression(known, parts.label, parts.prediction, parts.categorical):
        return _regression(rows.numbers(parts.label), rows.numbers(str(parts.prediction)), edges)
    layout = classes_of(rows, known, parts)
    return _classification(layout, rows, parts) if layout else NOTHING


def layout_of(outcomes: OutcomeReference) -> OutcomeLayout:
    """What the cells of `outcomes` mean. Raises ValueError where they do not fit."""
    layout = OutcomeLayout(outcomes.task, outcomes.classes, outcomes.center, outcomes.scale, outcomes.edges)
    if layout.digest != outcomes.digest or unpack(outcomes.cells).shape != (layout.size,):
        raise ValueError("the labelled rows' counts do not fit what they count: `driftline baseline build` makes them")
    return layout


def _is_regression(known: Sequence[Dataset], label: str, prediction: str | None, categorical: frozenset[str]) -> bool:
    """Whether labels and predictions are numbers, and not the few numbers that name classes."""
    if prediction is None or {label, prediction} & categorical:
        return False
    if any(data.kind(name) != "numeric" for data in known for name in (label, prediction) if name in data.names):
        return False
    labels, predictions = _distinct(known, label), _distinct(known, prediction)
    are_labels = np.isin(predictions, labels).all() or np.union1d(labels, predictions).size <= 2
    return bool(labels.size > MAX_NUMERIC_CLASSES or not are_labels)


def _distinct(known: Sequence[Dataset], name: str) -> Floats:
    """The finite values of a numeric column, each once."""
    values = np.concatenate([data.numbers(name) for data in known if name in data.names])
    return np.unique(values[np.isfinite(values)])


def _regression(labels: Floats, predictions: Floats, edges: Sequence[float]) -> Measured:
    both = np.isfinite(labels) & np.isfinite(predictions)
    if not both.any():
        return NOTHING
    labels = labels[both]
    column = build_column("label", "prediction", "numeric", labels)
    layout = OutcomeLayout("regression", (), column.center, column.scale, edges)
    return _measured(layout, fold_labelled(layout, predictions[both], None, labels))


def _classification(layout: OutcomeLayout, rows: Dataset, parts: Parts) -> Measured:
    label, answer = named(rows, parts.label), named(rows, parts.prediction)
    both = label.places >= 0
    if parts.prediction:
        both &= answer.places >= 0
    if not both.any():
        return NOTHING
    cells = fold_labelled(
        layout,
        class_codes(layout, *answer)[both],
        np.column_stack([column[both] for column in probabilities(layout, rows, parts)]),
        class_codes(layout, *label)[both],
    )
    found = _measured(layout, cells)
    if parts.prediction:
        return found
    kept = OF_SCORES if layout.task == "binary" else ()
    return Measured(None, {name: found.metrics[name] for name in kept if name in found.metrics})


def _measured(layout: OutcomeLayout, cells: Cells) -> Measured:
    return Measured(OutcomeReference(**layout.meaning, cells=pack(cells)), metrics_of(layout, cells))
