"""What the concept detector watches: losses by stratum now, and what the reference leads to expect of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stats.error_rate import MIN_ROWS, Saturated, upper_rate
from stats.outcome import TooFew
from stats.performance.estimate import too_few
from stats.performance.exact_sum import Cells
from stats.performance.layout import BINS, OutcomeLayout
from stats.performance.strata import Expected, Strata, estimated, expected, strata

_MIDDLES = (np.arange(BINS) + 0.5) / BINS


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One kind of evidence."""

    name: str
    strata: Callable[[OutcomeLayout, Cells], Strata]
    reference: Strata
    expected: Expected
    """Of the reference; as the strata."""
    opposite: bool = False
    """Losses are what is *not* spoken of: rates are told as one less theirs."""


def streams(
    layout: OutcomeLayout, reference: Cells, *, z: float, tolerance: float
) -> tuple[Stream, ...] | TooFew | Saturated:
    """The streams that the reference's joined outcomes, int64[size], allow; `errors` always, the others with scores."""
    whole = every(layout, reference)
    bound = _expected_error(layout, whole, z, tolerance)
    if not isinstance(bound, Expected):
        return bound
    found = [Stream("errors", every, whole, bound)]
    scored = strata(layout, reference)
    if scored.n.sum() >= MIN_ROWS:
        found.append(Stream("concept", strata, scored, expected(layout, scored)))
        if layout.task == "binary":
            up, down = positives(layout, reference), negatives(layout, reference)
            rare = 1 - _MIDDLES
            found += [
                Stream("outcomes_up", positives, up, estimated(up, _MIDDLES, _MIDDLES)),
                Stream("outcomes_down", negatives, down, estimated(down, rare, rare), opposite=True),
            ]
    return tuple(found)


def every(layout: OutcomeLayout, cells: Cells) -> Strata:
    """All joined pairs as one stratum, with scores or without."""
    if layout.task == "regression":
        of = strata(layout, cells)
        return Strata(*(np.atleast_2d(part.sum()) for part in (of.n, of.loss, of.square)))
    confusion = layout.part(cells, "confusion")
    n = confusion.sum()
    wrong = np.atleast_2d(n - confusion.diagonal()[:-1].sum()).astype(np.float64)
    return Strata(np.atleast_2d(n), wrong, wrong)


def positives(layout: OutcomeLayout, cells: Cells) -> Strata:
    """Of two classes the positive labels, by bin of their probability, [B]."""
    by_label = layout.part(cells, "bins")[0].sum(0)
    found = by_label[1].astype(np.float64)
    return Strata(by_label.sum(0), found, found)


def negatives(layout: OutcomeLayout, cells: Cells) -> Strata:
    """Of two classes the negative labels, by bin of the positive one's probability, [B]."""
    found = positives(layout, cells)
    rest = found.n - found.loss
    return replace(found, loss=rest, square=rest)


def _expected_error(layout: OutcomeLayout, whole: Strata, z: float, tolerance: float) -> Expected | TooFew | Saturated:
    n = int(whole.n.sum())
    if few := too_few(n, MIN_ROWS):
        return few
    mean, square = whole.loss / n, whole.square / n
    if layout.task == "regression":
        return Expected(mean, square, np.maximum(square - mean**2, 0.0) / n)
    upper = upper_rate(int(whole.loss.sum()), n, z, tolerance)
    return Expected(mean, square, ((upper - tolerance - mean) / z) ** 2) if isinstance(upper, float) else upper
