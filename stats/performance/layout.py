"""Where everything lies in the flat int64 vector of joined outcomes: merging is `a + b`, taking away is `a - b`.

    n | delay | value | predictions made | of classes: confusion | histograms | probability sums | losses
                                         | of numbers: labels not 0 | sums | counts and error sums by prediction

Predictions made count every prediction, labelled or not, so that coverage and what is expected before labels can be
read from the same vector; everything else counts pairs of a prediction and its label.
"""

import json
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from math import isfinite, prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stats.performance import delay
from stats.performance.exact_sum import DIGITS, Cells

Task = Literal["binary", "multiclass", "regression"]

OTHER = "__other__"
"""The class of labels and predictions that are none of the model's."""
MAX_CLASSES = 200
"""A vector's size grows with their square: 200 classes are 1.6 MB."""
BINS = 100
"""Equal-width bins of a probability: bin b holds [b/100, (b+1)/100), the last one 1 too."""

LOSSES = ("log_loss", "log_loss²", "brier", "brier²")
SUMS = ("e", "|e/y|", "|e/y|²", "z", "z²", "z³", "z⁴", "e²z", "e²z²")
"""e = (prediction − label)/scale, z = (label − center)/scale, y the label itself."""
BIN_SUMS = ("|e|", "e²", "e⁴")
VALUE_SUMS = ("value", "value²")


class OutcomeLayout:
    """Immutable. Only vectors of layouts of one digest are added."""

    def __init__(
        self,
        task: Task,
        classes: Iterable[str] = (),
        center: float = 0.0,
        scale: float = 1.0,
        prediction_edges: Iterable[float] = (),
    ) -> None:
        """Classes of a classification, the negative one first where there are two.

        Of a regression: the reference labels' mean and standard deviation, in the label's unit, and the inner edges of
        the prediction's bins, rising: bin k holds (edge k−1, edge k], as the prediction's column of stats/layout.py.
        """
        self.task: Task = task
        self.classes = tuple(classes)
        self.center, self.scale = float(center), float(scale)
        self.edges = np.array(tuple(prediction_edges), np.float64)
        self._check()
        self.scored: tuple[str, ...] = self.classes[1:] if task == "binary" else self.classes
        """The classes whose probability is counted: of two, the positive one."""
        self.width = len(self.classes) + 1
        """Classes of the confusion matrix, OTHER last."""
        self.shapes = self._shapes()
        self.size: int = sum(prod(shape) for shape in self.shapes.values())

    def part(self, cells: Cells, name: str) -> Cells:
        """A section of a vector int64[..., size] in its own shape, as a view where the vector allows it."""
        start, stop = self.places[name]
        return cells[..., start:stop].reshape((*cells.shape[:-1], *self.shapes[name]))

    def zeros(self) -> Cells:
        """The vector of nothing, int64[size]."""
        return np.zeros(self.size, np.int64)

    def codes(self, names: Iterable[str]) -> NDArray[np.intp]:
        """Numbers of class names, intp[n]; names that are no class are OTHER's."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.fromiter((numbers.get(name, len(self.classes)) for name in names), np.intp)

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """First cell, and one past the last, of each section."""
        stops = np.cumsum([0, *(prod(shape) for shape in self.shapes.values())]).tolist()
        return {name: (stops[i], stops[i + 1]) for i, name in enumerate(self.shapes)}

    @cached_property
    def meaning(self) -> dict[str, Any]:
        """What the cells mean, with its digest: all of a baseline's `OutcomeReference` but the cells."""
        return {
            "task": self.task,
            "classes": self.classes,
            "center": self.center,
            "scale": self.scale,
            "edges": tuple(self.edges.tolist()),
            "digest": self.digest,
        }

    @cached_property
    def digest(self) -> str:
        """Names the meaning of the cells, 16 hex digits: only vectors of one digest merge."""
        meaning = (self.task, self.classes, self.center, self.scale, self.edges.tolist())
        return sha256(json.dumps(meaning).encode()).hexdigest()[:16]

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        every: dict[str, tuple[int, ...]] = {
            "n": (),
            "delay": (delay.CELLS,),
            "valued": (),  # pairs whose outcome has a value
            "value": (len(VALUE_SUMS), DIGITS),
            "made": (),
        }
        if self.task == "regression":
            bins = self.edges.size + 1
            return every | {
                "made_bins": (bins,),
                "nonzero": (),
                "sums": (len(SUMS), DIGITS),
                "bins": (bins,),
                "bin_sums": (bins, len(BIN_SUMS), DIGITS),
            }
        scored = len(self.scored)
        return every | {
            "made_bins": (scored, 2, BINS),  # class, whether it was predicted, bin of its probability
            "confusion": (self.width, self.width),  # label, prediction
            "bins": (scored, 2, 2, BINS),  # class, whether it was predicted, whether it is the label, bin
            "probability": (scored, 2, BINS),  # sum, in units of 2^-30
            "losses": (len(LOSSES), DIGITS),
        }

    def _check(self) -> None:
        wanted = {"binary": range(2, 3), "multiclass": range(2, MAX_CLASSES + 1), "regression": range(1)}[self.task]
        if len(self.classes) not in wanted or len(set(self.classes)) < len(self.classes) or OTHER in self.classes:
            raise ValueError(
                f"classes {self.classes} do not fit the task {self.task}: name two for binary (the negative one "
                f"first), 2 to {MAX_CLASSES} for multiclass (the most frequent: others count as {OTHER}), each once, "
                "and none for regression"
            )
        if not (isfinite(self.center) and isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"center {self.center} and scale {self.scale} must be finite, scale above 0")
        if not (np.isfinite(self.edges).all() and (np.diff(self.edges) > 0).all()):
            raise ValueError("prediction edges must be finite and rise: take those of the baseline's prediction column")
