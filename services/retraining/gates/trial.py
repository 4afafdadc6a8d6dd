"""A candidate and all that it is judged by, and both models' answers to the rows that production answered itself."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runtime.training.protocol import Answers
from schemas.monitor import Monitor
from services.retraining.gates.layouts import codes_of
from services.retraining.snapshot.columns import SEGMENT
from services.retraining.snapshot.split import answers_of, column
from stats.performance.exact_sum import Cells, Floats
from stats.performance.labelled import fold_labelled
from stats.performance.layout import OutcomeLayout
from stats.retraining import paired

Flags = NDArray[np.bool_]
Side = Literal["production", "candidate"]
_ROUNDING: Final = 1e-5
"""By which probabilities of single precision may leave 0 to 1."""
_SUM: Final = 0.01
"""By which their sum may miss 1, as in events."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the model gate and the comparison look at."""

    layout: OutcomeLayout
    monitor: Monitor
    incumbent: str
    holdout: pa.Table
    """Rows that nobody trained on or chose by."""
    answers: Answers
    """The candidate's, to the holdout's rows."""
    to_cases: Answers
    """The candidate's, to the monitor's cases."""
    incumbent_to_cases: Answers | None
    """None where the incumbent's artifact is not at hand."""
    latency_p99_ms: float | None
    """Of answering one row."""
    size_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """n labelled rows that the incumbent answered itself, with what both models say."""

    layout: OutcomeLayout
    label: Cells | Floats
    """[n]: codes of classes, or numbers."""
    production: paired.Answers
    candidate: paired.Answers
    segments: Mapping[str, NDArray[Any]]
    """By dimension, [n] texts; None where a row has none."""

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.label)

    def where(self, flags: Flags) -> "Pairing":
        """Some of the rows, by flags [n]."""
        return replace(
            self,
            label=self.label[flags],
            production=some(self.production, flags),
            candidate=some(self.candidate, flags),
            segments={name: values[flags] for name, values in self.segments.items()},
        )

    def cells(self, side: Side) -> Cells:
        """One model's outcomes, int64[layout.size]."""
        answers = self.production if side == "production" else self.candidate
        return fold_labelled(self.layout, answers.prediction, answers.probabilities, self.label)

    def groups(self, dimension: str) -> dict[str, "Pairing"]:
        """The rows of each group, the largest first; rows without one are in none."""
        values = self.segments.get(dimension, np.empty(0, object))
        counted = Counter(value for value in values if value is not None)
        return {name: self.where(values == name) for name, _ in sorted(counted.items(), key=lambda of: (-of[1], of[0]))}


def pair(layout: OutcomeLayout, rows: pa.Table, incumbent: str, answers: Answers) -> Pairing:
    """The rows of version `incumbent`, of a regression those with numbers, and both models' answers to them.

    Answers of other versions say nothing of production. Raises ValueError for answers with a `flaw`.
    """
    if wrong := flaw(layout, answers, rows.num_rows):
        raise ValueError(f"the candidate {wrong}")
    every = Pairing(
        layout,
        truth(layout, rows),
        said(layout, answers_of(rows, layout.classes)),
        said(layout, answers),
        {
            name.removeprefix(SEGMENT): np.array([*column(rows, name), None], object)[:-1]
            for name in rows.column_names
            if name.startswith(SEGMENT)
        },
    )
    return every.where(own_rows(layout, rows, incumbent))


def truth(layout: OutcomeLayout, rows: pa.Table) -> Cells | Floats:
    """The labels [n]: codes of classes, or numbers."""
    label = column(rows, "label")
    return codes_of(layout, label) if layout.classes else np.asarray(label, np.float64)


def own_rows(layout: OutcomeLayout, rows: pa.Table, version: str) -> Flags:
    """Which rows [n] a version answered itself, of a regression with a number."""
    own = np.array([by == version for by in column(rows, "version")], bool)
    return own if layout.classes else own & np.isfinite(column(rows, "prediction")) & np.isfinite(column(rows, "label"))


def said(layout: OutcomeLayout, answers: Answers) -> paired.Answers:
    """Answers as statistics take them: codes, and the probabilities of the scored classes; NaN is none."""
    if not layout.classes:
        return paired.Answers(np.asarray(answers.prediction, np.float64))
    prediction, whole = codes_of(layout, answers.prediction), answers.probabilities
    if whole is None:
        return paired.Answers(prediction, np.full((len(prediction), len(layout.scored)), np.nan))
    return paired.Answers(prediction, np.clip(np.asarray(whole, np.float64)[:, -len(layout.scored) :], 0.0, 1.0))


def flaw(layout: OutcomeLayout, answers: Answers, n: int) -> str | None:
    """What makes a candidate's answers to n rows useless; None where there is nothing.

    A row left out would be one it is not judged by, so each needs an answer, and probabilities where any has them.
    """
    if len(answers.prediction) != n:
        return f"gave {len(answers.prediction)} answers to {n} rows"
    if not layout.classes:
        lacking = int((~np.isfinite(np.asarray(answers.prediction, np.float64))).sum())
        return f"gave no finite number to {lacking} of {n} rows" if lacking else None
    if answers.probabilities is None:
        return None
    given = np.asarray(answers.probabilities, np.float64)
    if given.shape != (n, len(layout.classes)):
        return f"gave probabilities {given.shape} to {n} rows and {len(layout.classes)} classes"
    fine = ((given >= -_ROUNDING) & (given <= 1 + _ROUNDING)).all(1) & (np.abs(given.sum(1) - 1) <= _SUM)
    return None if fine.all() else f"gave no probabilities that sum to 1 to {int((~fine).sum())} of {n} rows"


def has_probabilities(answers: paired.Answers) -> bool:
    """Whether half of the rows or more have them."""
    found = answers.probabilities
    return found is not None and bool(2 * (~np.isnan(found).any(1)).sum() >= len(found))


def some(answers: paired.Answers, flags: Flags) -> paired.Answers:
    """Those to some of the rows, by flags [n]."""
    whole = answers.probabilities
    return paired.Answers(answers.prediction[flags], None if whole is None else whole[flags])
