"""Bins without edges, and references learned from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.baseline import build_column
from stats.fold import Columns, fold
from stats.layout import Layout
from stats.loglinear import (
    OTHER,
    ColumnSketch,
    bins_of,
    learn_column,
    representative,
    sketch_coded,
    sketch_numeric,
    upper_end,
)
from stats.reference import Reference

finite = st.floats(allow_nan=False, allow_infinity=False)
arrays = st.lists(finite | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308]), max_size=50).map(
    lambda values: np.array(values, np.float64)
)
texts = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=30)


@given(arrays)
def test_bins_rise_with_values_and_hold_what_they_say(values: np.ndarray) -> None:
    values = np.sort(values)
    bins = bins_of(values)
    assert (np.diff(bins) >= 0).all()
    assert (values <= upper_end(bins)).all()
    assert (values > upper_end(bins - 1)).all()


@given(arrays)
def test_representatives_lie_in_their_bins_and_within_half_a_percent(values: np.ndarray) -> None:
    values = values[(np.abs(values) > 1e-300) | (values == 0)]
    middle = representative(bins_of(values))
    assert np.array_equal(bins_of(middle), bins_of(values))
    assert (np.abs(middle - values) <= 0.005 * np.abs(values)).all()


def test_whole_numbers_up_to_256_have_bins_of_their_own() -> None:
    assert np.unique(bins_of(np.arange(-256.0, 257.0))).size == 513


@given(arrays, arrays, arrays)
def test_numeric_sketches_merge_in_any_order(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    whole = sketch_numeric(np.concatenate((a, b, c)))
    assert (sketch_numeric(a) + sketch_numeric(b)) + sketch_numeric(c) == whole
    assert sketch_numeric(c) + (sketch_numeric(b) + sketch_numeric(a)) == whole


@given(texts, texts)
def test_coded_sketches_merge_in_any_order(a: list[str | None], b: list[str | None]) -> None:
    one, two = sketch_coded("categorical", a), sketch_coded("categorical", b)
    assert one + two == two + one == sketch_coded("categorical", a + b)


def test_values_beyond_the_cap_are_gathered_and_none_is_lost() -> None:
    many = sketch_coded("categorical", [f"v{i}" for i in range(1_500)])
    more = many + sketch_coded("categorical", [f"w{i}" for i in range(700)] + [None])
    assert len(more.values) == 1_101
    assert sum(more.values.values()) == 2_200
    learned = learn_column("c", "feature", more)
    assert learned.open_ended
    assert sum(learned.cells) == 2_201
    assert learned.cells[len(learned.categories)] >= more.values[OTHER]


def test_kinds_do_not_mix() -> None:
    with pytest.raises(ValueError, match="another name"):
        _ = sketch_numeric(np.array([1.0])) + sketch_coded("categorical", ["1"])


@given(arrays, st.integers(0, 3), st.integers(0, 3))
def test_a_learned_reference_counts_its_own_values_as_the_fold_does(values: np.ndarray, nan: int, inf: int) -> None:
    """Edges lie at ends of log-linear bins, so what was learned and what is folded later agree on each value."""
    values = np.concatenate((values, np.full(nan, np.nan), np.full(inf, np.inf)))
    column = learn_column("x", "feature", sketch_numeric(values))
    layout = Layout(Reference((column,)))
    n = values.size
    nothing = np.full(n, np.nan)
    columns = Columns(values[None], np.empty((0, n), np.int32), np.zeros(n, np.int16), nothing, nothing)
    (cells,) = fold(layout, columns, np.zeros(n, np.int64), 1)
    counts = layout.sections[0].counts
    assert np.array_equal(cells[counts], layout.reference_cells[counts])


def test_a_learned_reference_is_close_to_one_built_from_the_values() -> None:
    values = np.random.default_rng(3).normal(10, 4, 20_000)
    built, learned = (
        build_column("x", "feature", "numeric", values),
        learn_column("x", "feature", sketch_numeric(values)),
    )
    assert learned.center == pytest.approx(built.center, rel=1e-3)
    assert learned.scale == pytest.approx(built.scale, rel=1e-3)
    assert len(learned.edges) == len(built.edges)
    assert np.abs(np.array(learned.edges) - built.edges).max() < 0.01 * np.abs(values).max()


@pytest.mark.parametrize(
    ("kind", "values"), [("categorical", ["a", "b", None, "a"]), ("boolean", ["true", None, "false"])]
)
def test_a_learned_coded_reference_is_the_built_one(kind: str, values: list[str | None]) -> None:
    as_given = values if kind == "categorical" else [None if v is None else v == "true" for v in values]
    assert learn_column("c", "feature", sketch_coded(kind, values)) == build_column("c", "feature", kind, as_given)


def test_nothing_at_all_can_be_learned_from() -> None:
    assert learn_column("x", "feature", ColumnSketch("numeric")).edges == ()
