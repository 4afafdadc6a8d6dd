"""Whether a classification treats groups of a protected attribute alike.

Selection rate P(ŷ = favourable), and how often it is right among those with the favourable label (TPR) and wrong among
the others (FPR); Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning, NeurIPS. Disparate
impact is the ratio of selection rates: below 0.8 it breaks the four-fifths rule (29 CFR 1607.4 D).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, Estimate, Figure, Undefined
from stats.performance.exact_sum import Cells
from stats.performance.interval import difference, ratio, share
from stats.performance.layout import OutcomeLayout

MIN_GROUP = 100
"""Events that a rate of a group is given from: differences of smaller ones alarm by chance."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group's rates, each with Wilson's interval."""

    n: int
    selection_rate: Estimate | TooFew
    true_positive_rate: Estimate | TooFew
    false_positive_rate: Estimate | TooFew


@dataclass(frozen=True, slots=True)
class Disparity:
    """One group against the group of comparison."""

    parity_difference: Figure
    """Statistical parity difference: selection rate less the other's."""
    impact_ratio: Figure
    """Disparate impact ratio: selection rate over the other's."""
    odds_difference: Figure
    """Equalised-odds difference: the greater of |ΔTPR| and |ΔFPR|."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """Rates of every group, and each against one of them."""

    favourable: str
    against: str
    """The group of comparison."""
    rates: Mapping[str, GroupRates]
    disparity: Mapping[str, Disparity]
    """Of every other group."""


def fairness(
    layout: OutcomeLayout,
    groups: Mapping[str, Cells],
    *,
    favourable: str | None = None,
    against: str | None = None,
    level: float = LEVEL,
    min_count: int = MIN_GROUP,
) -> Fairness:
    """Compares groups, each a vector int64[size] of its own events.

    `favourable` is the class that is good to get, without it the last; `against` the group of comparison, without it
    the one with most events. ValueError for names that are not there.
    """
    favourable = layout.classes[-1] if favourable is None and layout.classes else favourable
    if favourable not in layout.classes or not groups or (against is not None and against not in groups):
        raise ValueError(
            f"class {favourable!r} must be one of {layout.classes}, group {against!r} one of {tuple(groups)}"
        )
    k = layout.classes.index(favourable)
    rates = {name: _rates(layout.part(cells, "confusion"), k, level, min_count) for name, cells in groups.items()}
    base = max(rates, key=lambda name: rates[name].n) if against is None else against
    return Fairness(
        favourable,
        base,
        rates,
        {name: _disparity(of_group, rates[base]) for name, of_group in rates.items() if name != base},
    )


def _rates(confusion: Cells, k: int, level: float, min_count: int) -> GroupRates:
    n, selected = int(confusion.sum()), int(confusion[:, k].sum())
    positives, right = int(confusion[k].sum()), int(confusion[k, k])
    return GroupRates(
        n,
        share(selected, n, level=level, min_count=min_count),
        share(right, positives, level=level, min_count=min_count),
        share(selected - right, n - positives, level=level, min_count=min_count),
    )


def _disparity(group: GroupRates, base: GroupRates) -> Disparity:
    return Disparity(
        _difference(group.selection_rate, base.selection_rate),
        _ratio(group.selection_rate, base.selection_rate),
        _greater(
            _difference(group.true_positive_rate, base.true_positive_rate),
            _difference(group.false_positive_rate, base.false_positive_rate),
        ),
    )


def _difference(a: Estimate | TooFew, b: Estimate | TooFew) -> Estimate | TooFew:
    if isinstance(a, TooFew) or isinstance(b, TooFew):
        return _fewest(a, b)
    return difference(a, b)


def _ratio(a: Estimate | TooFew, b: Estimate | TooFew) -> Figure:
    if isinstance(a, TooFew) or isinstance(b, TooFew):
        return _fewest(a, b)
    return ratio(a, b) or Undefined("nobody in the group of comparison was selected")


def _greater(a: Estimate | TooFew, b: Estimate | TooFew) -> Estimate | TooFew:
    """The greater size of two differences; its interval holds both sizes' greater ends."""
    if isinstance(a, TooFew) or isinstance(b, TooFew):
        return _fewest(a, b)
    sizes = [_size(a), _size(b)]
    value, low, high = (max(end) for end in zip(*((s.value, s.low, s.high) for s in sizes), strict=True))
    return Estimate(value, low, high, min(a.n, b.n))


def _size(x: Estimate) -> Estimate:
    low = 0.0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
    return Estimate(abs(x.value), low, max(abs(x.low), abs(x.high)), x.n)


def _fewest(*sides: Estimate | TooFew) -> TooFew:
    return min((side for side in sides if isinstance(side, TooFew)), key=lambda side: side.have)
