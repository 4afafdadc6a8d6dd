"""What is true of rows as numbers, and how far scores are from it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from runtime.errors import OperatorError
from runtime.training.protocol import Task
from services.retraining.trainers.parameters import Parameters
from services.retraining.trainers.scores import Adjustment, Scores

Classes = NDArray[np.int64]
"""[n]: places in the task's classes."""


def classes_of(label: Sequence[str], task: Task) -> Classes:
    """Raises OperatorError for a label that is no class of the task."""
    places = {name: place for place, name in enumerate(task.classes)}
    strange = sorted({str(name) for name in label} - places.keys())[:3]
    if strange:
        raise OperatorError(
            f"The rows have labels that are no classes of the model: {', '.join(strange)}.",
            "name all classes in the monitor, or look who writes such labels",
        )
    return np.array([places[name] for name in label], np.int64)


def scale_of(label: NDArray[np.float64]) -> Adjustment:
    """From standardised numbers to a regression's labels; the scale is 1 where all labels are alike."""
    return Adjustment(float(label.std()) or 1.0, np.array([label.mean()]))


def one_hot(truth: NDArray[np.float64] | Classes, task: Task) -> NDArray[np.float64]:
    """[n, classes] of 0 and 1; of a regression [n, 1] as it is."""
    if task.kind == "regression":
        return truth[:, None].astype(np.float64)
    return np.eye(len(task.classes))[truth.astype(np.int64)]


def losses(
    scores: Scores, truth: NDArray[np.float64] | Classes, task: Task, parameters: Parameters
) -> NDArray[np.float64]:
    """[n]: log loss; of a regression the squared or the absolute error."""
    if task.kind == "regression":
        error = scores[:, 0] - truth
        return np.abs(error) if parameters.loss == "absolute" else error**2
    chances: NDArray[np.float64] = log_softmax(scores, axis=1)
    return -chances[np.arange(len(truth)), truth.astype(np.int64)]
