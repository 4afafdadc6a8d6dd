"""An assignment made ready: checked, with what is true as numbers."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runtime.errors import OperatorError
from runtime.training.protocol import Assignment, Rows, Task
from services.retraining.trainers.parameters import Parameters, parameters_of
from services.retraining.trainers.scores import Adjustment
from services.retraining.trainers.truth import classes_of, scale_of

_LEAST_ROWS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Rows, and what is true of them as models are fitted to it."""

    features: pa.Table
    truth: NDArray[Any]
    """[n]: places in the task's classes, or standardised numbers."""

    def drawn(self, most: int, seed: int) -> "Known":
        """At most so many of the rows, in their order."""
        if len(self.truth) <= most:
            return self
        places = np.sort(np.random.default_rng(seed).choice(len(self.truth), most, replace=False))
        return Known(self.features.take(pa.array(places)), self.truth[places])


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What candidates are made of."""

    task: Task
    parameters: Parameters
    seed: int
    training: Known
    validation: Known
    scale: Adjustment
    """From scores to answers: of a regression, back to the labels' unit."""


def work_of(given: Assignment) -> Work:
    """Raises OperatorError for parameters and rows that cannot be used."""
    task, parameters = given.task, parameters_of(given.parameters, given.task)
    if not task.features:
        raise OperatorError("The rows have no features.", "log features with the predictions")
    parts = {"training": given.training, "validation": given.validation}
    for part, rows in parts.items():
        if rows.features.num_rows < _LEAST_ROWS:
            raise OperatorError(
                f"There are {rows.features.num_rows} {part} rows; {_LEAST_ROWS} are the least.",
                "wait for labels, or give training.snapshot a longer lookback",
            )
    regression = task.kind == "regression"
    scale = scale_of(np.asarray(given.training.label)) if regression else Adjustment.none(len(task.classes))
    training, validation = (_known(rows, task, scale) for rows in parts.values())
    if not regression and len(np.unique(training.truth)) < 2:
        raise OperatorError(
            "All training rows have one label.", "wait for labels of another class, or give training.snapshot more rows"
        )
    return Work(task, parameters, given.seed, training, validation, scale)


def _known(rows: Rows, task: Task, scale: Adjustment) -> Known:
    if task.kind == "regression":
        return Known(rows.features, scale.undone(np.asarray(rows.label, np.float64)[:, None])[:, 0])
    return Known(rows.features, classes_of([str(label) for label in rows.label], task))
