"""What a canary can see, against the sequential test itself on simulated traffic."""

from math import log

import numpy as np
import pytest

from stats.retraining.canary_power import ALPHA, POWER, RISES, least_rise, power

WINDOWS, RUNS = 288, 400


def found(rate: float, canary: float, events: int, weight: float) -> float:
    """Share of simulated canaries that the mixture of likelihood ratios finds worse, looking after every window."""
    rng = np.random.default_rng(5)
    n_c = events // WINDOWS
    n_b = round(n_c * (1 - weight) / weight)
    x_c, x_b = rng.binomial(n_c, canary, (RUNS, WINDOWS)), rng.binomial(n_b, rate, (RUNS, WINDOWS))
    before = np.cumsum(x_c + x_b, 1) - x_c - x_b
    p = (before + 0.5) / ((n_c + n_b) * np.arange(WINDOWS) + 1)
    evidence = []
    for rise in RISES:
        odds = p / (1 - p) * rise
        q = odds / (1 + odds)
        r = (n_c * q + n_b * p) / (n_c + n_b)
        canaries = x_c * np.log(q / r) + (n_c - x_c) * np.log((1 - q) / (1 - r))
        others = x_b * np.log(p / r) + (n_b - x_b) * np.log((1 - p) / (1 - r))
        steps = canaries + others
        steps[:, 0] = 0.0  # nothing is known of p before the first window
        evidence.append(np.cumsum(steps, 1))
    mixture = np.logaddexp.reduce(evidence, 0) - log(len(RISES))
    return float((mixture.max(1) >= -log(ALPHA)).mean())


@pytest.mark.parametrize("weight", [0.05, 0.25, 0.5])
@pytest.mark.parametrize(("rate", "events"), [(0.02, 576), (0.02, 28_800), (0.1, 5_760), (0.3, 2_880)])
def test_the_least_rise_is_found_about_four_times_in_five_and_no_rise_hardly_ever(
    rate: float, events: int, weight: float
) -> None:
    rise = least_rise(rate, events, weight)
    assert rise is not None
    assert power(rate, rate + rise, events, weight) == pytest.approx(POWER)
    assert found(rate, rate + rise, events, weight) == pytest.approx(POWER, abs=0.11)
    assert found(rate, rate, events, weight) <= 0.02


def test_power_is_near_the_simulation_where_it_is_low() -> None:
    """Of rises that are found in part only: the closed form is within a tenth."""
    for canary in (0.11, 0.12, 0.13):
        assert power(0.1, canary, 5_760, 0.25) == pytest.approx(found(0.1, canary, 5_760, 0.25), abs=0.1)


def test_more_events_and_more_traffic_see_less_of_a_rise() -> None:
    by_events = [least_rise(0.05, events, 0.05) for events in (500, 5_000, 50_000)]
    assert by_events == sorted(by_events, reverse=True)
    assert least_rise(0.05, 50_000, 0.05) < least_rise(0.05, 5_000, 0.05) < 0.05
    assert power(0.05, 0.07, 5_000, 0.05) < power(0.05, 0.09, 5_000, 0.05)
    assert power(0.05, 0.04, 5_000, 0.05) < ALPHA


def test_few_events_see_nothing_at_all() -> None:
    assert least_rise(0.02, 0, 0.05) is None
    assert least_rise(0.02, 2, 0.5) is None
    assert power(0.02, 0.9, 0, 0.5) == 0.0


@pytest.mark.parametrize("odd", [(0.0, 0.1, 10, 0.5), (0.1, 1.0, 10, 0.5), (0.1, 0.2, -1, 0.5), (0.1, 0.2, 10, 1.0)])
def test_what_is_no_rate_and_no_weight_is_refused(odd: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        power(*odd)
