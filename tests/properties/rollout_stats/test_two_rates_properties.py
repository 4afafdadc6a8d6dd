"""Whatever windows come: evidence stays a number, is stored as it is, and parts of a window add up."""

from functools import reduce
from math import exp, isfinite, log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from stats.rollout.after_promotion import AfterPromotion, against_holdback, against_reference
from stats.rollout.after_promotion import step as step_on
from stats.rollout.two_rates import ArmCounts, TwoRates, log_e, log_ratios, start, step, verdict
from tests.properties.rollout_stats.windows import arm_counts

STORED = TypeAdapter(TwoRates)
STORED_AFTER = TypeAdapter(AfterPromotion)
windows = st.lists(arm_counts(), max_size=8)


@given(windows)
def test_evidence_is_finite_and_its_peak_only_rises(run: list[ArmCounts]) -> None:
    states = [start()]
    for window in run:
        states.append(step(states[-1], window))
        assert isfinite(log_e(states[-1]))
        assert states[-1].peak == max(states[-2].peak, log_e(states[-1]))
    assert states[-1].n == sum(window.n_canary + window.n_stable for window in run)
    assert states[-1].x == sum(window.x_canary + window.x_stable for window in run)


@settings(max_examples=40)
@given(windows, windows)
def test_a_stored_state_goes_on_as_if_it_had_not_been_stored(before: list[ArmCounts], after: list[ArmCounts]) -> None:
    state = reduce(step, before, start())
    stored = STORED.validate_json(STORED.dump_json(state))
    assert stored == state
    assert reduce(step, after, stored) == reduce(step, [*before, *after], start())


@given(st.lists(arm_counts(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_parts_of_a_window_add_up_in_any_order(parts: list[ArmCounts], random: Random) -> None:
    whole = reduce(ArmCounts.__add__, parts)
    shuffled = sorted(parts, key=lambda _: random.random())
    assert step(start(50, 5), reduce(ArmCounts.__add__, shuffled)) == step(start(50, 5), whole)


@settings(max_examples=40)
@given(windows, arm_counts())
def test_a_window_without_one_of_the_arms_gives_no_evidence(run: list[ArmCounts], window: ArmCounts) -> None:
    state = reduce(step, run, start())
    alone = ArmCounts(0, 0, window.n_stable, window.x_stable)
    assert step(state, alone).log_evidence == state.log_evidence
    assert step(state, ArmCounts(window.n_canary, window.x_canary, 0, 0)).log_evidence == state.log_evidence


@given(st.integers(1, 10**9), st.floats(0, 1), arm_counts())
def test_one_more_event_of_the_canary_is_more_evidence_and_of_the_stable_version_less(
    n: int, share: float, window: ArmCounts
) -> None:
    x = int(share * n)
    given_now = log_ratios(n, x, window)
    more_canary = ArmCounts(
        window.n_canary, min(window.x_canary + 1, window.n_canary), window.n_stable, window.x_stable
    )
    more_stable = ArmCounts(
        window.n_canary, window.x_canary, window.n_stable, min(window.x_stable + 1, window.n_stable)
    )
    for less, same, more in zip(log_ratios(n, x, more_stable), given_now, log_ratios(n, x, more_canary), strict=True):
        assert less <= same + 1e-9
        assert more >= same - 1e-9


@given(windows, st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_who_allows_fewer_false_rollbacks_finds_no_more(run: list[ArmCounts], one: float, other: float) -> None:
    state = reduce(step, run, start())
    if verdict(state, min(one, other)) == "worse":
        assert verdict(state, max(one, other)) == "worse"


@given(st.lists(st.tuples(st.booleans(), arm_counts()), max_size=8), st.floats(0.001, 0.999))
def test_what_watches_after_promotion_is_finite_and_stored_as_it_is(
    run: list[tuple[bool, ArmCounts]], upper: float
) -> None:
    state = AfterPromotion()
    for held_back, window in run:
        seen = (
            against_holdback(100, 3, window)
            if held_back
            else against_reference(upper, window.n_canary, window.x_canary)
        )
        state = step_on(state, seen)
        assert all(isfinite(one) and one >= 0 for one in state.log_m_plus_1)
    assert STORED_AFTER.validate_json(STORED_AFTER.dump_json(state)) == state


@given(st.floats(0.001, 0.999), st.integers(0, 40))
def test_evidence_against_a_reference_is_an_e_value_at_its_bound(upper: float, n: int) -> None:
    """In closed form: the mean over x of n is (u·q/u + (1 − u)·(1 − q)/(1 − u))^n = 1."""
    one, none = against_reference(upper, 1, 1), against_reference(upper, 1, 0)
    assert one is not None
    assert none is not None
    for won, lost in zip(one, none, strict=True):
        assert upper * exp(won) + (1 - upper) * exp(lost) == pytest.approx(1)
    if n:
        many = against_reference(upper, n, n)
        assert many == pytest.approx([n * won for won in one], abs=1e-9 * abs(log(upper)) * n + 1e-9)
