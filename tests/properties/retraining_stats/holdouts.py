"""Any labels with any answers of two models, of all three tasks."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from stats.performance.layout import OutcomeLayout
from stats.retraining.paired import Answers

BINARY = OutcomeLayout("binary", ("no", "yes"))
ANIMALS = OutcomeLayout("multiclass", ("cat", "dog", "eel"))
PRICES = OutcomeLayout("regression")

Holdout = tuple[OutcomeLayout, NDArray[Any], Answers, Answers]

_probability = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, np.nan])
_number = st.integers(-20, 20).map(float) | st.floats(allow_nan=False, allow_infinity=False)


def holdouts(layouts: tuple[OutcomeLayout, ...] = (BINARY, ANIMALS, PRICES)) -> st.SearchStrategy[Holdout]:
    """A layout, labels, production's answers and the candidate's."""
    return st.sampled_from(layouts).flatmap(_of)


def _of(layout: OutcomeLayout) -> st.SearchStrategy[Holdout]:
    answer = _number if layout.task == "regression" else st.integers(0, len(layout.classes))
    scores = st.tuples(*[_probability] * len(layout.scored))
    rows = st.lists(st.tuples(answer, answer, scores, answer, scores), min_size=4, max_size=60)
    return rows.map(lambda drawn: _columns(layout, drawn))


def _columns(layout: OutcomeLayout, rows: list[tuple[Any, ...]]) -> Holdout:
    kind = np.float64 if layout.task == "regression" else np.int64
    label, was, was_scores, now, now_scores = zip(*rows, strict=True)
    models = (
        Answers(np.array(said, kind), np.array(scores, np.float64).reshape(len(rows), -1) if layout.classes else None)
        for said, scores in ((was, was_scores), (now, now_scores))
    )
    return layout, np.array(label, kind), *models
