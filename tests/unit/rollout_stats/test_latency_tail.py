"""Slower in the tail: counted beyond a frozen edge, found by the test of two rates."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stats.latency import CELLS, HIGHEST_MS, LOWEST_MS, cells_of
from stats.outcome import TooFew
from stats.rollout.latency_tail import TailEdge, edge_at, freeze, slower
from stats.rollout.two_rates import start, step, verdict
from tests.unit.rollout_stats.traffic import most_false

ALPHA = 0.01


def histogram(latency_ms: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.bincount(cells_of(latency_ms), minlength=CELLS)


def latencies(rng: np.random.Generator, n: int, *, times: float = 1.0, stalled: float = 0.0) -> NDArray[np.float64]:
    """Log-normal about 50 ms; a share `stalled` takes four times as long."""
    slow = np.where(rng.random(n) < stalled, 4.0, 1.0)
    return np.asarray(50 * np.exp(0.5 * rng.standard_normal(n)) * times * slow)


def found(rng: np.random.Generator, *, times: float = 1.0, stalled: float = 0.0, hours: int = 24) -> bool:
    """Whether a canary of 5 % of 2,000 requests an hour is ever found slower beyond the frozen p95."""
    edge = freeze(histogram(latencies(rng, 20_000)), 0.95)
    assert isinstance(edge, TailEdge)
    state = start()
    for hour in range(hours):
        busy = 1 + 0.3 * np.sin(hour / 4)  # everybody is slower at some hours
        canary = latencies(rng, rng.poisson(100), times=times * busy, stalled=stalled)
        stable = latencies(rng, rng.poisson(1900), times=busy)
        state = step(state, slower(histogram(canary), histogram(stable), edge))
    return verdict(state, ALPHA) == "worse"


def test_a_canary_as_fast_is_hardly_ever_found_slower_however_the_hours_vary() -> None:
    rng = np.random.default_rng(9)
    assert sum(found(rng) for _ in range(100)) <= most_false(ALPHA, 100)


@pytest.mark.parametrize(("times", "stalled"), [(1.5, 0.0), (1.0, 0.1)])
def test_a_slower_canary_is_found_and_one_of_which_a_tenth_stalls_too(times: float, stalled: float) -> None:
    rng = np.random.default_rng(10)
    assert sum(found(rng, times=times, stalled=stalled) for _ in range(25)) >= 23


def test_what_is_counted_is_what_numpy_counts_beyond_the_edge() -> None:
    rng = np.random.default_rng(11)
    canary, stable = latencies(rng, 300), latencies(rng, 4000)
    canary[:7] = np.nan
    edge = freeze(histogram(stable), 0.95)
    assert isinstance(edge, TailEdge)
    counts = slower(histogram(canary), histogram(stable), edge)
    assert (counts.n_canary, counts.n_stable) == (293, 4000)
    assert (counts.x_canary, counts.x_stable) == ((canary >= edge.ms).sum(), (stable >= edge.ms).sum())
    assert counts.x_stable == pytest.approx(200, abs=15)


@pytest.mark.parametrize("cell", [0, 1, 63, 64, 65, 1000, CELLS - 3])
def test_an_edge_s_milliseconds_part_its_cell_from_the_next(cell: int) -> None:
    edge = TailEdge(cell).ms
    assert cells_of(np.array([np.nextafter(edge, 0), edge])).tolist() == [cell, cell + 1]


def test_latencies_beyond_all_buckets_count_as_slower_even_where_the_quantile_lies_there() -> None:
    edge = freeze(histogram(np.full(1000, 2 * HIGHEST_MS)), 0.99)
    assert edge == edge_at(2 * HIGHEST_MS)
    window = histogram(np.array([2 * HIGHEST_MS, 1.0]))
    assert slower(window, window, edge).x_canary == 1
    assert edge_at(LOWEST_MS / 2).cell == 0


def test_a_baseline_of_few_latencies_freezes_nothing() -> None:
    assert freeze(histogram(np.full(99, 5.0)), 0.99) == TooFew(needed=100, have=99)


def test_what_is_no_histogram_level_or_edge_is_refused() -> None:
    cells = np.zeros(CELLS, np.int64)
    with pytest.raises(ValueError, match="upper tail"):
        freeze(cells, 0.05)
    with pytest.raises(ValueError, match="no latency histogram"):
        slower(cells[:-1], cells, TailEdge(5))
    with pytest.raises(ValueError, match="no edge"):
        TailEdge(CELLS - 1)
    with pytest.raises(ValueError, match="no latency"):
        edge_at(float("nan"))
