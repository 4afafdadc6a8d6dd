"""Which disparities between groups surely pass a limit, at a level that keeps a budget of false verdicts a month.

Such levels lie far out, between 1 − 10⁻³ and 1 − 10⁻⁶, where intervals that are good at 95 % no longer hold: at the
limit itself the interval of a ratio of shares (stats/performance/interval.py) errs up to 57 times as often as it says
where the group of comparison is small, and far too seldom where the other group is. So limits are judged by the
likelihood ratio against the best pair of rates that just keeps the limit (Wilks 1938, Annals of Mathematical Statistics
9), with half an event taken from either side as a correction for continuity (docs/statistics.md has the figures).
"""

from collections.abc import Callable
from math import sqrt
from typing import Literal

from scipy.optimize import minimize_scalar
from scipy.special import xlog1py, xlogy

from stats.detector.rule import MONTH_MS
from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, Estimate
from stats.performance.fairness import Fairness, GroupRates
from stats.performance.interval import normal_quantile

Limit = Literal["impact_ratio", "odds_difference"]
LIMITS: tuple[Limit, ...] = ("impact_ratio", "odds_difference")
_HALF = 0.5
_RESOLUTION = 1e-9
"""Of the rate where the likelihood is greatest."""


def verdict_level(budget: float, slide_ms: int, comparisons: int) -> float:
    """The level at which windows that begin `slide_ms` apart make at most `budget` false verdicts a month of 30 days.

    `comparisons` are all that share the budget: limits × groups beside those of comparison, of all attributes and of
    all sizes of windows. The bound is the union's, so that it holds whatever depends on what; it is at least 95 %.
    """
    if not (budget > 0 and slide_ms > 0 and comparisons > 0):
        raise ValueError(f"a budget of {budget:g} for {comparisons} comparisons every {slide_ms} ms: all are above 0")
    return max(LEVEL, 1 - budget * slide_ms / MONTH_MS / comparisons)


def unfair(
    found: Fairness, *, impact_ratio: float, odds_difference: float, level: float
) -> dict[str, tuple[Limit, ...]]:
    """The limits that each group, beside that of comparison, surely passes.

    Its selection rate is below `impact_ratio` of the other's; its true or its false positive rate differs from the
    other's by more than `odds_difference`. Rates of too few events pass none.
    """
    base, z = found.rates[found.against], normal_quantile(level)

    def passed(group: GroupRates) -> tuple[Limit, ...]:
        pairs = [
            (group.true_positive_rate, base.true_positive_rate),
            (group.false_positive_rate, base.false_positive_rate),
        ]
        judged = {
            "impact_ratio": surely_below(group.selection_rate, base.selection_rate, ratio=impact_ratio, z=z),
            "odds_difference": any(
                surely_below(*sides, difference=odds_difference, z=z) for a, b in pairs for sides in ((a, b), (b, a))
            ),
        }
        return tuple(limit for limit in LIMITS if judged[limit])

    return {name: passed(rates) for name, rates in found.rates.items() if name != found.against}


def surely_below(
    a: Estimate | TooFew, b: Estimate | TooFew, *, z: float, ratio: float = 1.0, difference: float = 0.0
) -> bool:
    """Whether share a is below ratio · b − difference, by more than z standard normal deviations of the evidence."""
    if isinstance(a, TooFew) or isinstance(b, TooFew):
        return False
    least, most = min(a.value * a.n + _HALF, a.n) / a.n, max(b.value * b.n - _HALF, 0.0) / b.n
    if least >= ratio * most - difference:
        return False

    def cost(p: float) -> float:
        """−ln likelihood where b is p and a just at the limit."""
        return -_log_likelihood(least, a.n, ratio * p - difference) - _log_likelihood(most, b.n, p)

    free = _log_likelihood(least, a.n, least) + _log_likelihood(most, b.n, most)
    return sqrt(max(2 * (free + _least(cost, difference / ratio)), 0.0)) > z


def _log_likelihood(share: float, n: int, rate: float) -> float:
    return float(n * (xlogy(share, rate) + xlog1py(1 - share, -rate)))


def _least(cost: Callable[[float], float], low: float) -> float:
    """The minimum over low..1 of a convex cost."""
    return float(minimize_scalar(cost, bounds=(low, 1.0), method="bounded", options={"xatol": _RESOLUTION}).fun)
