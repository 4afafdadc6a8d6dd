"""What a trainer is given, and what it gives back. A plugin needs no import of this: it is a protocol.

A trainer is found by its name among the entry points of the group `driftline.trainers`, or in the variable
DRIFTLINE_TRAINERS (`name=module:attribute`, comma-separated). It runs in a process of its own, with limits of time and
memory, and never sees the rows that its candidates are judged by. From the same rows, seed and parameters it makes the
same bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Kind = Literal["numeric", "categorical", "boolean"]
JsonValue = Any
"""What `json.dumps` takes."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of a model."""

    kind: Literal["binary", "multiclass", "regression"]
    classes: tuple[str, ...]
    """Names, the negative one first where there are two; empty for a regression."""
    features: Mapping[str, Kind]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n rows with what is true of them, oldest first."""

    features: pa.Table
    """One column a feature, under its name: float64, string or bool by kind; null is missing."""
    label: Sequence[str] | NDArray[np.float64]
    """[n]: names of classes, or numbers."""
    time_ms: NDArray[np.int64]
    """[n]: when each was asked, milliseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """What to train on, and how."""

    task: Task
    training: Rows
    validation: Rows
    """Newer than the training rows: to search hyperparameters by."""
    parameters: Mapping[str, JsonValue]
    """The monitor's."""
    seed: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fitted model. Names of an assignment's candidates differ."""

    name: str
    artifact: bytes
    media_type: str
    parameters: Mapping[str, JsonValue]
    """Those it was fitted with, the search's among them."""
    importance: Mapping[str, float]
    """By feature, shares of the whole; empty where not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says to n rows."""

    prediction: Sequence[str] | NDArray[np.float64]
    """[n]: names of classes, or numbers."""
    probabilities: NDArray[np.float64] | None
    """[n, classes] in the task's order; None where it gives none."""


class Predictor(Protocol):
    """A model that was loaded."""

    def answer(self, features: pa.Table) -> Answers:
        """Answers rows of the same columns as in training; unknown categories and missing values are answered too."""


class Trainer(Protocol):
    """Makes candidates, and reads them again."""

    def train(self, given: Assignment, say: Callable[[str], None]) -> Iterator[Candidate]:
        """Yields candidates, at least one; `say` tells people how far it is, a line at a time."""

    def load(self, artifact: bytes, task: Task) -> Predictor:
        """The model in these bytes."""
