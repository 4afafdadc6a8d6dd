"""The confidence sequence of a difference of means: right at every window at once, and its verdicts by margins."""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.estimate import Estimate
from stats.rollout.mean_difference import ArmSums, Margins, MeanDifference, interval, rho_for, step, verdict
from tests.unit.rollout_stats.traffic import BASE, WORLDS, Counts, arms, counted, level, most_false, peeking

ALPHA = 0.05
RUNS, WINDOWS, EVENTS = 100, 192, 150
RHO = rho_for(BASE * (1 - BASE), EVENTS * WINDOWS / 4, 0.05, alpha=ALPHA)
MARGINS = Margins(harm=0.002, non_inferiority=0.01, rho=RHO, alpha=ALPHA, rates=True)


def of_counts(run: Counts) -> list[tuple[ArmSums, ArmSums]]:
    return [(ArmSums.of_counts(n_c, x_c), ArmSums.of_counts(n_b, x_b)) for n_c, x_c, n_b, x_b in run.tolist()]


def first(windows: list[tuple[ArmSums, ArmSums]], margins: Margins = MARGINS) -> str:
    """The verdict that ends a rollout: the first that is worse or as good."""
    state = MeanDifference()
    for canary, stable in windows:
        state = step(state, canary, stable)
        said = verdict(state, margins)
        if said in ("worse", "as good"):
            return said
    return "inconclusive"


@pytest.mark.parametrize("world", WORLDS)
def test_the_interval_ever_misses_no_more_often_than_it_says_where_a_pooled_z_test_does(world: str) -> None:
    rollouts = counted(world, lift=1, events=EVENTS, runs=RUNS, windows=WINDOWS, seed=4)
    allowed = most_false(ALPHA, RUNS)
    assert sum(missed(of_counts(run), 0.0, RHO) for run in rollouts) <= allowed
    assert peeking(rollouts, ALPHA).sum() > allowed


@pytest.mark.parametrize("world", WORLDS)
def test_the_interval_of_continuous_values_holds_as_often(world: str) -> None:
    """Normal values about a mean that moves by far more than the difference, of 3, that is looked for."""
    rng = np.random.default_rng(5)
    rho = rho_for(100.0, EVENTS * WINDOWS / 4, 0.05, alpha=ALPHA)
    sizes = arms(rng, RUNS, WINDOWS, EVENTS)
    means = (50 * level(world, WINDOWS) + 3, 50 * level(world, WINDOWS))
    rollouts = [normal(rng, n, mean, 10.0) for n, mean in zip(sizes, means, strict=True)]
    misses = sum(missed(list(zip(*run, strict=True)), 3.0, rho) for run in zip(*rollouts, strict=True))
    assert misses <= most_false(ALPHA, RUNS)


def normal(rng: np.random.Generator, n: Counts, mean: Counts, sd: float) -> list[list[ArmSums]]:
    """Sums over n normal values, [runs, windows]."""
    total = n * mean + sd * np.sqrt(n) * rng.standard_normal(n.shape)
    within = sd**2 * rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
    squares = within + np.where(n > 0, total**2 / np.maximum(n, 1), 0)
    return [
        [ArmSums(*window) for window in zip(*run, strict=True)]
        for run in zip(n.tolist(), n.tolist(), total.tolist(), squares.tolist(), strict=True)
    ]


def missed(windows: list[tuple[ArmSums, ArmSums]], truth: float, rho: float) -> bool:
    state = MeanDifference()
    for canary, stable in windows:
        state = step(state, canary, stable)
        found = interval(state, rho=rho, alpha=ALPHA)
        if isinstance(found, Estimate) and not found.low <= truth <= found.high:
            return True
    return False


def test_an_arm_that_is_small_and_had_no_event_yet_is_not_called_better() -> None:
    """Catches a variance of each arm's own: the canary's would be 0, and the interval far too narrow."""
    state = step(MeanDifference(), ArmSums.of_counts(120, 0), ArmSums.of_counts(2280, 46))
    found = interval(state, rho=RHO, alpha=ALPHA)
    assert isinstance(found, Estimate)
    assert found.low < 0 < found.high


def test_a_canary_worse_by_the_margin_is_hardly_ever_as_good() -> None:
    rollouts = counted("diurnal", lift=1.5, events=EVENTS, runs=RUNS, windows=WINDOWS, seed=6)
    verdicts = [first(of_counts(run), replace(MARGINS, harm=1.0)) for run in rollouts]
    assert verdicts.count("as good") <= most_false(ALPHA, RUNS)


def test_a_canary_worse_by_the_margin_where_errors_are_rare_is_hardly_ever_as_good() -> None:
    """The burn-in then ends by what the margin would have brought."""
    rng = np.random.default_rng(7)
    margins = replace(MARGINS, harm=1.0, rho=rho_for(0.001, 5000, 0.05, alpha=ALPHA))
    n_c, n_b = arms(rng, RUNS, WINDOWS, EVENTS)
    rollouts = np.stack([n_c, rng.binomial(n_c, 0.0105), n_b, rng.binomial(n_b, 0.0005)], -1)
    assert [first(of_counts(run), margins) for run in rollouts].count("as good") <= most_false(ALPHA, RUNS)


@pytest.mark.parametrize(("lift", "said"), [(1.0, "as good"), (3.0, "worse")])
def test_equals_are_found_as_good_and_three_times_the_errors_worse(lift: float, said: str) -> None:
    rollouts = counted("diurnal", lift=lift, events=EVENTS, runs=40, windows=WINDOWS, seed=8)
    assert [first(of_counts(run)) for run in rollouts].count(said) >= 36


def test_a_small_but_certain_harm_is_worse_and_a_difference_between_margins_inconclusive() -> None:
    state = MeanDifference()
    for _ in range(200):
        state = step(state, ArmSums.of_counts(1000, 25), ArmSums.of_counts(1000, 20))
    assert verdict(state, MARGINS) == "worse"
    assert verdict(state, replace(MARGINS, harm=0.01)) == "as good"
    assert verdict(state, replace(MARGINS, harm=0.01, non_inferiority=0.005)) == "inconclusive"


def test_the_interval_is_the_formula_s() -> None:
    y_c, y_b = np.array([1.0, 4.0, 2.0] * 40), np.array([0.5, 2.5, 6.0, 2.0] * 60)
    state, parts = MeanDifference(), []
    for c, b in ((y_c[:70], y_b[:90]), (y_c[70:], y_b[90:])):
        state = step(state, *(ArmSums(len(y), len(y), y.sum(), (y**2).sum()) for y in (c, b)))
        parts.append((len(c) * len(b) / (len(c) + len(b)), c, b))
    H = sum(h for h, _, _ in parts)
    V = H * max(
        sum(((part[arm] - part[arm].mean()) ** 2).sum() for part in parts) / sum(len(part[arm]) - 1 for part in parts)
        for arm in (1, 2)
    )
    value = sum(h * (c.mean() - b.mean()) for h, c, b in parts) / H
    half = sqrt((V + 3) * log((V + 3) / (3 * ALPHA**2))) / H
    found = interval(state, rho=3.0, alpha=ALPHA)
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == pytest.approx((value, value - half, value + half))
    assert found.n == 120


def test_rho_makes_the_interval_tightest_where_it_was_asked_to() -> None:
    half = {
        factor: sqrt((1000 + rho) * log((1000 + rho) / (rho * ALPHA**2)))
        for factor in (0.5, 0.8, 1.0, 1.25, 2.0)
        if (rho := factor * rho_for(1.0, 4000, 0.5, alpha=ALPHA))
    }
    assert min(half, key=half.__getitem__) == 1.0


def test_a_burn_in_comes_before_any_verdict_and_names_what_lacks() -> None:
    few = step(MeanDifference(), ArmSums.of_counts(99, 60), ArmSums.of_counts(900, 0))
    assert verdict(few, MARGINS) == TooFew(needed=100, have=99)
    rare = step(MeanDifference(), ArmSums.of_counts(150, 5), ArmSums.of_counts(900, 20))
    assert verdict(rare, replace(MARGINS, rates=False)) == TooFew(needed=30, have=25)
    single = MeanDifference()
    for _ in range(150):  # one canary event a window says nothing of its variance
        single = step(single, ArmSums.of_counts(1, 1), ArmSums.of_counts(9, 1))
    assert verdict(single, MARGINS) == TooFew(needed=30, have=0)


def test_a_canary_that_is_never_wrong_is_as_good_once_the_margin_would_have_shown() -> None:
    window = (ArmSums.of_counts(100, 0), ArmSums.of_counts(1900, 0))
    assert first([window] * 29) == "inconclusive"
    assert first([window] * 30) == "as good"
    assert first([window] * 30, replace(MARGINS, rates=False)) == "inconclusive"


def test_a_window_with_one_arm_compares_nothing() -> None:
    state = step(MeanDifference(), ArmSums.of_counts(5, 1), ArmSums.of_counts(9, 2))
    assert step(state, ArmSums(), ArmSums.of_counts(9, 9)) == state
    assert step(state, ArmSums.of_counts(9, 9), ArmSums()) == state


def test_what_cannot_be_is_refused() -> None:
    for sums in ((3, 4, 1.0, 1.0), (3, 1, float("nan"), 1.0), (3, 1, 1.0, float("inf")), (-1, 0, 0.0, 0.0)):
        with pytest.raises(ValueError, match="finite sums"):
            ArmSums(*sums)
    for change in ({"harm": -0.1}, {"non_inferiority": 0.0}, {"rho": 0.0}, {"alpha": 1.0}):
        with pytest.raises(ValueError, match="non-inferiority margin"):
            replace(MARGINS, **change)
    with pytest.raises(ValueError, match="what is expected"):
        rho_for(0.0, 100, 0.5, alpha=ALPHA)
