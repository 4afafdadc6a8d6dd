"""How each figure of two classifications is compared on the same rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.outcome import TooFew
from stats.performance.averages import FORMS, Average
from stats.performance.estimate import too_few
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout
from stats.retraining import row_losses
from stats.retraining.delong import paired_auc
from stats.retraining.gain import PairedFigures
from stats.retraining.paired_mean import paired_mean
from stats.retraining.paired_ratio import of_class, of_classes, paired_ratio
from stats.retraining.paired_share import paired_share

_AVERAGES: tuple[Average, ...] = ("macro", "weighted")


@dataclass(frozen=True, slots=True, eq=False)
class ClassRows:
    """n rows with what production and the candidate say to each."""

    layout: OutcomeLayout
    label: Cells
    predictions: tuple[Cells, Cells]
    """Production's and the candidate's, [n] codes of `OutcomeLayout.codes` as the labels."""
    probabilities: tuple[Floats, Floats]
    """[n, scored classes] each; NaN is none."""
    k: int
    """The class of precision, recall and F1."""
    alpha: float
    min_count: int

    @property
    def classes(self) -> int:
        """How many classes there are beside OTHER."""
        return len(self.layout.classes)


def _accuracy(rows: ClassRows) -> PairedFigures:
    was, now = ((prediction == rows.label) & (rows.label < rows.classes) for prediction in rows.predictions)
    return _shares(rows, was, now)


def _recall(rows: ClassRows) -> PairedFigures:
    has_class = rows.label == rows.k
    was, now = (prediction[has_class] == rows.k for prediction in rows.predictions)
    return _shares(rows, was, now)


def _shares(rows: ClassRows, was: NDArray[np.bool_], now: NDArray[np.bool_]) -> PairedFigures:
    gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
    gain = paired_share(gained, lost, len(was), alpha=rows.alpha, min_count=rows.min_count)
    return gain if isinstance(gain, TooFew) else (float(was.mean()), float(now.mean()), gain)


def _of_class(form: str) -> Callable[[ClassRows], PairedFigures]:
    _, by_label, by_prediction = FORMS[form]

    def paired(rows: ClassRows) -> PairedFigures:
        has_class = by_label * (rows.label == rows.k)
        n = min(int((has_class + by_prediction * (said == rows.k) > 0).sum()) for said in rows.predictions)
        if few := too_few(n, max(rows.min_count, 2)):
            return few
        was, now = (of_class(rows.label, prediction, rows.k, form) for prediction in rows.predictions)
        return paired_ratio(was, now, n, alpha=rows.alpha, most=1.0)

    return paired


def _average(form: str, over: Average) -> Callable[[ClassRows], PairedFigures]:
    def paired(rows: ClassRows) -> PairedFigures:
        n = int((rows.label < rows.classes).sum())
        if few := too_few(n, max(rows.min_count, 2)):
            return few
        was, now = (of_classes(rows.label, prediction, rows.classes, form, over) for prediction in rows.predictions)
        return paired_ratio(was, now, n, alpha=rows.alpha, most=1.0)

    return paired


def _auc(rows: ClassRows) -> PairedFigures:
    label, was, now = _scored(rows)
    positive = label[:, np.newaxis] == np.arange(rows.classes - was.shape[1], rows.classes)
    return paired_auc(positive, was, now, alpha=rows.alpha, min_count=rows.min_count)


def _loss(of_row: Callable[[OutcomeLayout, Cells, Floats], Floats]) -> Callable[[ClassRows], PairedFigures]:
    def paired(rows: ClassRows) -> PairedFigures:
        label, *models = _scored(rows)
        was, now = (of_row(rows.layout, label, probabilities) for probabilities in models)
        return paired_mean(was, now, alpha=rows.alpha, min_count=rows.min_count)

    return paired


def _scored(rows: ClassRows) -> tuple[Cells, Floats, Floats]:
    """Labels and both models' probabilities, of rows that have all of them and a label among the classes."""
    was, now = rows.probabilities
    counted = (rows.label < rows.classes) & ~np.isnan(was).any(1) & ~np.isnan(now).any(1)
    return rows.label[counted], was[counted], now[counted]


OF_CLASSES: Mapping[str, Callable[[ClassRows], PairedFigures]] = {
    "accuracy": _accuracy,
    "precision": _of_class("precision"),
    "recall": _recall,
    "f1": _of_class("f1"),
    **{f"{form}_{over}": _average(form, over) for over in _AVERAGES for form in FORMS},
    "log_loss": _loss(row_losses.log_loss),
    "brier": _loss(row_losses.brier),
    "auc": _auc,
}
