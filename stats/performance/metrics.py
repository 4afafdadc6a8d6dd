"""All figures of labelled predictions at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stats.performance.auc import auc, mean_auc
from stats.performance.averages import FORMS, Average, average
from stats.performance.business_value import value_per_prediction
from stats.performance.calibration_error import calibration_error
from stats.performance.confusion import accuracy, f1, precision, recall
from stats.performance.coverage import Delay, coverage, label_delay
from stats.performance.error_sums import ErrorSums, error_sums
from stats.performance.estimate import LEVEL, MIN_COUNT, Figure, too_few
from stats.performance.exact_sum import Cells
from stats.performance.layout import OutcomeLayout
from stats.performance.losses import loss
from stats.performance.mean_errors import bias, mae, mape, rmse
from stats.performance.r2 import r2

_OF_CLASS = {"precision": precision, "recall": recall, "f1": f1}
_OF_ERRORS: dict[str, Callable[[ErrorSums, float], Figure]] = {
    "mae": mae,
    "rmse": rmse,
    "mape": mape,
    "r2": r2,
    "bias": bias,
}
_AVERAGES: tuple[Average, ...] = ("macro", "weighted")


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of one vector."""

    n: int
    """Joined pairs."""
    figures: Mapping[str, Figure]
    """Of the whole model, by name; of two classes, precision, recall, F1 and AUC are those of the positive one."""
    by_class: Mapping[str, Mapping[str, Figure]]
    """precision, recall, f1 and auc (against the rest) of each class; of two, auc is of the positive one alone."""
    delay: Delay


def performance(
    layout: OutcomeLayout, cells: Cells, *, level: float = LEVEL, min_count: int = MIN_COUNT
) -> Performance:
    """Every figure of a vector int64[size], each with an interval at `level` or the reason why there is none."""
    by_class: dict[str, dict[str, Figure]] = {}
    if layout.task == "regression":
        figures = _errors(layout, cells, level, min_count)
    else:
        by_class = _by_class(layout, cells, level, min_count)
        figures = _whole(layout, cells, level, min_count)
        if layout.task == "binary":
            figures |= by_class[layout.scored[0]]
    figures["coverage"] = coverage(layout, cells, level=level, min_count=min_count)
    figures["value"] = value_per_prediction(layout, cells, level=level, min_count=min_count)
    return Performance(int(layout.part(cells, "n")), figures, by_class, label_delay(layout, cells))


def histograms(layout: OutcomeLayout, cells: Cells) -> list[tuple[Cells, Cells]]:
    """Of every scored class its probability's histogram where it is the label, and where it is not: int64[B] each."""
    return [(by_label[1], by_label[0]) for by_label in layout.part(cells, "bins").sum(1)]


def _whole(layout: OutcomeLayout, cells: Cells, level: float, min_count: int) -> dict[str, Figure]:
    confusion = layout.part(cells, "confusion")
    return {
        "accuracy": accuracy(confusion, level=level, min_count=min_count),
        **{
            f"{form}_{over}": average(confusion, form, over, level=level, min_count=min_count)
            for over in _AVERAGES
            for form in FORMS
        },
        "log_loss": loss(layout, cells, "log_loss", level=level, min_count=min_count),
        "brier": loss(layout, cells, "brier", level=level, min_count=min_count),
        "auc": mean_auc(histograms(layout, cells), level=level, min_count=min_count),
        "calibration_error": calibration_error(layout, cells, level=level, min_count=min_count),
    }


def _by_class(layout: OutcomeLayout, cells: Cells, level: float, min_count: int) -> dict[str, dict[str, Figure]]:
    confusion = layout.part(cells, "confusion")
    found: dict[str, dict[str, Figure]] = {
        name: {form: of_class(confusion, k, level=level, min_count=min_count) for form, of_class in _OF_CLASS.items()}
        for k, name in enumerate(layout.classes)
    }
    for name, pair in zip(layout.scored, histograms(layout, cells), strict=True):
        found[name]["auc"] = auc(*pair, level=level, min_count=min_count)
    return found


def _errors(layout: OutcomeLayout, cells: Cells, level: float, min_count: int) -> dict[str, Figure]:
    sums = error_sums(layout, cells)
    have = dict.fromkeys(_OF_ERRORS, sums.n) | {"mape": sums.nonzero}
    return {name: too_few(have[name], min_count) or figure(sums, level) for name, figure in _OF_ERRORS.items()}
