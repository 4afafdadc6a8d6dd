"""Concept drift told from drift of inputs: more errors among predictions that look the same.

Errors now less errors in the reference is the sum of two parts (direct standardisation; Kitagawa 1955, Journal of the
American Statistical Association 50), over strata of what was predicted and how surely:

    by inputs    Σ n_s μ_s / n − μ     the strata's errors as in the reference, but other strata are frequent now
    by concept   Σ (l_s − n_s μ_s)/n   other errors within the same strata

Only the second is reported as concept drift. Inputs that change within a bin are taken for it too: bins are narrow for
that reason (a hundredth of probability; a twentieth of a regression's predictions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from scipy.special import chdtrc

from stats.outcome import TooFew
from stats.performance.calibration_map import Calibration
from stats.performance.estimate import LEVEL, Estimate, too_few
from stats.performance.exact_sum import Cells, Floats
from stats.performance.interval import around
from stats.performance.layout import OutcomeLayout
from stats.performance.strata import Expected, Strata, expected, smoothed, strata

MIN_ROWS = 100
"""Labelled and scored pairs that either side needs."""
_POOLS = 10
_LEAST_VARIANCE = 5.0
"""Expected variance of the number of wrong predictions in a pool of strata, for χ² to hold."""
_LEAST_COUNT = 50.0
"""The same of a regression: predictions in a pool."""
_ROUNDING = 1e-9
"""Variance that is not told from 0: sums are kept in units of 2^-30."""


@dataclass(frozen=True, slots=True)
class Responsible:
    """The part that contributes most to the whole's change, in its direction."""

    name: str
    contribution: float
    """Part of `by_concept`, in its unit."""
    share: float
    """Of all contributions in that direction, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class ConceptChange:
    """Mean loss now and in the reference: the error rate, of a regression the MAE in the label's unit."""

    n: int
    reference: float
    now: float
    by_inputs: float
    """What the inputs' change explains of now − reference."""
    by_concept: Estimate
    """The rest, with its interval: labels' chance and the finite reference are in it."""
    p_value: float | TooFew
    """χ² over pools of strata, were none of them changed: it sees changes that cancel out in the mean, too."""
    gap: Floats
    """Observed minus expected mean loss of each stratum, [groups, bins]; 0 where it is empty."""
    responsible: Responsible
    """The predicted class, or bin of the prediction (`bin 3`) of a regression, most responsible."""


def concept_change(
    layout: OutcomeLayout, reference: Cells, cells: Cells, *, level: float = LEVEL, min_count: int = MIN_ROWS
) -> ConceptChange | TooFew:
    """Compares joined outcomes with the reference's, int64[size] both."""
    was, is_ = strata(layout, reference), strata(layout, cells)
    n = int(is_.n.sum())
    if few := too_few(min(n, int(was.n.sum())), min_count):
        return few
    unit = layout.scale if layout.task == "regression" else 1.0
    before = expected(layout, was)
    after = smoothed(is_, before.mean, before.square)
    excess = is_.loss - is_.n * before.mean
    variance = is_.n * after.variance + is_.n**2 * before.uncertainty
    mean, explained = float(was.loss.sum() / was.n.sum()), float((is_.n * before.mean).sum()) / n
    parts = excess[0] if layout.task == "regression" else excess.sum(-1)
    names = [f"bin {b}" for b in range(len(parts))] if layout.task == "regression" else list(layout.classes)
    return ConceptChange(
        n=n,
        reference=unit * mean,
        now=unit * float(is_.loss.sum()) / n,
        by_inputs=unit * (explained - mean),
        by_concept=around(unit * float(excess.sum()) / n, unit * sqrt(float(variance.sum())) / n, n, level),
        p_value=_p_value(layout, is_, before, excess),
        gap=unit * excess / np.maximum(is_.n, 1),
        responsible=most_responsible(dict(zip(names, (unit * parts / n).tolist(), strict=True))),
    )


def responsible_segment(layout: OutcomeLayout, reference: Cells, segments: Mapping[str, Cells]) -> Responsible | TooFew:
    """The segment that contributes most to the concept's change over all given, int64[size] each.

    Segments are those of one dimension, so that no event is in two; the reference, of all events, is one for all.
    """
    was = strata(layout, reference)
    now = {name: strata(layout, cells) for name, cells in segments.items()}
    n = sum(int(part.n.sum()) for part in now.values())
    if few := too_few(min(n, int(was.n.sum())), MIN_ROWS):
        return few
    mean = expected(layout, was).mean
    unit = layout.scale if layout.task == "regression" else 1.0
    return most_responsible({name: unit * float((part.loss - part.n * mean).sum()) / n for name, part in now.items()})


def most_responsible(contributions: Mapping[str, float]) -> Responsible:
    """The greatest contribution in the direction of the sum; the first named of equals."""
    direction = -1 if sum(contributions.values()) < 0 else 1
    name = max(contributions, key=lambda part: direction * contributions[part])
    along = sum(part for part in contributions.values() if direction * part > 0)
    return Responsible(name, contributions[name], contributions[name] / along if along else 0.0)


def outcome_gap(layout: OutcomeLayout, maps: tuple[Calibration, ...], cells: Cells) -> tuple[Cells, Floats]:
    """Events by score bin, and observed minus expected rate of each scored class there: [classes, B] both.

    Expected is what the reference's calibration maps say; the gap is 0 where there is no event.
    """
    by_label = layout.part(cells, "bins").sum(1)
    n = by_label.sum(1)
    rates = np.stack([calibration.rate for calibration in maps])
    return n, np.where(n > 0, by_label[:, 1] / np.maximum(n, 1) - rates, 0.0)


def _p_value(layout: OutcomeLayout, now: Strata, before: Expected, excess: Floats) -> float | TooFew:
    """Neighbouring strata are pooled, at most to _POOLS, until each pool has enough for a normal sum."""
    variance = (now.n * before.variance).ravel()
    weight = now.n.ravel() / _LEAST_COUNT if layout.task == "regression" else variance / _LEAST_VARIANCE
    whole, n = float(weight.sum()), int(now.n.sum())
    if whole < 1:
        return TooFew(needed=ceil(n / whole), have=n)
    pools = min(_POOLS, int(whole))
    pool = np.minimum((np.cumsum(weight) - weight / 2) / whole * pools, pools - 1).astype(np.intp)
    inflated = variance + (now.n**2 * before.uncertainty).ravel()
    gap, spread = (np.bincount(pool, weights=x, minlength=pools) for x in (excess.ravel(), inflated))
    return float(chdtrc(pools, float((gap**2 / np.maximum(spread, _ROUNDING)).sum())))
