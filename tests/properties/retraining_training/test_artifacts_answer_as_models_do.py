"""An artifact answers as scikit-learn's model does, on any rows: those beside a threshold of a tree among them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from services.retraining.trainers.artifact import artifact_of
from services.retraining.trainers.encoding import columns_of
from services.retraining.trainers.families import FAMILIES, Fit
from services.retraining.trainers.known import Work, work_of
from services.retraining.trainers.predictor import OnnxPredictor
from services.retraining.trainers.scores import Adjustment, Model
from services.retraining.trainers.truth import one_hot
from tests.unit.retraining_training.rows import CITIES, CLASSES, TaskKind, assignment

FEW = 240
TOLERANCE = 2e-5
"""Sums of float32 beside sums of float64; probabilities, and numbers in standard deviations."""
FAMILY = pytest.mark.parametrize("family", ["linear", "boosting"])
KIND = pytest.mark.parametrize("kind", list(CLASSES))


@cache
def fitted(kind: TaskKind, family: str, n: int = 600) -> tuple[Work, Any, Model, OnnxPredictor]:
    work = work_of(assignment(kind, n=n))
    columns = columns_of(work.training.features, work.task.features, 100, 20)
    encoding = FAMILIES[family].encode(columns, work.training.features, one_hot(work.training.truth, work.task))
    rows = [(encoding.matrix(part.features), part.truth) for part in (work.training, work.validation)]
    setting = {name: choices[0] for name, choices in FAMILIES[family].choices.items()}
    with threadpool_limits(1):
        model = FAMILIES[family].fit(Fit(work.task, work.parameters, 0, *rows), setting)
    plain = Adjustment.none(len(work.task.classes) or 1)
    return (
        work,
        encoding,
        model,
        OnnxPredictor(artifact_of(work.task, encoding, model, plain, threshold=0.5), work.task),
    )


def difference(kind: TaskKind, family: str, features: pa.Table, n: int = 600) -> float:
    """The greatest between the artifact's answers and the model's own."""
    _, encoding, model, predictor = fitted(kind, family, n)
    own, told = model.scores(encoding.matrix(features)), predictor.answer(features)
    if kind == "regression":
        return float(np.abs(own[:, 0] - np.asarray(told.prediction)).max())
    assert told.probabilities is not None
    return float(np.abs(softmax(own, axis=1) - told.probabilities).max())


@FAMILY
@KIND
def test_on_rows_like_those_of_training(kind: TaskKind, family: str) -> None:
    assert difference(kind, family, fitted(kind, family)[0].validation.features) < TOLERANCE


NUMBERS = st.none() | st.floats(width=64) | st.floats(-100, 100)
CATEGORIES = st.none() | st.sampled_from([*CITIES, "", "Paris"]) | st.text(max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "age": NUMBERS,
            "income": NUMBERS,
            "member": st.none() | st.booleans(),
            "city": CATEGORIES,
            "ticket": CATEGORIES,
        }
    ),
    min_size=1,
    max_size=20,
)
SCHEMA = pa.schema(
    [
        ("age", pa.float64()),
        ("income", pa.float64()),
        ("member", pa.bool_()),
        ("city", pa.string()),
        ("ticket", pa.string()),
    ]
)


@FAMILY
@KIND
@given(rows=ROWS)
@settings(max_examples=40)
def test_on_any_rows(kind: TaskKind, family: str, rows: list[dict[str, Any]]) -> None:
    assert difference(kind, family, pa.Table.from_pylist(rows, SCHEMA)) < TOLERANCE


@KIND
def test_on_both_sides_of_every_threshold(kind: TaskKind) -> None:
    """Of few values thresholds are midpoints, which float32 may not have: rounded to the nearest, some change sides."""
    work, _, model, _ = fitted(kind, "boosting", FEW)
    like = work.validation.features.slice(0, 1)
    for place, name in enumerate(("age", "income")):
        beside = [value for threshold in thresholds(model, place) for value in neighbours(threshold)]
        repeated = like.take(pa.array(np.zeros(len(beside), np.int64)))
        rows = repeated.set_column(place, name, pa.array(np.array(beside, np.float64)))
        assert len(beside) > 50
        assert difference(kind, "boosting", rows, FEW) < TOLERANCE


def thresholds(model: Any, column: int) -> list[float]:
    trees = [tree.nodes for predictors in model.estimator._predictors for tree in predictors]
    found = [tree["num_threshold"][(tree["is_leaf"] == 0) & (tree["feature_idx"] == column)] for tree in trees]
    return sorted(set(np.concatenate(found).tolist()))


def neighbours(value: float) -> Iterator[np.float32]:
    nearest = np.float32(value)
    yield from (np.nextafter(nearest, np.float32(-np.inf)), nearest, np.nextafter(nearest, np.float32(np.inf)))
