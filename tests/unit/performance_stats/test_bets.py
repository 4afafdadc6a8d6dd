"""Bets are fair wherever losses are those of the reference, shown by sums over every outcome."""

from itertools import product
from math import exp, sqrt

import numpy as np
import pytest
from scipy.stats import binom

from stats.error_rate import EXCESSES, ErrorRateDetector
from stats.performance.bets import (
    PARTS,
    Bets,
    bets_on_losses,
    bets_on_rates,
    log_e_of_losses,
    log_e_of_rates,
)


def one(value: float) -> np.ndarray:
    return np.array([value])


@pytest.mark.parametrize("upper", [0.001, 0.02, 0.3, 0.9, 0.98])
def test_of_one_stratum_that_is_surely_known_they_are_the_likelihood_ratio_of_the_error_rate_detector(
    upper: float,
) -> None:
    detector = ErrorRateDetector(upper)
    ratio = detector.step(detector.start(), np.array([7]), 40).log_r[0]
    bets = bets_on_rates(one(upper - 0.0005), one(0.0), one(500), z=3, tolerance=0.0005)
    assert log_e_of_rates(bets, np.array([40]), one(7.0)) == pytest.approx(ratio)


@pytest.mark.parametrize("n", [(3, 5), (12, 1), (0, 8)])
@pytest.mark.parametrize("mean", [(0.0, 0.3), (0.02, 0.5), (0.1, 0.99)])
def test_bets_on_rates_gain_nothing_in_expectation_up_to_the_price(
    n: tuple[int, int], mean: tuple[float, float]
) -> None:
    """Also where one stratum is above its price by as much as another is below: the price is that of the sum."""
    bets = bets_on_rates(np.array(mean), np.array([0.01, 0.0004]), np.array([20, 400]), z=2, tolerance=0.01)
    counts = np.array(n)
    for g in range(len(EXCESSES)):
        price = bets.prices(counts)[g]
        moved = 0.5 * min(price[0], 1 - price[1]) if all(n) else 0.0
        weight = counts * bets.size[g]
        for rates in (price, price * 0.8, price + np.array([-moved, moved * weight[0] / max(weight[1], 1e-9)])):
            p = np.clip(rates, 0, 1)
            assert (weight * p).sum() <= (weight * price).sum() + 1e-9
            expectation = sum(
                binom.pmf(i, n[0], p[0])
                * binom.pmf(j, n[1], p[1])
                * exp(log_e_of_rates(bets, counts, np.array([i, j], float))[g])
                for i, j in product(range(n[0] + 1), range(n[1] + 1))
            )
            assert expectation <= 1 + 1e-9


def test_bets_on_rates_win_where_events_are_more_frequent() -> None:
    bets = bets_on_rates(np.array([0.1, 0.3]), np.array([1e-4, 1e-4]), np.array([900, 900]), z=3, tolerance=0.01)
    assert log_e_of_rates(bets, np.array([500, 500]), np.array([100.0, 250.0])).max() > 20
    assert log_e_of_rates(bets, np.array([500, 500]), np.array([50.0, 150.0])).max() < 0


@pytest.mark.parametrize("part", PARTS)
def test_the_bound_on_losses_lies_below_the_capital_itself(part: float) -> None:
    x = np.concatenate((np.linspace(-1, 3, 401), np.logspace(0.5, 8, 100)))
    assert (part * x + (part + np.log1p(-part)) * x**2 <= np.log1p(part * x) + 1e-12).all()


DRAWS = [
    ((0.0, 2.0), (0.5, 0.5)),
    ((0.0, 1.0, 30.0), (0.9, 0.08, 0.02)),  # a heavy tail
    ((0.9, 1.1), (0.5, 0.5)),
]


@pytest.mark.parametrize(("values", "chances"), DRAWS)
def test_bets_on_losses_gain_nothing_in_expectation_whatever_the_tail(
    values: tuple[float, ...], chances: tuple[float, ...]
) -> None:
    """Four events in two strata, whose mean losses are exactly at their prices."""
    mean = np.dot(values, chances)
    bets = bets_on_losses(np.array([1.0, 3.0]), np.array([0.02, 0.3]), z=3, tolerance=0.01)
    n = np.array([3, 1])
    price = bets.prices(n)[0]
    expectation = np.zeros(len(PARTS))
    for drawn in product(range(len(values)), repeat=4):
        losses = np.array(values)[list(drawn)] / mean * price[[0, 0, 0, 1]]
        sums = [np.array([power[:3].sum(), power[3]]) for power in (losses, losses**2)]
        expectation += np.prod(np.array(chances)[list(drawn)]) * np.exp(log_e_of_losses(bets, n, *sums))
    assert (expectation <= 1 + 1e-12).all()
    assert expectation.max() > 0.99


@pytest.mark.parametrize("times", [1.1, 2, 100, 1e5])
def test_bets_on_losses_win_whatever_the_size_of_the_rise(times: float) -> None:
    rng = np.random.default_rng(1)
    bets = bets_on_losses(one(0.8), one(0.8**2 * 0.57 / 10_000), z=3, tolerance=0.01)
    loss = np.abs(rng.standard_normal(6_000)) * times
    assert log_e_of_losses(bets, np.array([6_000]), one(loss.sum()), one((loss**2).sum())).max() > 8


def test_one_stratum_pays_z_standard_errors_and_many_alike_pay_the_root_of_their_number_less() -> None:
    alone = bets_on_rates(one(0.1), one(0.0025), one(36), z=2, tolerance=0.01)
    assert alone.prices(np.array([50])) == pytest.approx(np.full((len(EXCESSES), 1), 0.11 + 2 * 0.05))
    many = bets_on_rates(np.full(25, 0.1), np.full(25, 0.0025), np.full(25, 36), z=2, tolerance=0.01)
    assert many.prices(np.full(25, 4)) == pytest.approx(np.full((len(EXCESSES), 25), 0.11 + 2 * 0.05 / 5))


def test_references_are_below_the_price_as_often_as_z_says() -> None:
    """Thirty strata, of which only the sum needs to hold; 97.7 % of 4,000 references at z = 2."""
    rng = np.random.default_rng(2)
    rate, rows, n = rng.uniform(0.05, 0.5, 30), rng.integers(20, 200, 30), rng.integers(0, 100, 30)
    held = 0
    for found in rng.binomial(rows, rate, (4_000, 30)):
        mean = (found + rate) / (rows + 1)
        bets = bets_on_rates(mean, mean * (1 - mean) / (rows + 1) + 1 / (rows + 1) ** 2, rows, z=2, tolerance=0)
        weight = n * bets.size[0]
        held += (weight * rate).sum() <= (weight * bets.prices(n)[0]).sum()
    assert held / 4_000 > 0.977 - 3 * sqrt(0.977 * 0.023 / 4_000)


def test_no_bet_can_lose_everything() -> None:
    """Prices above 1 are those of strata the reference hardly has."""
    bets = bets_on_rates(np.array([0.5, 0.001]), np.array([1.0, 1.0]), np.array([0, 0]), z=3, tolerance=0.01)
    for n in (np.array([10, 0]), np.array([0, 10]), np.array([3, 10])):
        for events in (np.zeros(2), n.astype(float)):
            assert np.isfinite(log_e_of_rates(bets, n, events)).all()


def test_bets_on_some_of_the_strata_are_those_strata_s() -> None:
    bets = bets_on_rates(
        np.array([0.1, 0.2, 0.3]), np.array([1e-3, 2e-3, 3e-3]), np.array([90, 80, 70]), z=3, tolerance=0.01
    )
    n, events = np.array([40, 0, 60]), np.array([9.0, 0.0, 20.0])
    there = np.flatnonzero(n)
    assert isinstance(bets.of(there), Bets)
    assert log_e_of_rates(bets.of(there), n[there], events[there]) == pytest.approx(log_e_of_rates(bets, n, events))
