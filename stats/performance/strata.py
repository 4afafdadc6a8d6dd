"""Errors by stratum: what was predicted, and how surely. Within a stratum a model that still holds errs as before."""

from dataclasses import dataclass, replace

import numpy as np

from stats.performance.exact_sum import Cells, Floats, totals
from stats.performance.layout import BINS, OutcomeLayout


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Counts and loss sums, [groups, bins]: groups are predicted classes, a regression has one.

    The loss is 1 for a wrong prediction and 0 for a right one, of a regression |e| in units of the layout's scale.
    """

    n: Cells
    loss: Floats
    square: Floats
    """Sum of the squared loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """An event's loss by stratum, [groups, bins]."""

    mean: Floats
    square: Floats
    """Mean squared loss."""
    uncertainty: Floats
    """Variance of `mean`, for the reference is finite."""

    @property
    def variance(self) -> Floats:
        """Of one event's loss."""
        return np.maximum(self.square - self.mean**2, 0.0)


def strata(layout: OutcomeLayout, cells: Cells) -> Strata:
    """The strata of a vector int64[size]: joined pairs that have scores, by bin of the predicted class's probability.

    Of two classes the bins are those of the positive class's probability, of a regression those of the prediction.
    """
    bins = layout.part(cells, "bins")
    if layout.task == "regression":
        absolute, square, _ = totals(layout.part(cells, "bin_sums")).T
        return Strata(bins[np.newaxis], absolute[np.newaxis], square[np.newaxis])
    if layout.task == "binary":
        wrong = np.stack((bins[0, 0, 1], bins[0, 1, 0])).astype(np.float64)
        return Strata(bins[0].sum(1), wrong, wrong)
    wrong = bins[:, 1, 0].astype(np.float64)
    return Strata(bins[:, 1].sum(1), wrong, wrong)


def expected(layout: OutcomeLayout, reference: Strata) -> Expected:
    """What the reference, of at least one row, leads to expect, with one pseudo-row a stratum.

    The pseudo-row's chance of being wrong is the model's own, of many classes as all of them together put it right: a
    model that is too sure would seem to have become worse wherever the reference has few rows. Of a regression its loss
    is the overall mean. That no error was seen is no proof that there are none: the uncertainty of an error rate has
    1/(m + 1)² more than its spread over m rows, which is Wilson's term z²/4m² at 95 %.
    """
    n, middle = reference.n.sum(), (np.arange(BINS) + 0.5) / BINS
    if layout.task == "regression":
        return estimated(reference, reference.loss.sum() / n, reference.square.sum() / n, unseen=0.0)
    if layout.task == "binary":
        own = np.stack((middle, 1 - middle))
    else:
        own = smoothed(
            Strata(reference.n.sum(0), reference.loss.sum(0), reference.square.sum(0)), 1 - middle, 1 - middle
        ).mean
    return estimated(reference, own, own)


def estimated(reference: Strata, mean: Floats, square: Floats, unseen: float = 1.0) -> Expected:
    """Means of the strata with one pseudo-row each, uncertain by their spread and by `unseen`/(m + 1)² more."""
    found, rows = smoothed(reference, mean, square), reference.n + 1
    return replace(found, uncertainty=np.asarray(found.variance / rows + unseen / rows**2))


def smoothed(of: Strata, mean: Floats, square: Floats) -> Expected:
    """Means of the strata with one pseudo-row each, of the given loss and squared loss; nothing uncertain."""
    first, second = ((sums + row) / (of.n + 1) for sums, row in ((of.loss, mean), (of.square, square)))
    return Expected(first, second, np.zeros(first.shape))
