"""The grid look-up against numpy's binary search, on floats chosen to break it."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stats.grid import grid

finite = st.floats(allow_nan=False, allow_infinity=False)
neighbours = st.builds(lambda x, steps: x + steps * math.ulp(x), finite, st.integers(-3, 3))
clustered = neighbours.filter(np.isfinite)
edge_lists = st.lists(finite | clustered | st.integers(-20, 20).map(float), max_size=40)


def bins_by_search(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    bins = edges.searchsorted(values)
    bins[np.isnan(values)] = edges.size + 1
    bins[np.isinf(values)] = edges.size + 2
    return bins


@given(edge_lists, st.lists(st.floats()))
@example([0.0, 5e-324], [-0.0, 0.0, 5e-324, -5e-324])
@example([-0.0, 1.0], [0.0, -0.0])
@example([-1.7976931348623157e308, 1.7976931348623157e308], [1.7976931348623157e308, -1.7976931348623157e308, 0.0])
@example([1e308, 1.1e308, 1.2e308], [-1e308, 1e308, 1.15e308, np.inf, -np.inf, np.nan])
@example([1e16, 1e16 + 2], [1e16, 1e16 + 2, 1e16 + 4, 0.0])
@example([], [1.0, np.nan, np.inf, -np.inf])
def test_grid_is_binary_search_on_every_float(edges: list[float], values: list[float]) -> None:
    rising = np.unique(np.array(edges, np.float64))
    with np.errstate(over="ignore"):
        beside = np.nextafter(rising, -np.inf), np.nextafter(rising, np.inf)
    at_edges = np.concatenate((rising, *beside, -rising))
    all_values = np.concatenate((at_edges, np.array(values, np.float64)))
    assert np.array_equal(grid(rising).bins_of(all_values), bins_by_search(rising, all_values))


@pytest.mark.parametrize("shape", ["normal", "lognormal", "standard_cauchy", "uniform", "exponential"])
def test_grid_is_binary_search_on_samples_and_rarely_needs_it(shape: str) -> None:
    rng = np.random.default_rng(0)
    values = getattr(rng, shape)(size=50_000)
    edges = np.unique(np.quantile(values, np.r_[0, 0.001, np.arange(1, 20) / 20, 0.999, 1]))
    looked_up = grid(edges)
    assert np.array_equal(looked_up.bins_of(values), bins_by_search(edges, values))
    crowded = looked_up.table == looked_up.crowded
    assert crowded.sum() < 10


def test_grid_with_more_edges_than_a_byte_counts() -> None:
    rng = np.random.default_rng(1)
    edges, values = np.sort(rng.normal(size=1_000)), rng.normal(size=5_000)
    assert np.array_equal(grid(edges).bins_of(values), bins_by_search(edges, values))


def test_nan_of_every_pattern_is_missing() -> None:
    """A NaN's sign and payload are what the producer's runtime left there."""
    patterns = np.array([0x7FF0000000000001, 0x7FF8000000000000, 0x7FFFFFFFFFFFFFFF], np.uint64)
    values = np.concatenate((patterns, patterns | np.uint64(1 << 63))).view(np.float64)
    looked_up = grid(np.array([0.0, 1.0]))
    assert (looked_up.bins_of(values) == looked_up.missing).all()
