"""How much panes vary beyond chance is learnt from their differences."""

import numpy as np
import pytest

from stats.performance.dispersion import after, dispersion, nothing_seen


def learnt(deviation: np.ndarray, weight: float = 100.0, variance: float = 1.0) -> np.ndarray:
    """φ after hourly panes, [T, S] deviations."""
    seen = nothing_seen(deviation.shape[1])
    ones = np.ones(deviation.shape[1])
    for pane, row in enumerate(deviation, 480_000):
        seen = after(seen, pane, row, weight * ones, variance * ones)
    return dispersion(seen)


def test_independent_panes_have_no_dispersion() -> None:
    """Two standard errors at two sizes of block: about one stream in twenty seems to have a little."""
    phi = learnt(np.random.default_rng(1).standard_normal((720, 400)))
    assert (phi == 1).mean() > 0.9
    assert phi.max() < 3


@pytest.mark.parametrize("copies", [5, 20])
def test_what_comes_so_many_times_is_found_to(copies: int) -> None:
    phi = learnt(np.sqrt(copies) * np.random.default_rng(2).standard_normal((720, 200)))
    assert 0.9 * copies < np.median(phi) < 1.4 * copies


def test_days_that_differ_are_seen_by_their_day() -> None:
    """Hours vary by chance alone, around a level that every day draws anew: 24 hours together vary 1 + 24/4 times."""
    rng = np.random.default_rng(3)
    days = np.repeat(rng.standard_normal((60, 200)) / 2, 24, axis=0)
    phi = learnt(rng.standard_normal((1_440, 200)) + days)
    assert 5 < np.median(phi) < 12


def test_a_change_that_lasts_is_no_dispersion() -> None:
    rng = np.random.default_rng(4)
    deviation = rng.standard_normal((480, 200))
    deviation[240:] += 5
    assert np.median(learnt(deviation)) < 2


def test_one_pane_beyond_measure_counts_as_an_outlier() -> None:
    deviation = np.random.default_rng(5).standard_normal((480, 50))
    deviation[300] = 1e6
    assert np.median(learnt(deviation)) < 4


def test_too_few_panes_say_nothing_and_panes_without_weight_leave_all_as_it_was() -> None:
    assert (learnt(np.array([[1e3], [-1e3], [1e3], [-1e3]])) == 1).all()
    seen = after(nothing_seen(2), 7, np.array([3.0, 1.0]), np.array([10.0, 0.0]), np.array([2.0, 0.0]))
    assert not seen[1].any()
    assert (after(seen, 8, np.zeros(2), np.zeros(2), np.zeros(2)) == seen).all()


def test_unequal_panes_are_compared_by_their_means() -> None:
    """The same shift of every label's chance, in panes of any size, is no difference between panes."""
    rng = np.random.default_rng(6)
    seen = nothing_seen(200)
    for pane in range(300):
        n = np.full(200, float(rng.integers(10, 2_000)))
        seen = after(seen, pane, 0.3 * n + np.sqrt(0.09 * n) * rng.standard_normal(200), n, 0.09 * n)
    assert (dispersion(seen) == 1).mean() > 0.9
