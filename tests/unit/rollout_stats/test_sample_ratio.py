"""A split other than commanded is found; a split as commanded hardly ever is."""

from itertools import product
from math import exp, log

import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import multinomial

from stats.outcome import TooFew
from stats.rollout.sample_ratio import SampleRatio, log_e, start, step, verdict
from tests.unit.rollout_stats.traffic import RAMP, Counts, most_false

ALPHA, WINDOWS = 0.02, 192


def rollout(canary: Counts, stable: Counts) -> list[SampleRatio]:
    """The last state of each epoch of the ramp."""
    ends = []
    a_step = len(canary) // len(RAMP)
    for epoch, weight in enumerate(RAMP):
        state = start((round(10_000 * weight), 10_000 - round(10_000 * weight)), epoch + 1)
        for units in zip(canary[epoch * a_step :][:a_step].tolist(), stable[epoch * a_step :].tolist(), strict=False):
            state = step(state, units)
        ends.append(state)
    return ends


def mismatches(canary: Counts, stable: Counts) -> int:
    """Rollouts, [runs, windows] of units, in which any epoch ever mismatched."""
    runs = zip(canary, stable, strict=True)
    return sum(any(verdict(state, ALPHA) == "mismatch" for state in rollout(*run)) for run in runs)


def split(rng: np.random.Generator, runs: int, units: float | Counts) -> tuple[Counts, Counts]:
    n = rng.poisson(units, (runs, WINDOWS))
    canary = rng.binomial(n, np.repeat(RAMP, WINDOWS // len(RAMP)))
    return canary, n - canary


def test_a_ramp_that_is_split_as_commanded_hardly_ever_mismatches_even_when_traffic_halves() -> None:
    rng = np.random.default_rng(12)
    assert mismatches(*split(rng, 120, np.repeat([200, 100], WINDOWS // 2))) <= most_false(ALPHA, 120)


def test_a_canary_that_loses_a_tenth_of_its_units_is_found() -> None:
    rng = np.random.default_rng(13)
    canary, stable = split(rng, 30, 200)
    assert mismatches(rng.binomial(canary, 0.9), stable) >= 29


def test_requests_of_users_who_stick_to_a_variant_are_no_units() -> None:
    """Why units are counted and not their requests: with twenty a user, most good rollouts would be held."""
    rng = np.random.default_rng(14)
    users = split(rng, 60, 20)
    assert mismatches(*users) <= most_false(ALPHA, 60)
    assert mismatches(*(rng.poisson(20 * arm) for arm in users)) > 30


def test_pooling_the_epochs_of_a_ramp_would_mismatch_always() -> None:
    """Catches a state that is carried on under new weights."""
    rng = np.random.default_rng(15)
    canary, stable = split(rng, 10, 200)
    for run in zip(canary.tolist(), stable.tolist(), strict=True):
        state = start((3875, 6125))
        for units in zip(*run, strict=True):
            state = step(state, units)
        assert verdict(state, ALPHA) == "mismatch"


def test_the_evidence_is_a_martingale_under_the_weights() -> None:
    """By summing over all outcomes of the next units: the bound is exact."""
    theta, before = (0.1, 0.3, 0.6), (2, 9, 4)
    state = step(start((1000, 3000, 6000)), before)
    mean = 0.0
    for units in product(range(5), repeat=3):
        if sum(units) == 4:
            mean += multinomial.pmf(units, 4, theta) * exp(log_e(step(state, units)))
    assert mean == pytest.approx(exp(log_e(state)))


def test_of_two_variants_the_evidence_is_the_beta_functions() -> None:
    state = step(start((500, 9500)), (40, 300))
    assert log_e(state) == pytest.approx(betaln(1 + 40, 19 + 300) - betaln(1, 19) - 40 * log(0.05) - 300 * log(0.95))


def test_later_epochs_spend_less_and_all_of_them_together_alpha() -> None:
    bounds = [epoch * (epoch + 1) / ALPHA for epoch in range(1, 2000)]
    assert sum(1 / bound for bound in bounds) == pytest.approx(ALPHA, rel=1e-3)
    first, fourth = (step(start((5000, 5000), epoch), (160, 100)) for epoch in (1, 4))
    assert (verdict(first, ALPHA), verdict(fourth, ALPHA)) == ("mismatch", "match")


def test_a_mismatch_stays_one_however_the_split_goes_on() -> None:
    state = step(start((5000, 5000)), (200, 100))
    for _ in range(100):
        state = step(state, (100, 101))
    assert log_e(state) < 0
    assert verdict(state) == "mismatch"


def test_a_variant_without_weight_must_have_no_unit() -> None:
    assert verdict(step(start((0, 10_000)), (0, 500))) == "match"
    assert verdict(step(start((0, 10_000)), (1, 500))) == "mismatch"


def test_few_units_match_nothing_yet() -> None:
    assert verdict(step(start((500, 9500)), (5, 94))) == TooFew(needed=100, have=99)


def test_weights_and_units_that_cannot_be_are_refused() -> None:
    for weights in ((5000, 4999), (-1, 10_001), ()):
        with pytest.raises(ValueError, match="basis points"):
            start(weights)
    for units in ((1,), (1, -1)):
        with pytest.raises(ValueError, match="one count"):
            step(start((5000, 5000)), units)
    with pytest.raises(ValueError, match="false mismatch"):
        verdict(start((5000, 5000)), 0.0)
