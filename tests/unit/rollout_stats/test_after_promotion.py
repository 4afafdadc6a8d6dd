"""After promotion: rare false alarms for as long as one watches, and a late turn for the worse is found."""

from math import expm1, log

import numpy as np
import pytest

from stats.error_rate import upper_rate
from stats.retraining.canary_power import RISES
from stats.rollout.after_promotion import (
    AfterPromotion,
    against_holdback,
    against_reference,
    alarm,
    log_mean,
    step,
)
from stats.rollout.two_rates import ArmCounts

ALPHA = 0.02  # one false alarm in fifty windows or more


def windows_to_alarm(rates: list[float], seed: int, *, upper: float = 0.02, n: int = 200) -> int:
    rng = np.random.default_rng(seed)
    state = AfterPromotion()
    for number, rate in enumerate(rates):
        state = step(state, against_reference(upper, n, int(rng.binomial(n, rate))))
        if alarm(state, ALPHA):
            return number
    return len(rates)


def test_at_the_very_bound_false_alarms_are_as_rare_as_promised() -> None:
    times = [windows_to_alarm([0.02] * 500, seed) for seed in range(120)]
    assert np.mean(times) >= 1 / ALPHA  # those cut off at 500 make it less, not more


def test_a_rise_that_comes_late_is_found_soon_after_and_not_only_from_the_start() -> None:
    """Catches a detector that is a test from the start: 300 good windows would weigh against the alarm."""
    times = np.array([windows_to_alarm([0.015] * 300 + [0.05] * 30, seed) for seed in range(40)])
    assert (times < 300).mean() <= 0.1
    assert np.median(times[times >= 300]) <= 305
    assert times.max() < 330


def test_a_holdback_pays_no_heed_to_a_trend_that_both_share_where_a_reference_alarms() -> None:
    upper = upper_rate(200, 10_000)
    assert isinstance(upper, float)
    rng = np.random.default_rng(16)
    beside, alone, n, x = AfterPromotion(), AfterPromotion(), 10_000, 200
    for rate in np.linspace(0.02, 0.08, 100):
        window = ArmCounts(190, int(rng.binomial(190, rate)), 60, int(rng.binomial(60, rate)))
        beside = step(beside, against_holdback(n, x, window))
        alone = step(alone, against_reference(upper, window.n_canary, window.x_canary))
        n, x = n + 250, x + window.x_canary + window.x_stable
    assert not alarm(beside, ALPHA / 10)
    assert alarm(alone, ALPHA / 10)


def test_a_holdback_finds_the_promoted_version_worse() -> None:
    rng = np.random.default_rng(17)
    state = AfterPromotion()
    for _ in range(40):
        window = ArmCounts(950, int(rng.binomial(950, 0.06)), 50, int(rng.binomial(50, 0.02)))
        state = step(state, against_holdback(10_000, 300, window))
    assert alarm(state, ALPHA)


def test_the_recursion_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(18)
    state, M = AfterPromotion(), np.zeros(len(RISES))
    for _ in range(30):
        log_e = rng.normal(0, 1, len(RISES))
        state, M = step(state, log_e.tolist()), (M + 1) * np.exp(log_e)
    assert [expm1(one) for one in state.log_m_plus_1] == pytest.approx(M)
    assert log_mean(state) == pytest.approx(log(M.mean()))
    assert state.windows == 30


def test_the_evidence_against_a_reference_is_a_likelihood_ratio() -> None:
    log_e = against_reference(0.1, 10, 3)
    q = [rise * 0.1 / (0.9 + rise * 0.1) for rise in RISES]
    assert log_e == pytest.approx([3 * log(one / 0.1) + 7 * log((1 - one) / 0.9) for one in q])


def test_silence_changes_nothing_and_never_alarms() -> None:
    """Catches a step without events: it would add 1 to M, and fifty of them would alarm."""
    state = AfterPromotion()
    for _ in range(200):
        state = step(state, against_reference(0.02, 0, 0))
        state = step(state, against_holdback(0, 0, ArmCounts(5, 5, 5, 0)))
        state = step(state, against_holdback(100, 2, ArmCounts(5, 5, 0, 0)))
    assert state == AfterPromotion()
    assert log_mean(state) is None
    assert not alarm(state, ALPHA)


def test_the_greatest_and_the_least_evidence_stay_numbers() -> None:
    worst = step(AfterPromotion(), against_reference(1e-6, 10**6, 10**6))
    assert log_mean(step(worst, [2000.0] * len(RISES))) == pytest.approx(log_mean(worst) + 2000)
    best = step(AfterPromotion(), against_reference(0.9, 10**7, 0))
    assert not alarm(best, ALPHA)
    assert alarm(step(best, [5.0] * len(RISES)), ALPHA)


def test_what_cannot_be_is_refused() -> None:
    for upper, n, x in ((0.0, 5, 1), (1.0, 5, 1), (0.5, 5, 6), (0.5, 5, -1)):
        with pytest.raises(ValueError, match="counts of one window"):
            against_reference(upper, n, x)
    with pytest.raises(ValueError, match="windows between false alarms"):
        alarm(AfterPromotion(), 0.0)
