"""Whether answers are classes or numbers, and what classes are called, as the performance windows have it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np

from schemas.baseline import Baseline, ColumnBaseline
from schemas.monitor import Monitor
from stats.baseline import QUANTILE_BINS
from stats.loglinear import bins_of, upper_end
from stats.performance.class_names import class_name, synonyms
from stats.performance.layout import MAX_CLASSES, OTHER


def classes_of(monitor: Monitor, baseline: Baseline | None) -> tuple[str, ...] | None:
    """The classes, () of a regression; None where only the answers themselves can tell.

    They are those of the baseline's labelled rows, else the monitor's, else what the baseline's predictions were.
    """
    if baseline is not None and baseline.outcomes is not None:
        return baseline.outcomes.classes
    named = _distinct(monitor.classes or ())
    if len(named) > 1:
        return named
    columns = baseline.columns if baseline is not None else ()
    predicted = next((column for column in columns if column.role == "prediction"), None)
    return _predicted(predicted, learned=baseline.origin == "learned") if baseline and predicted else None


def are_classes(answers: Collection[float | str]) -> bool:
    """Whether distinct answers and labels are classes: a text is among them, or they are few whole numbers."""
    numbers = [answer for answer in answers if not isinstance(answer, str)]
    return len(numbers) < len(answers) or (
        len(numbers) <= QUANTILE_BINS and all(float(number).is_integer() for number in numbers)
    )


@dataclass(frozen=True, slots=True)
class Naming:
    """How a model's answers and labels are written down."""

    classes: tuple[str, ...] | None
    """() of a regression, None: classes that are not known beforehand."""
    _known: dict[float | str, str] = field(default_factory=dict, repr=False)

    @property
    def is_regression(self) -> bool:
        """Whether they are numbers."""
        return self.classes == ()

    def fits(self, answer: float | str) -> bool:
        """A text is no answer of a regression."""
        return not (self.is_regression and isinstance(answer, str))

    def named(self, answer: float | str) -> float | str:
        """The class as the model has it, whether it is one of them or not; a regression's number."""
        if self.is_regression:
            return float(answer) + 0.0  # no -0.0: it equals 0.0
        if answer not in self._known:
            self._known[answer] = synonyms((class_name(answer),), self.classes or ())[0]
        return self._known[answer]


def _predicted(column: ColumnBaseline, *, learned: bool) -> tuple[str, ...] | None:
    if column.kind != "numeric":
        classes = _distinct((*column.categories, *column.rest))
    else:
        # Of few values each is an edge, above one that lies below them all. Learned edges are upper ends of log-linear
        # bins, whose lower ends are the values where they are whole.
        edges = np.array(column.edges[1:], np.float64)
        values = np.where(edges > 0, -upper_end(-bins_of(edges)), edges) + 0.0 if learned else edges
        if not are_classes(values.tolist()):
            return ()
        classes = _distinct(map(class_name, values.tolist()))
    return classes if len(classes) > 1 else None


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if name != OTHER)[:MAX_CLASSES]
