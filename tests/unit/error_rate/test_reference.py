"""The upper bound of the reference's error rate, the threshold, and their named outcomes."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from stats.error_rate import MAX_UPPER, MIN_ROWS, ErrorRateDetector, Saturated, threshold_for, upper_rate
from stats.outcome import TooFew


@pytest.mark.parametrize(("errors", "n"), [(0, 100), (1, 100), (37, 400), (1_000, 10_000), (9_000, 10_000)])
def test_the_bound_is_wilsons_as_scipy_has_it(errors: int, n: int) -> None:
    two_sided = math.erf(2 / math.sqrt(2))  # z = 2
    wanted = binomtest(errors, n).proportion_ci(two_sided, method="wilson").high
    assert upper_rate(errors, n) == pytest.approx(wanted, rel=1e-9)


def test_the_bound_is_the_rate_and_two_standard_errors_taken_at_the_bound() -> None:
    upper = upper_rate(1_000, 10_000)
    assert upper == pytest.approx(0.1 + 2 * math.sqrt(upper * (1 - upper) / 10_000))


def test_the_tolerance_is_added() -> None:
    assert upper_rate(1_000, 10_000, tolerance=0.02) == pytest.approx(upper_rate(1_000, 10_000) + 0.02)


def test_a_bound_at_z_2_covers_the_true_rate_in_about_977_of_1000_references() -> None:
    errors = np.random.default_rng(1).binomial(2_000, 0.1, 4_000)
    covered = np.mean([upper_rate(int(k), 2_000) >= 0.1 for k in errors])
    assert covered == pytest.approx(0.977, abs=0.01)


def test_too_few_reference_rows_are_named() -> None:
    assert upper_rate(3, MIN_ROWS - 1) == TooFew(needed=MIN_ROWS, have=MIN_ROWS - 1)
    assert isinstance(upper_rate(3, MIN_ROWS), float)


def test_a_reference_that_is_nearly_always_wrong_is_named() -> None:
    found = upper_rate(1_000, 1_000)
    assert isinstance(found, Saturated)
    assert "1.000" in str(found)
    assert isinstance(upper_rate(500, 1_000, tolerance=0.5), Saturated)


@pytest.mark.parametrize(("errors", "n"), [(-1, 500), (501, 500)])
def test_impossible_counts_are_refused(errors: int, n: int) -> None:
    with pytest.raises(ValueError, match="labelled reference rows"):
        upper_rate(errors, n)


@pytest.mark.parametrize("wrong", [{"z": -1.0}, {"tolerance": -0.01}])
def test_a_bound_below_the_reference_itself_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give 0 or more"):
        upper_rate(50, 500, **wrong)


def test_a_budget_gives_the_threshold_in_steps() -> None:
    assert threshold_for(1) == pytest.approx(1e5)
    assert threshold_for(0.1) == pytest.approx(1e6)
    assert threshold_for(1, events_a_step=200) == pytest.approx(500)


@pytest.mark.parametrize(("budget", "events"), [(0, 1), (-1, 1), (1, 100_000), (math.nan, 1)])
def test_a_budget_of_nothing_or_of_every_step_is_refused(budget: float, events: float) -> None:
    with pytest.raises(ValueError, match="false alarms a step"):
        threshold_for(budget, events)


@pytest.mark.parametrize(
    ("upper", "threshold"), [(0.0, 10), (np.nextafter(MAX_UPPER, 1), 10), (math.nan, 10), (0.1, 1), (0.1, math.nan)]
)
def test_a_detector_refuses_bounds_and_thresholds_that_guarantee_nothing(upper: float, threshold: float) -> None:
    with pytest.raises(ValueError, match="upper_rate"):
        ErrorRateDetector(upper, threshold)
