"""What the detector promises under every rate up to pU, shown exactly and by simulation."""

import numpy as np
import pytest
from scipy.stats import binom

from stats.error_rate import ErrorRateDetector, Evidence, threshold_for, upper_rate


def run(
    detector: ErrorRateDetector, errors: np.ndarray, n: int = 1, *, reset: bool = False
) -> tuple[Evidence, np.ndarray]:
    """Steps through errors [T, S]; returns the evidence and the alarms [T, S]."""
    evidence, alarms = detector.start(), np.zeros(errors.shape, bool)
    for t, k in enumerate(errors):
        evidence = detector.step(evidence, k, n)
        alarms[t] = detector.alarms(evidence)
        if reset:
            evidence = detector.reset(evidence, alarms[t])
    return evidence, alarms


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("upper", [0.001, 0.02, 0.1, 0.5, 0.9, 0.98])
def test_the_likelihood_ratio_of_a_step_is_an_e_value_for_every_rate_up_to_the_bound(upper: float, n: int) -> None:
    """After one step R is the likelihood ratio itself, so its expectation is a sum over k."""
    k = np.arange(n + 1)
    detector = ErrorRateDetector(np.full(n + 1, upper))
    ratio = np.exp(detector.step(detector.start(), k, n).log_r)
    for rate in np.linspace(0, upper, 20):
        assert (binom.pmf(k, n, rate) @ ratio <= 1 + 1e-9).all()
    assert binom.pmf(k, n, upper) @ ratio == pytest.approx(np.ones(ratio.shape[1]))


@pytest.mark.parametrize("n", [1, 30])
def test_the_mean_of_r_grows_by_one_a_step_at_the_bound_and_less_below_it(n: int) -> None:
    """E[R] = t at pU is the e-detector's definition; a step of 30 events counts as one."""
    rng, streams, steps = np.random.default_rng(3), 50_000, 20
    detector = ErrorRateDetector(np.full(streams, 0.3))
    found = {}
    for rate in (0.3, 0.25):
        evidence, _ = run(detector, rng.binomial(n, rate, (steps, streams)), n)
        # The two nearest alternatives: means of the others are carried by events too rare for a simulation.
        found[rate] = np.exp(evidence.log_r[:, :2]).mean(0)
    assert found[0.3] == pytest.approx(np.full(2, steps), rel=0.05)
    assert (found[0.25] < found[0.3]).all()


@pytest.mark.parametrize(("n", "threshold"), [(1, 100.0), (1, 400.0), (20, 50.0)])
def test_false_alarms_stay_within_one_in_a_steps_at_the_bound_itself(n: int, threshold: float) -> None:
    rng, streams, steps = np.random.default_rng(5), 400, 1_500
    detector = ErrorRateDetector(np.full(streams, 0.2), threshold)
    _, alarms = run(detector, rng.binomial(n, 0.2, (steps, streams)), n, reset=True)
    assert 0 < alarms.sum() <= streams * steps / threshold


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_constant_rates_raise_at_most_one_false_alarm_in_100_000_events(rate: float) -> None:
    """The reference is a sample of the same rate, as in life."""
    rng = np.random.default_rng(8)
    uppers = [upper_rate(int(errors), 10_000) for errors in rng.binomial(10_000, rate, 200)]
    _, alarms = run(ErrorRateDetector(np.array(uppers), 1e5), rng.random((3_000, 200)) < rate, reset=True)
    assert alarms.sum() / 6 <= 1


def test_a_rise_from_10_to_15_percent_is_found_after_about_500_events() -> None:
    rng, streams, before, after = np.random.default_rng(2), 200, 2_000, 2_500
    errors = np.concatenate([rng.random((before, streams)) < 0.1, rng.random((after, streams)) < 0.15])
    uppers = [upper_rate(int(wrong), 50_000) for wrong in rng.binomial(50_000, 0.1, streams)]
    _, alarms = run(ErrorRateDetector(np.array(uppers), 1e5), errors, reset=True)
    assert alarms[:before].sum() <= streams * before / 1e5
    assert alarms[before:].any(0).all()
    assert 400 < np.median(alarms[before:].argmax(0) + 1) < 650


def test_panes_with_the_same_budget_find_a_rise_within_about_a_pane_of_what_events_do() -> None:
    rng, streams, pane = np.random.default_rng(4), 200, 50
    errors = rng.random((3_000, streams)) < 0.15
    panes = errors.reshape(-1, pane, streams).sum(1)
    _, by_event = run(ErrorRateDetector(np.full(streams, 0.1), threshold_for(1)), errors)
    _, by_pane = run(ErrorRateDetector(np.full(streams, 0.1), threshold_for(1, pane)), panes, pane)
    late = pane * (by_pane.argmax(0) + 1) - (by_event.argmax(0) + 1)
    assert by_pane.any(0).all()
    assert abs(np.median(late)) <= pane
