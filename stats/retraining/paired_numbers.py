"""How each figure of two regressions is compared on the same rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from stats.outcome import TooFew
from stats.performance.estimate import too_few
from stats.performance.exact_sum import Floats
from stats.retraining.gain import PairedFigures
from stats.retraining.paired_mean import paired_mean
from stats.retraining.paired_ratio import paired_ratio, root_mean
from stats.retraining.row_losses import absolute_error, relative_error, squared_error


@dataclass(frozen=True, slots=True, eq=False)
class NumberRows:
    """n rows with what production and the candidate say to each, in the label's unit."""

    label: Floats
    predictions: tuple[Floats, Floats]
    """Production's and the candidate's, [n] each."""
    alpha: float
    min_count: int


def _mean(of_row: Callable[[Floats, Floats], Floats]) -> Callable[[NumberRows], PairedFigures]:
    def paired(rows: NumberRows) -> PairedFigures:
        was, now = (of_row(rows.label, prediction) for prediction in rows.predictions)
        return paired_mean(was, now, alpha=rows.alpha, min_count=rows.min_count)

    return paired


def _mape(rows: NumberRows) -> PairedFigures:
    counted = rows.label != 0
    was, now = (relative_error(rows.label[counted], prediction[counted]) for prediction in rows.predictions)
    return paired_mean(was, now, alpha=rows.alpha, min_count=rows.min_count)


def _rmse(rows: NumberRows) -> PairedFigures:
    n = len(rows.label)
    if few := too_few(n, max(rows.min_count, 2)):
        return few
    was, now = (root_mean(squared_error(rows.label, prediction)) for prediction in rows.predictions)
    found = paired_ratio(was, now, n, alpha=rows.alpha, most=inf)
    return found if isinstance(found, TooFew) else (-found[0], -found[1], found[2])


OF_NUMBERS: Mapping[str, Callable[[NumberRows], PairedFigures]] = {
    "mae": _mean(absolute_error),
    "mse": _mean(squared_error),
    "rmse": _rmse,
    "mape": _mape,
}
