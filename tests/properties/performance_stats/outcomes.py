"""Any labelled predictions of all three tasks, odd ones among them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from stats.performance.cells import OutcomeLayout, fold_outcomes

BINARY = OutcomeLayout("binary", ("no", "yes"))
MULTICLASS = OutcomeLayout("multiclass", ("a", "b", "c"))
REGRESSION = OutcomeLayout("regression", center=5.0, scale=3.0, prediction_edges=(0.0, 2.5, 5.0, 10.0))
LAYOUTS = (BINARY, MULTICLASS, REGRESSION)

Row = tuple[Any, ...]
"""Prediction, probabilities, label, delay in seconds, value."""

_probability = st.floats(0, 1) | st.sampled_from([0.0, 0.29, 0.5, 1.0, np.nan])
_delay = st.floats(-10, 1e8) | st.just(np.nan)
_value = st.floats(allow_nan=True, allow_infinity=False)
_number = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 2.5, 5.0]) | st.floats(-20, 20)


def rows_of(layout: OutcomeLayout, *, min_size: int = 0, max_size: int = 40) -> st.SearchStrategy[list[Row]]:
    """Rows of one layout."""
    outcome = _number if layout.task == "regression" else st.integers(0, len(layout.classes))
    probabilities = st.tuples(*[_probability] * len(layout.scored))
    return st.lists(st.tuples(outcome, probabilities, outcome, _delay, _value), min_size=min_size, max_size=max_size)


layouts_and_rows = st.sampled_from(LAYOUTS).flatmap(
    lambda layout: st.tuples(st.just(layout), rows_of(layout), rows_of(layout), rows_of(layout))
)


def columns_of(layout: OutcomeLayout, rows: list[Row]) -> tuple[NDArray[Any] | None, ...]:
    """Rows as the columns of `fold_outcomes`."""
    kind = np.float64 if layout.task == "regression" else np.int64
    predictions, probabilities, labels, delay_s, value = ([row[i] for row in rows] for i in range(5))
    return (
        np.array(predictions, kind),
        np.array(probabilities, np.float64).reshape(len(rows), -1 if rows else len(layout.scored)),
        np.array(labels, kind),
        np.array(delay_s, np.float64),
        np.array(value, np.float64),
    )


def folded(layout: OutcomeLayout, rows: list[Row], sign: int = 1) -> NDArray[np.int64]:
    """One vector of all rows."""
    group = np.zeros(len(rows), np.int64)
    return fold_outcomes(layout, *columns_of(layout, rows), sign=sign, group=group, groups=1)[0]
