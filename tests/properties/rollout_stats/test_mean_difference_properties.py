"""Whatever is observed: windows in any order, values about any centre and in any unit give the same answer."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from stats.performance.estimate import Estimate
from stats.rollout.mean_difference import ArmSums, Margins, MeanDifference, interval, step, verdict
from tests.properties.rollout_stats.windows import observations, sums

STORED = TypeAdapter(MeanDifference)
Windows = list[tuple[list[float], list[float]]]
windows = st.lists(st.tuples(observations, observations), min_size=1, max_size=5)
ENOUGH = ([0.0, 1.0] * 100, [0.0, 1.0, 2.0] * 60)
"""Ends the burn-in."""


def state_of(run: Windows) -> MeanDifference:
    state = MeanDifference()
    for canary, stable in run:
        state = step(state, sums(canary), sums(stable))
    return state


def interval_of(run: Windows, rho: float = 2.0) -> Estimate:
    found = interval(state_of([*run, ENOUGH]), rho=rho, alpha=0.05)
    assert isinstance(found, Estimate)
    return found


def ends(found: Estimate) -> tuple[float, float, float]:
    return found.low, found.value, found.high


@settings(max_examples=40)
@given(windows, st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter(run: Windows, random: Random) -> None:
    shuffled = sorted(run, key=lambda _: random.random())
    assert ends(interval_of(shuffled)) == pytest.approx(ends(interval_of(run)), rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(windows, st.floats(-50, 50), st.floats(0.1, 10))
def test_another_centre_changes_nothing_and_another_unit_only_the_unit(run: Windows, by: float, times: float) -> None:
    moved = [([y + by for y in canary], [y + by for y in stable]) for canary, stable in [*run, ENOUGH]]
    scaled = [([y * times for y in canary], [y * times for y in stable]) for canary, stable in [*run, ENOUGH]]
    found = ends(interval_of(run))
    of_moved = interval(state_of(moved), rho=2.0, alpha=0.05, expected=30)
    of_scaled = interval(state_of(scaled), rho=2.0 * times**2, alpha=0.05)
    assert isinstance(of_moved, Estimate)
    assert isinstance(of_scaled, Estimate)
    assert ends(of_moved) == pytest.approx(found, rel=1e-6, abs=1e-6)
    assert ends(of_scaled) == pytest.approx([times * end for end in found], rel=1e-6, abs=1e-6)


@given(windows)
def test_the_other_way_round_the_difference_is_the_opposite(run: Windows) -> None:
    back = interval(state_of([(stable, canary) for canary, stable in [*run, ENOUGH]]), rho=2.0, alpha=0.05)
    assert isinstance(back, Estimate)
    low, value, high = ends(interval_of(run))
    assert ends(back) == pytest.approx((-high, -value, -low), abs=1e-9)


@given(windows, st.lists(st.floats(1e-4, 0.5), min_size=2, max_size=4))
def test_the_interval_holds_its_value_and_a_smaller_alpha_is_wider(run: Windows, alphas: list[float]) -> None:
    found = [interval(state_of([*run, ENOUGH]), rho=2.0, alpha=alpha) for alpha in sorted(alphas)]
    for wide, narrow in pairwise(found):
        assert isinstance(wide, Estimate)
        assert isinstance(narrow, Estimate)
        assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high


@given(windows)
def test_parts_of_a_window_add_up_and_a_stored_state_is_the_same(run: Windows) -> None:
    for canary, stable in run:
        for values in (canary, stable):
            whole, parts = sums(values), sums(values[:5]) + sums(values[5:])
            assert (parts.n, parts.events) == (whole.n, whole.events)
            assert (parts.total, parts.squares) == pytest.approx((whole.total, whole.squares), abs=1e-9)
    state = state_of(run)
    assert STORED.validate_json(STORED.dump_json(state)) == state


@given(st.integers(0, 99), st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_few_canary_events_are_never_a_verdict(
    n_canary: int,
    n_stable: int,
    canary: float,
    stable: float,
    rates: bool,  # noqa: FBT001  drawn by Hypothesis
) -> None:
    counts = (ArmSums.of_counts(n, int(share * n)) for n, share in ((n_canary, canary), (n_stable, stable)))
    said = verdict(step(MeanDifference(), *counts), Margins(0.0, 1.0, 1e-6, 0.5, rates))
    assert said not in ("worse", "as good", "inconclusive")
