"""Performance before labels: what the calibrated scores themselves lead to expect.

Confidence-based performance estimation (NannyML; Kivimäki et al. 2024, arXiv 2407.08649), on histograms: with h₁ the
scores of events predicted positive, h₀ of the others, and c the reference's calibration map,

    TP = Σ h₁c,  FP = Σ h₁(1 − c),  FN = Σ h₀c,  TN = Σ h₀(1 − c).

Of more than two classes each is taken against the rest, with a map of its own; the maps are scaled so that their
expected labels add up to the events. It assumes P(y | score) as in the reference: where stats/performance/concept.py
finds it changed, it does not hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np

from stats.outcome import TooFew
from stats.performance.auc import ranks
from stats.performance.calibration_map import Calibration
from stats.performance.estimate import MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout

BAND = 3.0
"""Standard errors on either side."""


class _Expected(NamedTuple):
    value: float
    slope: Floats
    """What one event's label, 0 to 1, moves it by: by whether it was predicted and its bin, [2, B]."""
    have: float
    """What the figure's denominator counts."""
    resolution: float = 0.0


def cbpe(
    layout: OutcomeLayout,
    maps: Sequence[Calibration],
    cells: Cells,
    *,
    of: Literal["made", "joined"] = "made",
    min_count: int = MIN_COUNT,
) -> dict[str, Estimate | TooFew]:
    """Expected accuracy, precision, recall, F1 and AUC of the predictions made, or of those joined as a back-test.

    Named as in stats/performance/metrics.py; of many classes the four are the macro mean over classes, each against
    the rest. The interval is ±3 standard errors: how far labels may fall from their expectation, and how far the map is
    off for the reference is finite. Histograms do not say how classes go together in an event. But only one of them is
    its label, so that Var Σ s_k y_k ≤ Σ s_k² c_k: with that bound a mean over classes has no interval too narrow.
    """
    h = layout.part(cells, "made_bins") if of == "made" else layout.part(cells, "bins").sum(2)
    n = int(h[0].sum())
    if few := too_few(n, min_count):
        return dict.fromkeys(("accuracy", *(_name(layout, form) for form in _FORMS)), few)
    if layout.task == "multiclass":
        maps = _adding_up(maps, h, n)
    figures: dict[str, Estimate | TooFew] = {"accuracy": _accuracy(layout, maps, h, n)}
    for form, expected in _FORMS.items():
        each = [expected(h_k, map_k.rate) for h_k, map_k in zip(h, maps, strict=True)]
        if few := too_few(int(min(e.have for e in each)), min_count):
            figures[_name(layout, form)] = few
            continue
        bound = layout.task == "multiclass"
        variances = [_variance(h_k, map_k, e.slope, bound=bound) for h_k, map_k, e in zip(h, maps, each, strict=True)]
        value, resolution = (float(np.mean([getattr(e, part) for e in each])) for part in ("value", "resolution"))
        figures[_name(layout, form)] = _banded(value, sqrt(sum(variances)) / len(each), n, resolution)
    return figures


def _name(layout: OutcomeLayout, form: str) -> str:
    return form if layout.task == "binary" or form == "auc" else f"{form}_macro"


def _adding_up(maps: Sequence[Calibration], h: Cells, n: int) -> list[Calibration]:
    """The maps times one factor: an event has one label, though maps fitted one by one do not know it."""
    labels = sum(float(h_k.sum(0) @ map_k.rate) for h_k, map_k in zip(h, maps, strict=True))
    return [replace(map_k, rate=np.minimum(map_k.rate * (n / labels if labels else 1.0), 1.0)) for map_k in maps]


def _accuracy(layout: OutcomeLayout, maps: Sequence[Calibration], h: Cells, n: int) -> Estimate:
    if layout.task == "binary":
        c = maps[0].rate
        value = float(h[0, 1] @ c + h[0, 0] @ (1 - c)) / n
        return _banded(value, sqrt(_variance(h[0], maps[0], _slope(1 / n, -1 / n))), n)
    right = sum(float(h_k[1] @ map_k.rate) for h_k, map_k in zip(h, maps, strict=True))
    variance = sum(_variance(h_k, map_k, _slope(1 / n, 0.0)) for h_k, map_k in zip(h, maps, strict=True))
    return _banded(min(right / n, 1.0), sqrt(variance), n)


def _precision(h: Cells, c: Floats) -> _Expected:
    predicted = int(h[1].sum())
    return _Expected(float(h[1] @ c) / max(predicted, 1), _slope(1 / max(predicted, 1), 0.0), predicted)


def _recall(h: Cells, c: Floats) -> _Expected:
    positives = float(h.sum(0) @ c)
    least = positives or 1.0
    value = float(h[1] @ c) / least
    return _Expected(value, _slope((1 - value) / least, -value / least), positives)


def _f1(h: Cells, c: Floats) -> _Expected:
    either = int(h[1].sum()) + float(h.sum(0) @ c)
    least = either or 1.0
    value = 2 * float(h[1] @ c) / least
    return _Expected(value, _slope((2 - value) / least, -value / least), either - float(h[1] @ c))


def _auc(h: Cells, c: Floats) -> _Expected:
    positive, negative = h.sum(0) * c, h.sum(0) * (1 - c)
    p, q = positive.sum(), negative.sum()
    if min(p, q) == 0:
        return _Expected(0.0, np.zeros(h.shape), 0.0)
    below, above = ranks(positive, negative)
    value = positive @ below / (p * q)
    slope = (below - above) / (p * q) - value * (1 / p - 1 / q)
    return _Expected(float(value), np.stack((slope, slope)), min(p, q), float(positive @ negative / (2 * p * q)))


_FORMS: dict[str, Callable[[Cells, Floats], _Expected]] = {
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "auc": _auc,
}


def _slope(predicted: float, others: float) -> Floats:
    return np.array([[others], [predicted]])


def _variance(h: Cells, calibration: Calibration, slope: Floats, *, bound: bool = False) -> float:
    """Of labels drawn at the map's rates, and of the map itself, a block of bins at a time."""
    c = calibration.rate
    spread = c if bound else c * (1 - c)
    of_labels = (h * slope**2 * spread).sum()
    leverage = np.bincount(calibration.block, weights=(h * slope).sum(0))
    first = np.flatnonzero(np.diff(calibration.block, prepend=-1))
    return float(of_labels + (leverage**2 * (spread / calibration.rows)[first]).sum())


def _banded(value: float, error: float, n: int, resolution: float = 0.0) -> Estimate:
    half = BAND * error + resolution
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n, resolution)
