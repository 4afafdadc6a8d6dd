"""Cells add and take away exactly, and a corrected label leaves what would have been had it come at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stats.performance import delay
from stats.performance.cells import fold_outcomes, fold_predictions
from stats.performance.exact_sum import totals
from stats.performance.metrics import performance
from tests.properties.performance_stats.outcomes import (
    BINARY,
    LAYOUTS,
    MULTICLASS,
    REGRESSION,
    columns_of,
    folded,
    layouts_and_rows,
    rows_of,
)

task = st.sampled_from(LAYOUTS)


@given(layouts_and_rows)
def test_the_fold_of_any_split_adds_up_to_the_fold_of_the_whole(drawn) -> None:  # noqa: ANN001  a layout and rows
    layout, a, b, c = drawn
    whole = folded(layout, a + b + c)
    assert np.array_equal(whole, folded(layout, a) + folded(layout, b) + folded(layout, c))
    assert np.array_equal(whole, folded(layout, c + a + b))
    assert np.array_equal(whole - folded(layout, b), folded(layout, a + c))
    assert np.array_equal(whole + folded(layout, b, sign=-1), folded(layout, a + c))


@given(layouts_and_rows, st.data())
def test_a_corrected_label_gives_the_figures_of_the_right_one(drawn, data: st.DataObject) -> None:  # noqa: ANN001  a layout and rows
    layout, kept, _, _ = drawn
    ((prediction, probabilities, old, delay_s, value),) = data.draw(rows_of(layout, min_size=1, max_size=1))
    ((_, _, new, later_s, worth),) = data.draw(rows_of(layout, min_size=1, max_size=1))
    wrong = (prediction, probabilities, old, delay_s, value)
    right = (prediction, probabilities, new, later_s, worth)
    group = np.zeros(2, np.int64)
    correction = fold_outcomes(
        layout, *columns_of(layout, [wrong, right]), sign=np.array([-1, 1]), group=group, groups=1
    )[0]
    corrected = folded(layout, [*kept, wrong]) + correction
    assert np.array_equal(corrected, folded(layout, [*kept, right]))
    expected = performance(layout, folded(layout, [right, *kept]), min_count=1)
    assert performance(layout, corrected, min_count=1) == expected


@given(layouts_and_rows, st.data())
def test_groups_hold_what_folding_each_alone_holds(drawn, data: st.DataObject) -> None:  # noqa: ANN001  a layout and rows
    layout, rows, _, _ = drawn
    group = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    columns = columns_of(layout, rows)
    together = fold_outcomes(layout, *columns, group=np.array(group, np.int8), groups=3)
    made = fold_predictions(layout, *columns[:2], group=np.array(group, np.int8), groups=3)
    for number in range(3):
        of_group = [row for row, its_group in zip(rows, group, strict=True) if its_group == number]
        assert np.array_equal(together[number], folded(layout, of_group))
        assert layout.part(made[number], "made") == len(of_group)


@given(st.sampled_from([BINARY, MULTICLASS]).flatmap(lambda layout: st.tuples(st.just(layout), rows_of(layout))))
def test_cells_of_classes_are_what_numpy_counts(drawn) -> None:  # noqa: ANN001  a layout and rows
    layout, rows = drawn
    predictions, probabilities, labels, delay_s, value = columns_of(layout, rows)
    cells = folded(layout, rows)
    width = len(layout.classes) + 1
    assert layout.part(cells, "n") == layout.part(cells, "confusion").sum() == len(rows)
    for i in range(width):
        for j in range(width):
            assert layout.part(cells, "confusion")[i, j] == ((labels == i) & (predictions == j)).sum()
    assert np.array_equal(layout.part(cells, "delay"), np.bincount(delay.cells_of(delay_s), minlength=delay.CELLS))
    assert layout.part(cells, "valued") == (~np.isnan(value)).sum()
    scored = ~np.isnan(probabilities).any(-1)
    known = scored & (labels < width - 1)
    edges = np.linspace(0, 1, 101)
    group = np.zeros(len(rows), np.int64)
    made = fold_predictions(layout, predictions, probabilities, group=group, groups=1)[0]
    for k, name in enumerate(layout.scored):
        code = layout.classes.index(name)
        for predicted in (0, 1):
            of = (predictions == code) == bool(predicted)
            assert layout.part(made, "made_bins")[k, predicted].sum() == (scored & of).sum()
            for true in (0, 1):
                chosen = known & of & ((labels == code) == bool(true))
                bins = layout.part(cells, "bins")[k, predicted, true]
                assert bins.sum() == chosen.sum()
                # A value within rounding of an edge may stand on either side of it.
                below = np.searchsorted(np.sort(probabilities[chosen, k]), edges[1:] + 1e-9, side="left")
                above = np.searchsorted(np.sort(probabilities[chosen, k]), edges[1:] - 1e-9, side="left")
                assert (above <= bins.cumsum()).all()
                assert (bins.cumsum()[:-1] <= below[:-1]).all()
        sums = layout.part(cells, "probability")[k].sum() / 2**30
        assert abs(sums - probabilities[known, k].sum()) < 1e-7


@given(rows_of(REGRESSION))
def test_cells_of_numbers_are_what_numpy_counts(rows) -> None:  # noqa: ANN001  rows
    predictions, probabilities, labels, *_ = columns_of(REGRESSION, rows)
    cells = folded(REGRESSION, rows)
    bins = np.bincount(np.searchsorted(REGRESSION.edges, predictions), minlength=5)
    assert np.array_equal(REGRESSION.part(cells, "bins"), bins)
    assert REGRESSION.part(cells, "nonzero") == (labels != 0).sum()
    group = np.zeros(len(rows), np.int64)
    made = fold_predictions(REGRESSION, predictions, probabilities, group=group, groups=1)[0]
    assert np.array_equal(REGRESSION.part(made, "made_bins"), bins)
    with np.errstate(over="ignore"):
        e = np.clip((predictions - labels) / 3.0, -(2.0**29), 2.0**29)
    absolute = totals(REGRESSION.part(cells, "bin_sums"))[:, 0]
    for b in range(5):
        assert abs(absolute[b] - np.abs(e[np.searchsorted(REGRESSION.edges, predictions) == b]).sum()) < 1e-6
