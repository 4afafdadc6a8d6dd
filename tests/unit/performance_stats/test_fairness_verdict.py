"""Verdicts keep their budget at the limit itself, and are given where a limit is surely passed."""

import numpy as np
import pytest
from scipy.stats import binom

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL
from stats.performance.fairness import fairness
from stats.performance.fairness_verdict import surely_below, unfair, verdict_level
from stats.performance.interval import normal_quantile, share
from tests.unit.performance_stats.worlds import BINARY, Pairs, folded

DAY_MS = 86_400_000
LIMITS = {"impact_ratio": 0.8, "odds_difference": 0.2}


def group(n: int, true_positive: float, false_positive: float) -> np.ndarray:
    """n people, half of them of the favourable label, selected exactly at these rates."""
    labels = np.arange(n) % 2
    rank = (np.arange(n) // 2) / (n / 2)
    selected = rank < np.where(labels == 1, true_positive, false_positive)
    return folded(BINARY, Pairs(selected.astype(np.int64), np.full((n, 1), np.nan), labels))


def verdicts(level: float = 1 - 1e-5, **groups: np.ndarray) -> dict[str, tuple[str, ...]]:
    return unfair(fairness(BINARY, groups, against="a"), level=level, **LIMITS)


def test_groups_that_are_treated_alike_pass_no_limit() -> None:
    assert verdicts(a=group(4_000, 0.7, 0.2), b=group(2_000, 0.7, 0.2)) == {"b": ()}


def test_a_group_that_is_seldom_selected_passes_the_impact_ratio() -> None:
    found = verdicts(a=group(4_000, 0.7, 0.2), b=group(2_000, 0.55, 0.05), c=group(2_000, 0.65, 0.18))
    assert found == {"b": ("impact_ratio",), "c": ()}


@pytest.mark.parametrize("rates", [(0.4, 0.2), (0.7, 0.6), (0.99, 0.02)])
def test_a_difference_of_true_or_false_positive_rates_in_either_direction_passes_the_odds(
    rates: tuple[float, float],
) -> None:
    assert "odds_difference" in verdicts(a=group(6_000, 0.7, 0.2), b=group(4_000, *rates))["b"]


def test_a_group_that_is_selected_more_often_passes_no_impact_ratio() -> None:
    assert verdicts(a=group(4_000, 0.3, 0.1), b=group(2_000, 0.4, 0.2)) == {"b": ()}


def test_what_is_sure_at_a_low_level_is_not_at_a_high_one() -> None:
    groups = {"a": group(2_000, 0.6, 0.3), "b": group(600, 0.4, 0.18)}
    assert verdicts(LEVEL, **groups)["b"] == ("impact_ratio",)
    assert verdicts(1 - 1e-6, **groups)["b"] == ()


def test_too_few_people_and_nobody_selected_are_no_verdict() -> None:
    assert verdicts(a=group(4_000, 0.7, 0.2), b=group(90, 0.0, 0.0)) == {"b": ()}
    assert verdicts(a=group(4_000, 0.0, 0.0), b=group(2_000, 0.0, 0.0)) == {"b": ()}
    few = TooFew(needed=100, have=3)
    assert not surely_below(few, share(90, 100), z=1)
    assert not surely_below(share(1, 100), few, z=1)


def test_the_level_spreads_the_budget_over_windows_and_comparisons() -> None:
    assert verdict_level(1.0, DAY_MS, 10) == pytest.approx(1 - 1 / 300)
    assert verdict_level(0.5, 3_600_000, 6) == pytest.approx(1 - 0.5 / 720 / 6)
    assert verdict_level(1.0, 90 * DAY_MS, 1) == LEVEL
    with pytest.raises(ValueError, match="above 0"):
        verdict_level(1.0, DAY_MS, 0)


def chance_of_a_verdict(sizes: tuple[int, int], rates: tuple[float, float], z: float, **limit: float) -> float:
    """Exact, over both groups' counts; verdicts come below a count of the first group that falls with the second's."""
    chance = 0.0
    first, last = binom.ppf([1e-12, 1 - 1e-12], sizes[1], rates[1]).astype(int)
    for k in range(first, last + 1):
        other = share(k, sizes[1])
        low, high = -1, sizes[0]
        while high - low > 1:  # the greatest count with a verdict lies in [low, high)
            middle = (low + high) // 2
            sure = surely_below(share(middle, sizes[0]), other, z=z, **limit)
            low, high = (middle, high) if sure else (low, middle)
        chance += binom.pmf(k, sizes[1], rates[1]) * binom.cdf(low, sizes[0], rates[0])
    return float(chance)


@pytest.mark.parametrize("level", [1 - 1e-4, 1 - 1e-6])
@pytest.mark.parametrize("sizes", [(100, 100), (100, 1_000), (1_000, 100)])
@pytest.mark.parametrize("rate", [0.05, 0.12, 0.5])
def test_a_ratio_at_the_limit_is_judged_unfair_no_more_often_than_the_level_says(
    level: float, sizes: tuple[int, int], rate: float
) -> None:
    """The log-ratio interval errs up to 20 times as often here, and the uncorrected likelihood ratio up to 4 times."""
    chance = chance_of_a_verdict(sizes, (0.8 * rate, rate), normal_quantile(level), ratio=0.8)
    assert chance <= (1 - level) / 2


@pytest.mark.parametrize("level", [1 - 1e-4, 1 - 1e-6])
@pytest.mark.parametrize("sizes", [(100, 100), (1_000, 100)])
@pytest.mark.parametrize("rate", [0.21, 0.5, 0.9])
def test_a_difference_at_the_limit_is_judged_unfair_no_more_often_than_the_level_says(
    level: float, sizes: tuple[int, int], rate: float
) -> None:
    chance = chance_of_a_verdict(sizes, (rate - 0.2, rate), normal_quantile(level), difference=0.2)
    assert chance <= (1 - level) / 2
