"""Figures of any data are scikit-learn's, within their resolution, and lie in their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from stats.performance.auc import auc
from stats.performance.averages import average
from stats.performance.calibration_map import calibration_map
from stats.performance.estimate import Estimate
from stats.performance.metrics import performance
from tests.properties.performance_stats.outcomes import (
    BINARY,
    MULTICLASS,
    REGRESSION,
    columns_of,
    folded,
    layouts_and_rows,
)

known = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


@given(known)
def test_every_confusion_matrix_has_sklearns_averages(pairs: list[tuple[int, int]]) -> None:
    y, predicted = np.array(pairs).T
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (y, predicted), 1)
    for form, score_of in {
        "precision": sklearn.precision_score,
        "recall": sklearn.recall_score,
        "f1": sklearn.f1_score,
    }.items():
        for over in ("macro", "weighted"):
            expected = score_of(y, predicted, average=over, zero_division=0)
            assert average(confusion, form, over, min_count=1).value == pytest.approx(expected)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=80))
def test_auc_of_raw_scores_is_within_the_resolution(events: list[tuple[bool, float]]) -> None:
    y, score = np.array([y for y, _ in events]), np.array([score for _, score in events])
    bins = np.fmin(score * 100, 99).astype(int)
    found = auc(*(np.bincount(bins[y == side], minlength=100) for side in (True, False)), min_count=2)
    if isinstance(found, Estimate):
        assert abs(found.value - sklearn.roc_auc_score(y, score)) <= found.resolution + 1e-12
    else:
        assert found.have == min(y.sum(), (~y).sum()) < 2


sane = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


@given(st.lists(sane, min_size=2, max_size=60))
def test_every_regression_has_sklearns_errors(pairs: list[tuple[float, float]]) -> None:
    figures = performance(
        REGRESSION, folded(REGRESSION, [(p, (), y, np.nan, np.nan) for p, y in pairs]), min_count=1
    ).figures
    predicted, y = np.array(pairs).T
    assert figures["mae"].value == pytest.approx(sklearn.mean_absolute_error(y, predicted), abs=1e-6)
    assert figures["rmse"].value == pytest.approx(sklearn.root_mean_squared_error(y, predicted), abs=1e-3)
    if y.std() > 0.01:
        assert figures["r2"].value == pytest.approx(sklearn.r2_score(y, predicted), rel=1e-3, abs=1e-3)


@given(layouts_and_rows)
def test_every_figure_lies_in_its_interval_and_is_a_number(drawn) -> None:  # noqa: ANN001  a layout and rows
    layout, rows, more, _ = drawn
    found = performance(layout, folded(layout, rows + more), min_count=1)
    for figure in [*found.figures.values(), *(f for each in found.by_class.values() for f in each.values())]:
        if isinstance(figure, Estimate):
            assert figure.low <= figure.value <= figure.high
            assert np.isfinite((figure.low, figure.value, figure.high)).all()


@given(layouts_and_rows.filter(lambda drawn: drawn[0] is not REGRESSION and drawn[1]))
def test_losses_are_sklearns_wherever_everything_is_known(drawn) -> None:  # noqa: ANN001  a layout and rows
    layout, rows, _, _ = drawn
    _, probabilities, labels, *_ = columns_of(layout, rows)
    rows = [row for row in rows if row[2] < len(layout.classes) and not np.isnan(row[1]).any()]
    figures = performance(layout, folded(layout, rows), min_count=1).figures
    if not rows:
        assert not isinstance(figures["brier"], Estimate)
        return
    _, probabilities, labels, *_ = columns_of(layout, rows)
    assert figures["log_loss"].n == len(rows)
    if layout is BINARY:
        probabilities = np.column_stack((1 - probabilities[:, 0], probabilities[:, 0]))
    of_label = probabilities[np.arange(len(rows)), labels].clip(1e-15, 1)
    assert figures["log_loss"].value == pytest.approx(-np.log(of_label).mean(), abs=1e-7)
    truth = np.eye(len(layout.classes))[labels]
    expected = ((probabilities - truth) ** 2).sum(1).mean() / (1 if layout is MULTICLASS else 2)
    assert figures["brier"].value == pytest.approx(expected, abs=1e-7)


counts = st.lists(st.integers(0, 50), min_size=100, max_size=100)


@given(counts, counts)
def test_every_calibration_map_rises_and_stays_a_probability(n: list[int], positives: list[int]) -> None:
    rows, happened = np.array(n), np.minimum(n, positives)
    found = calibration_map(happened, rows, rows * (np.arange(100) + 0.5) / 100)
    assert (np.diff(found.rate) >= -1e-12).all()
    assert found.rate.min() >= 0
    assert found.rate.max() <= 1
    assert (np.diff(found.block) >= 0).all()
    assert found.rows[np.flatnonzero(np.diff(found.block, prepend=-1))].sum() == rows.sum() + len(
        np.unique(found.block)
    )
