"""Kinds of models: how each sees the rows, what may be set, and how it is fitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from runtime.training.protocol import Task
from services.retraining.trainers.encoding import Columns, LinearEncoding, TreeEncoding
from services.retraining.trainers.parameters import FamilyName, Parameters
from services.retraining.trainers.scores import ABSENT, Linear, Model, Trees

Setting = Mapping[str, Any]
Truth = NDArray[Any]
_STOPPING: Final = {"early_stopping": True, "n_iter_no_change": 15, "max_iter": 300}
"""Trees are added until the validation rows gain no more."""
_BINNED_ROWS: Final = 200_000
"""HistGradientBoosting draws so many to make its bins of."""
_KNOWN: Final = 20
"""Values that are expected among them, at least; a leaf has as many rows."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model is fitted to: matrices of its encoding, and what is true."""

    task: Task
    parameters: Parameters
    seed: int
    training: tuple[Any, Truth]
    validation: tuple[Any, Truth]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind."""

    encode: Callable[[Columns, pa.Table, NDArray[np.float64]], LinearEncoding | TreeEncoding]
    """Of training rows and what is true of them, [n, scores]."""
    choices: Mapping[str, Sequence[Any]]
    """What each hyperparameter may be; the first ones are tried first, together."""
    fit: Callable[[Fit, Setting], Model]


def fit_linear(fit: Fit, setting: Setting) -> Linear:
    """Logistic regression, or ridge."""
    matrix, truth = fit.training
    if fit.task.kind == "regression":
        ridge = Ridge(alpha=1 / setting["C"], solver="sparse_cg", tol=1e-6).fit(matrix, truth)
        return Linear(ridge.coef_.reshape(-1, 1), np.array([ridge.intercept_]))
    fitted = LogisticRegression(C=setting["C"], max_iter=300).fit(matrix, truth)
    base, scored = _scored(fitted.classes_, fit.task)
    weights = np.zeros((matrix.shape[1], len(base)))
    weights[:, scored], base[scored] = fitted.coef_.T, fitted.intercept_
    return Linear(weights, base)


def fit_boosting(fit: Fit, setting: Setting) -> Trees:
    """Gradient boosting on histograms."""
    matrix, truth = _binnable(fit.training[0]), fit.training[1]
    validation, held = fit.validation
    options = {**_STOPPING, **setting, "random_state": fit.seed, "categorical_features": None}
    if fit.task.kind == "regression":
        loss = {"squared": "squared_error", "absolute": "absolute_error"}[fit.parameters.loss]
        regressor = HistGradientBoostingRegressor(loss=loss, **options)
        return Trees(regressor.fit(matrix, truth, X_val=validation, y_val=held), np.zeros(1), [0])
    known = np.isin(held, truth)
    if not known.any():
        options["early_stopping"], validation = False, None
    classifier = HistGradientBoostingClassifier(**options)
    held_out = {"X_val": validation[known], "y_val": held[known]} if known.any() else {}
    classifier.fit(matrix, truth, **held_out)
    return Trees(classifier, *_scored(classifier.classes_, fit.task))


def _binnable(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without columns of which the rows that bins are made of may know no value, on which scikit-learn 1.9 fails."""
    known = np.count_nonzero(~np.isnan(matrix), axis=0)
    scarce = known < _KNOWN * max(1, len(matrix) / _BINNED_ROWS)
    return np.where(scarce, np.float32(0), matrix) if scarce.any() else matrix


def _scored(present: NDArray[np.int64], task: Task) -> tuple[NDArray[np.float64], list[int]]:
    """Scores of what is not fitted, and the classes that are; of two classes, the second's is the logit of both."""
    base = np.full(len(task.classes), ABSENT)
    base[present] = 0.0
    return base, present.tolist() if len(present) > 2 else [int(present[-1])]


FAMILIES: Final[Mapping[FamilyName, Family]] = {
    "linear": Family(
        lambda columns, features, _: LinearEncoding.fitted(columns, features),
        {"C": (1.0, 0.1, 0.01, 10.0, 0.001)},
        fit_linear,
    ),
    "boosting": Family(
        TreeEncoding.fitted,
        {
            "learning_rate": (0.1, 0.05, 0.2),
            "max_leaf_nodes": (31, 15, 7, 63),
            "min_samples_leaf": (20, 50, 100),
            "l2_regularization": (1.0, 0.0, 10.0),
        },
        fit_boosting,
    ),
}
