"""Two models' answers to the same labelled rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.performance.cells import OutcomeLayout, fold_outcomes
from stats.retraining.paired import Answers

BINARY = OutcomeLayout("binary", ("no", "yes"))
ANIMALS = OutcomeLayout("multiclass", ("cat", "dog", "eel"))
PRICES = OutcomeLayout("regression", center=100.0, scale=20.0)
LAYOUTS = (BINARY, ANIMALS, PRICES)


@dataclass(frozen=True)
class Holdout:
    """Labels, and what production and the candidate say."""

    layout: OutcomeLayout
    label: NDArray[Any]
    production: Answers
    candidate: Answers

    @property
    def rows(self) -> tuple[NDArray[Any], Answers, Answers]:
        return self.label, self.production, self.candidate


def holdout(
    layout: OutcomeLayout, n: int, seed: int = 0, *, production: float = 1.0, candidate: float = 0.7
) -> Holdout:
    """Answers with noise of the given sizes."""
    rng, sizes = np.random.default_rng(seed), (production, candidate)
    if layout.task == "regression":
        label = rng.normal(100, 20, n)
        return Holdout(layout, label, *(Answers(label + rng.normal(0, 5 * size, n)) for size in sizes))
    truth = 1.5 * rng.standard_normal((n, len(layout.classes)))
    label = (truth + rng.gumbel(size=truth.shape)).argmax(1)
    return Holdout(layout, label, *(_classes(layout, truth + rng.normal(0, size, truth.shape)) for size in sizes))


def folded(layout: OutcomeLayout, label: NDArray[Any], answers: Answers) -> NDArray[np.int64]:
    """One vector of all rows."""
    n = len(label)
    none = np.full(n, np.nan)
    probabilities = answers.probabilities
    group = np.zeros(n, np.int64)
    return fold_outcomes(layout, answers.prediction, probabilities, label, none, none, group=group, groups=1)[0]


def _classes(layout: OutcomeLayout, logits: NDArray[np.float64]) -> Answers:
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    return Answers(p.argmax(1), p[:, 1:] if layout.task == "binary" else p)
