"""Columns that break naive statistics: constant, empty, infinite, one value, huge, with outliers."""

import dataclasses
import math

import numpy as np
import pytest

from stats.baseline import build_column
from stats.fold import Columns, codes_of, fold
from stats.layout import Layout
from stats.reference import ColumnReference, Reference
from stats.scores import ColumnScore, compare, score

rng = np.random.default_rng(11)


def window(column: ColumnReference, values: np.ndarray | list[str | None]) -> tuple[Layout, np.ndarray]:
    layout = Layout(Reference((column,)))
    n = len(values)
    numeric = np.asarray(values)[None] if column.kind == "numeric" else np.empty((0, n))
    codes = np.empty((0, n), np.int32) if column.kind == "numeric" else codes_of(column, values)[None]
    nothing = np.full(n, np.nan)
    columns = Columns(numeric, codes, np.zeros(n, np.int16), nothing, nothing)
    return layout, fold(layout, columns, np.zeros(n, np.int64), 1)[0]


def scored(column: ColumnReference, values: np.ndarray | list[str | None]) -> ColumnScore:
    layout, cells = window(column, values)
    return score(layout, layout.reference_cells, cells)[0]


def numeric(values: np.ndarray) -> ColumnReference:
    return build_column("x", "feature", "numeric", values)


def every_figure_is_finite(found: ColumnScore) -> bool:
    figures = [v for v in dataclasses.asdict(found).values() if isinstance(v, float)]
    return all(math.isfinite(v) for v in figures)


@pytest.mark.parametrize(
    "reference",
    [
        np.full(500, 3.25),
        np.full(500, 0.1),
        np.full(500, np.nan),
        np.empty(0),
        np.full(500, np.inf),
        np.array([7.0]),
        np.r_[rng.normal(size=500), 1e300, -1e300],
        np.r_[rng.normal(size=500), np.inf, -np.inf, np.nan],
        np.repeat([0.0, 1.0], 250),
        np.full(500, 5e-324) * np.arange(500),
        rng.normal(size=500) * 1e-310,
        np.linspace(-1, 1, 500) * 1.79e308,
    ],
    ids=[
        "constant",
        "inexact constant",
        "all missing",
        "empty",
        "all infinite",
        "one value",
        "outliers",
        "few infinite",
        "binary",
        "denormal",
        "tiny",
        "whole range",
    ],
)
@pytest.mark.parametrize(
    "current",
    [
        np.full(300, 3.25),
        np.full(300, np.nan),
        np.full(300, -np.inf),
        rng.normal(size=300),
        np.empty(0),
        np.full(300, 1.79e308),
    ],
    ids=["constant", "all missing", "all infinite", "normal", "empty", "huge"],
)
def test_no_reference_and_no_window_makes_a_figure_nan_or_raises(reference: np.ndarray, current: np.ndarray) -> None:
    column = numeric(reference)
    found = scored(column, current)
    assert every_figure_is_finite(found)
    assert sum(column.cells[: len(column.edges) + 3]) == reference.size
    assert found.n == current.size
    assert (found.outcome == "too_few") == (min(reference.size, current.size) < 100)


def test_too_few_values_have_rates_and_moments_but_no_distance() -> None:
    found = scored(numeric(rng.normal(size=1_000)), np.array([1.0, 2.0, np.nan]))
    assert (found.outcome, found.n, found.psi, found.ks, found.chi2_p) == ("too_few", 3, None, None, None)
    assert found.missing_rate == pytest.approx(1 / 3)
    assert found.mean == pytest.approx(1.5, abs=1e-6)


def test_one_value_has_a_mean_and_no_deviation() -> None:
    found = scored(numeric(rng.normal(size=1_000)), np.array([1.5]))
    assert found.mean == pytest.approx(1.5, abs=1e-5)
    assert found.std is None


def test_mostly_missing_has_distances_over_cells_but_none_over_values() -> None:
    found = scored(numeric(rng.normal(size=1_000)), np.r_[rng.normal(size=50), np.full(450, np.nan)])
    assert found.outcome == "ok"
    assert found.psi > 1
    assert (found.ks, found.wasserstein, found.mean_shift) == (None, None, None)


def test_a_constant_column_that_stays_constant_has_not_drifted() -> None:
    found = scored(numeric(np.full(500, 3.25)), np.full(300, 3.25))
    assert (found.psi, found.js, found.ks, found.wasserstein, found.chi2_p) == (0, 0, 0, 0, 1)


def test_a_constant_column_that_moves_has_drifted_by_the_distance_in_its_own_unit() -> None:
    found = scored(numeric(np.full(500, 3.25)), np.full(300, 4.25))
    assert found.js == pytest.approx(1)
    assert found.ks == pytest.approx(1)
    assert (found.wasserstein, found.mean_shift) == (pytest.approx(1), pytest.approx(1))
    assert found.out_of_range_rate == 1


def test_values_beyond_the_reference_are_out_of_range_and_its_own_extremes_are_not() -> None:
    reference = rng.normal(size=1_000)
    low, high = reference.min(), reference.max()
    inside = [low, high]
    outside = [np.nextafter(low, -9), np.nextafter(high, 9)]
    assert scored(numeric(reference), np.repeat(inside, 100)).out_of_range_rate == 0
    assert scored(numeric(reference), np.repeat(outside, 100)).out_of_range_rate == 1


def test_few_distinct_values_have_a_bin_each() -> None:
    column = numeric(np.repeat([1.0, 2.0, 5.0], [10, 20, 30]))
    assert column.edges == (np.nextafter(1.0, 0), 1.0, 2.0, 5.0)
    assert column.cells[:5] == (0, 10, 20, 30, 0)


def test_ties_fall_wholly_into_one_bin_and_edges_rise() -> None:
    """A column that is mostly zeros must not get repeated edges, of which a look-up could use only one."""
    values = np.r_[np.zeros(900), rng.exponential(size=100)]
    column = numeric(values)
    assert all(a < b for a, b in zip(column.edges, column.edges[1:], strict=False))
    assert max(column.cells[: len(column.edges) + 1]) == 900


def test_a_few_absurd_outliers_do_not_hide_a_shift_of_the_others() -> None:
    """With a plain deviation of 1e27 a shift by a whole deviation of the others would round to nothing."""
    column = numeric(np.r_[rng.normal(10, 2, 100_000), 1e30])
    assert column.scale == pytest.approx(2, rel=0.02)
    found = scored(column, rng.normal(12, 2, 10_000))
    assert found.mean == pytest.approx(12, rel=0.01)


def test_categories_are_capped_by_frequency_and_the_rest_is_named_or_open() -> None:
    values = [f"v{i:04d}" for i in range(1_200) for _ in range(3 if i < 100 else 1)]
    column = build_column("c", "feature", "categorical", [*values, None])
    assert (len(column.categories), len(column.rest), column.open_ended) == (100, 1_000, True)
    assert codes_of(column, ["v0000", "v0500", "v1199", "new", None]).tolist() == [0, 100, 100, 100, 102]
    assert sum(column.cells) == len(values) + 1


def test_unlisted_texts_are_unseen_where_the_reference_is_complete() -> None:
    column = build_column("c", "feature", "categorical", ["a"] * 60 + ["b"] * 40)
    found = scored(column, ["a"] * 50 + ["b"] * 25 + ["new"] * 20 + [None] * 5)
    assert (found.unseen_rate, found.missing_rate, found.mode) == (0.2, 0.05, "a")
    assert found.ks is None


def test_booleans_keep_their_order_whatever_is_more_frequent() -> None:
    column = build_column("b", "feature", "boolean", [True, True, False, None])
    assert column.categories == ("false", "true")
    assert column.cells == (1, 2, 0, 0, 1)


def test_two_windows_compare_with_the_noise_of_both() -> None:
    column = numeric(rng.normal(size=1_000))
    layout, before = window(column, rng.normal(size=800))
    _, now = window(column, rng.normal(size=900))
    (found,) = compare(layout, before, now)
    against_reference = score(layout, layout.reference_cells, now)[0]
    assert found.psi - found.psi_adj > against_reference.psi - against_reference.psi_adj
    assert compare(layout, before, before)[0].psi == 0


def test_a_model_without_columns_has_no_scores() -> None:
    layout = Layout(None)
    assert score(layout, layout.zeros(), layout.zeros()) == ()
