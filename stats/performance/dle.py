"""Errors of a regression before labels: the reference's mean error by bin of the prediction.

Direct loss estimation (NannyML) with the prediction as the only input of the loss: E|e| and E e² by bin from labelled
reference rows, one pseudo-row at their overall means, times how often the bin is predicted now. It assumes that errors
depend on inputs through the prediction, and as they did in the reference.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from stats.outcome import TooFew
from stats.performance.calibration_map import MIN_REFERENCE
from stats.performance.cbpe import BAND
from stats.performance.estimate import MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells, Floats, totals
from stats.performance.layout import OutcomeLayout


@dataclass(frozen=True, slots=True, eq=False)
class ErrorMap:
    """What errors were in the reference, by bin of the prediction, in units of the layout's scale."""

    mean: Floats
    """E|e|, E e² and E e⁴, [3, bins]."""
    rows: Floats
    """Reference rows behind them, one pseudo-row included, [bins]."""


def error_map(layout: OutcomeLayout, reference: Cells) -> ErrorMap | TooFew:
    """The map from the reference's joined outcomes, int64[size]."""
    n = layout.part(reference, "bins")
    have = int(n.sum())
    if few := too_few(have, MIN_REFERENCE):
        return few
    sums = totals(layout.part(reference, "bin_sums")).T
    rows = np.asarray(n + 1, np.float64)
    return ErrorMap(np.asarray((sums + sums.sum(-1, keepdims=True) / have) / rows), rows)


def dle(
    layout: OutcomeLayout, errors: ErrorMap, made_bins: Cells, *, min_count: int = MIN_COUNT
) -> dict[str, Estimate | TooFew]:
    """Expected MAE and RMSE of predictions counted by bin, int64[bins], in the label's unit.

    The bins are the layout's `made_bins`, or those of the prediction's column in stats/layout.py. The interval is ±3
    standard errors: how far the errors' means may fall from their expectation, and how far the map is off.
    """
    if made_bins.shape != errors.rows.shape:
        raise ValueError(
            f"{made_bins.shape} bins where the error map has {errors.rows.shape}: fold with the baseline of the map"
        )
    n = int(made_bins.sum())
    if few := too_few(n, min_count):
        return dict.fromkeys(("mae", "rmse"), few)
    absolute, square, fourth = errors.mean
    mae = _expected(made_bins, absolute, square, errors.rows)
    mse = _expected(made_bins, square, fourth, errors.rows)
    unit = layout.scale
    return {
        "mae": Estimate(unit * mae.value, unit * mae.low, unit * mae.high, n),
        "rmse": Estimate(unit * sqrt(mse.value), unit * sqrt(mse.low), unit * sqrt(mse.high), n),
    }


def _expected(h: Cells, mean: Floats, square: Floats, rows: Floats) -> Estimate:
    """Mean over the predictions, with its band."""
    n = int(h.sum())
    share = h / n
    spread = np.maximum(square - mean**2, 0.0)
    value, error = float(share @ mean), sqrt(float(share @ spread / n + share**2 @ (spread / rows)))
    return Estimate(value, max(value - BAND * error, 0.0), value + BAND * error, n)
