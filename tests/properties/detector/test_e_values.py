"""E-values keep their promise: at most 1 on average without drift, from anywhere in what is tolerated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.detector.alternatives import CONTAMINATION, SHIFTS, components, log_beliefs
from stats.detector.detector import Detector, Rule
from stats.detector.evidence import decayed, log_e_values, weights_of
from stats.detector.expected import Shares, smoothed
from stats.detector.volume import Volume
from tests.unit.detector.worlds import HOUR_MS, START_MS, coded, layout_of, numeric, panes_of

SEEDS = st.integers(0, 2**32 - 1)


def reference_of(rng: np.random.Generator, cells: int) -> tuple[np.ndarray, np.ndarray, float]:
    """p0 [1, cells], the cells there are, and m: shares from even to very uneven."""
    live = np.ones((1, cells), bool)
    live[0, -rng.integers(1, 4) :] = False
    m = int(10 ** rng.uniform(2, 6))
    counts = rng.multinomial(m, rng.dirichlet(np.full(cells, 10 ** rng.uniform(-1.5, 1))))[np.newaxis]
    counts[~live] = 0
    return smoothed(counts, live), live, float(max(counts.sum(), 1))


def in_ball(rng: np.random.Generator, p0: np.ndarray, live: np.ndarray, radius: float) -> np.ndarray:
    """Shares as far from p0 as the ball of χ radius allows, in a direction that favours one cell, or at random."""
    cell = rng.choice(np.flatnonzero(live[0]))
    towards = (
        np.eye(p0.shape[1])[cell] if rng.random() < 0.5 else np.where(live[0], rng.dirichlet(np.ones(p0.shape[1])), 0)
    )
    step = towards / towards.sum() - p0[0]
    length = np.sqrt((step[live[0]] ** 2 / p0[0][live[0]]).sum())
    return p0[0] + step * min(1.0, radius / length)


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_an_event_from_anywhere_in_the_tolerated_ball_has_an_expected_e_value_of_at_most_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p0, live, m = reference_of(rng, int(rng.integers(6, 30)))
    weights = weights_of(Shares(p0, np.array([m])), live, z=3, tolerance=0.05)
    q = in_ball(rng, p0, live, 3 / np.sqrt(m) + 0.05)
    cells = p0.shape[1]
    nothing = np.zeros((2, 1, cells))
    log_e = np.array([log_e_values(weights, np.eye(cells)[[k]], nothing)[0] for k in range(cells)])
    present = np.isfinite(log_beliefs(live, np.array([True]))[0])
    assert (q @ np.exp(log_e))[present].max() <= 1 + 1e-9


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_a_plug_in_of_any_past_is_an_e_value_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p0, live, m = reference_of(rng, int(rng.integers(6, 30)))
    cells = p0.shape[1]
    weights = weights_of(Shares(p0, np.array([m])), live, z=3, tolerance=0.05)
    past = np.zeros((2, 1, cells))
    for _ in range(4):
        past = decayed(past, np.where(live, rng.multinomial(300, rng.dirichlet(np.ones(cells))), 0))
    log_e = np.array([log_e_values(weights, np.eye(cells)[[k]], past)[0, -2:] for k in range(cells)])
    q = in_ball(rng, p0, live, float(weights.radius[0]))
    assert (q @ np.exp(log_e)).max() <= 1 + 1e-9


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_evidence_of_panes_adds_up_over_their_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p0, live, m = reference_of(rng, 12)
    weights = weights_of(Shares(p0, np.array([m])), live, z=3, tolerance=0.05)
    past = np.where(live, rng.integers(0, 50, (2, 1, 12)), 0).astype(float)
    one, two = (np.where(live, rng.integers(0, 20, (1, 12)), 0).astype(float) for _ in range(2))
    parts = log_e_values(weights, one, past) + log_e_values(weights, two, past)
    assert log_e_values(weights, one + two, past) == pytest.approx(parts, abs=1e-8)
    assert parts.shape == (1, components(12))
    assert len(SHIFTS) + len(CONTAMINATION) * 9 + 9 + 2 == components(12)


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1])
def test_volume_within_the_tolerance_has_an_expected_e_value_of_at_most_1(factor: float) -> None:
    mean = 80.0
    volume = Volume(np.full(168, mean), np.full(168, 4), 1.0)
    n = np.arange(600)
    log_p = n * np.log(mean * factor) - mean * factor - np.array([sum(np.log(np.arange(1, k + 1))) for k in n])
    log_e = np.array([volume.log_e_values(int(k), 7, HOUR_MS, z=3, tolerance=0.1) for k in n])
    assert (np.exp(log_p) @ np.exp(log_e)).max() <= 1 + 1e-9


def test_without_drift_the_statistic_after_t_panes_is_at_most_t_on_average() -> None:
    rng = np.random.default_rng(1)
    shares = np.array([0.02, 0.1, 0.3, 0.35, 0.2, 0.03])
    edges = (-2.0, -1.0, 0.0, 1.0, 2.0)
    runs, panes = 400, 6
    layout = layout_of(
        *(numeric(f"x{i}", rng.multinomial(20_000, shares), edges=edges) for i in range(runs // 2)),
        *(coded(f"c{i}", rng.multinomial(20_000, shares)) for i in range(runs // 2)),
    )
    detector = Detector(layout, None, Rule(budget=1e-9, z=3, tolerance=0))
    state = detector.start()
    for t, (_, cells) in enumerate(panes_of(layout, rng.multinomial(150, shares, size=(panes, runs)), START_MS), 1):
        state, log_e, found = detector.step(state, START_MS + t * HOUR_MS, cells, lambda _: [])
        assert found == []
        assert np.exp(log_e[:-1]).mean() <= t
