"""The bandit learns from matured labels only, keeps its floor, and says the same again."""

import numpy as np
import pytest
from scipy.stats import beta

from stats.outcome import TooFew
from stats.rollout.bandit import Arms, start, step, weights_bp


def test_the_same_state_and_seed_give_the_same_weights() -> None:
    state = Arms((400, 300), (200, 160))
    again = [weights_bp(state, floor_bp=500, seed=3) for _ in range(3)]
    assert again[0] == again[1] == again[2] != weights_bp(state, floor_bp=500, seed=4)


def test_without_a_floor_a_weight_is_the_chance_to_be_the_best() -> None:
    state = Arms((400, 300), (200, 160))
    x = np.linspace(0, 1, 20_001)
    chance = np.trapezoid(beta.pdf(x, 161, 141) * beta.cdf(x, 201, 201), x)
    weights = weights_bp(state, floor_bp=0, seed=5)
    assert isinstance(weights, tuple)
    assert weights[1] == pytest.approx(10_000 * chance, abs=120)


def test_the_worst_arm_keeps_the_floor_and_equals_share() -> None:
    assert weights_bp(Arms((1000, 1000, 1000), (100, 900, 100)), floor_bp=500, seed=6) == (500, 9000, 500)
    equal = weights_bp(Arms((1000, 1000), (500, 500)), floor_bp=500, seed=6)
    assert isinstance(equal, tuple)
    assert equal == pytest.approx((5000, 5000), abs=120)
    assert weights_bp(Arms((1000, 1000), (1, 999)), floor_bp=5000, seed=6) == (5000, 5000)


def test_over_batches_most_traffic_goes_to_the_better_arm() -> None:
    rng = np.random.default_rng(19)
    state, weights = start(2), (5000, 5000)
    for batch in range(25):
        n = rng.multinomial(400, np.array(weights) / 10_000)
        state = step(state, n.tolist(), rng.binomial(n, [0.5, 0.62]).tolist())
        drawn = weights_bp(state, floor_bp=500, seed=batch)
        weights = weights if isinstance(drawn, TooFew) else drawn
    assert weights[1] >= 9000
    assert min(state.n) >= 25 * 0.05 * 400 * 0.5  # the floor went on teaching


def test_labels_that_have_not_come_are_no_failures() -> None:
    """An arm whose labels come later is not thought worse for it: it has fewer labels of either kind."""
    weights = weights_bp(Arms((2000, 500), (1000, 250)), floor_bp=0, seed=7)
    assert isinstance(weights, tuple)
    assert weights[1] == pytest.approx(5000, abs=250)


def test_an_arm_with_few_matured_labels_leaves_the_weights_as_they_are() -> None:
    assert weights_bp(step(start(2), (500, 40), (5, 39)), floor_bp=500, seed=8) == TooFew(needed=100, have=40)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 3333"):
        weights_bp(start(3), floor_bp=3334, seed=0)
    with pytest.raises(ValueError, match="two arms"):
        start(1)
    with pytest.raises(ValueError, match="good outcomes"):
        step(start(2), (1, 1), (2, 0))
    with pytest.raises(ValueError, match="shorter"):
        step(start(3), (1, 1), (1, 0))
