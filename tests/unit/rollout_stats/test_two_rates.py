"""The sequential test of two rates: never false too often, whenever one looks; and it finds what it is told to."""

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest
from scipy.stats import binom

from stats.retraining.canary_power import RISES
from stats.rollout.two_rates import ArmCounts, TwoRates, log_e, log_ratios, start, step, verdict
from tests.unit.rollout_stats.traffic import BASE, WORLDS, Counts, counted, each_window, most_false, peeking

ALPHA = 0.01


def found_at(run: Counts, alpha: float = ALPHA) -> float:
    """The window after which the canary is first found worse; infinity if it never is."""
    state = start(100, round(100 * BASE))
    for number, window in enumerate(each_window(run)):
        state = step(state, window)
        if verdict(state, alpha) == "worse":
            return number
    return inf


@pytest.mark.parametrize("world", WORLDS)
def test_a_canary_as_good_is_hardly_ever_found_worse_where_a_peeking_z_test_often_does(world: str) -> None:
    rollouts = counted(world, lift=1, events=100, runs=150, windows=192, seed=1)
    allowed = most_false(ALPHA, len(rollouts))
    assert sum(found_at(run) < inf for run in rollouts) <= allowed
    assert peeking(rollouts, ALPHA).sum() > allowed


def test_half_as_many_errors_again_are_found_within_the_hours_that_were_measured() -> None:
    """At 400 events in five minutes, half of the canaries are found within 7.3 h, at a weight of 5 %."""
    rollouts = counted("diurnal", lift=1.5, events=400, runs=60, windows=576, seed=2)
    hours = np.array([found_at(run) for run in rollouts]) * 5 / 60
    assert (hours < inf).mean() >= 0.98
    assert np.median(hours) == pytest.approx(7.3, abs=1.5)


def test_little_traffic_finds_a_third_of_them_and_says_not_yet_of_the_others() -> None:
    rollouts = counted("diurnal", lift=1.5, events=20, runs=80, windows=576, seed=3)
    assert np.mean([found_at(run) < inf for run in rollouts]) == pytest.approx(0.36, abs=0.14)


@pytest.mark.parametrize(("n_canary", "n_stable"), [(1, 1), (3, 1), (2, 9), (6, 6)])
def test_a_window_is_an_e_value_at_every_rate_the_canary_may_have_without_being_worse(
    n_canary: int, n_stable: int
) -> None:
    """By summing over all outcomes, not by simulation: the bound is exact."""
    for (n, x), stable, times in product([(10, 0), (10, 1), (10, 10), (1000, 300)], [0, 0.01, 0.3, 0.9, 1], [1, 0.5]):
        mean = np.zeros(len(RISES))
        for x_c, x_b in product(range(n_canary + 1), range(n_stable + 1)):
            chance = binom.pmf(x_c, n_canary, stable * times) * binom.pmf(x_b, n_stable, stable)
            mean += chance * np.exp(log_ratios(n, x, ArmCounts(n_canary, x_c, n_stable, x_b)))
        assert (mean <= 1 + 1e-9).all()


def test_a_window_of_unlike_events_is_an_e_value_as_long_as_the_arms_are_alike() -> None:
    rates = np.array([0.05, 0.6])  # one event of each kind in either arm
    arm = [(1 - rates).prod(), (rates * (1 - rates[::-1])).sum(), rates.prod()]
    for n, x in ((10, 1), (10, 5)):
        mean = sum(
            arm[x_c] * arm[x_b] * np.exp(log_ratios(n, x, ArmCounts(2, x_c, 2, x_b)))
            for x_c, x_b in product(range(3), repeat=2)
        )
        assert (mean <= 1 + 1e-9).all()


def test_the_evidence_is_the_formula_s() -> None:
    window, p = ArmCounts(40, 4, 160, 3), 20.5 / 1001
    terms = []
    for rise in RISES:
        q = 1 / (1 + exp(-(log(p / (1 - p)) + log(rise))))
        r = (40 * q + 160 * p) / 200
        canary = 4 * log(q / r) + 36 * log((1 - q) / (1 - r))
        terms.append(canary + 3 * log(p / r) + 157 * log((1 - p) / (1 - r)))
    state = step(start(1000, 20), window)
    assert state.log_evidence == pytest.approx(terms)
    assert log_e(state) == pytest.approx(log(np.mean(np.exp(terms))))
    assert (state.n, state.x) == (1200, 27)


def test_the_first_window_teaches_only_for_nothing_is_known_before_it() -> None:
    taught = step(start(), ArmCounts(50, 50, 50, 0))
    assert taught == TwoRates(n=100, x=50)
    assert log_e(step(taught, ArmCounts(50, 50, 50, 0))) > 1


def test_windows_use_what_was_before_them_so_their_order_counts() -> None:
    calm, bad = ArmCounts(100, 2, 100, 2), ArmCounts(100, 9, 100, 2)
    forth, back = step(step(start(), calm), bad), step(step(start(), bad), calm)
    assert (forth.n, forth.x) == (back.n, back.x)
    assert log_e(forth) > log_e(back)


def test_what_was_once_found_worse_stays_so() -> None:
    """The bound is on ever reaching 1/α: a look that comes late must not miss it."""
    state = step(start(1000, 20), ArmCounts(200, 30, 200, 4))
    assert verdict(state, ALPHA) == "worse"
    for _ in range(50):
        state = step(state, ArmCounts(200, 0, 200, 4))
    assert log_e(state) < 0
    assert verdict(state, ALPHA) == "worse"


def test_a_better_canary_and_none_at_all_are_not_yet_worse_and_never_more() -> None:
    assert verdict(start(), ALPHA) == "not yet"
    assert verdict(step(start(1000, 20), ArmCounts(200, 0, 200, 40)), ALPHA) == "not yet"
    assert verdict(step(start(1000, 20), ArmCounts(0, 0, 200, 40)), ALPHA) == "not yet"


@pytest.mark.parametrize("counts", [(1, 2, 3, 0), (-1, 0, 3, 0), (3, 0, 3, 4), (3, -1, 3, 0)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        ArmCounts(*counts)
    with pytest.raises(ValueError, match="same events"):
        start(3, 4)
    with pytest.raises(ValueError, match="false rollback"):
        verdict(start(), 1.0)
