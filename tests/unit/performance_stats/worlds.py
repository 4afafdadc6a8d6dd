"""Labelled predictions of all three tasks, drawn at random, and their fold."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.performance.cells import OutcomeLayout, fold_outcomes, fold_predictions

Array = NDArray[Any]
BINARY = OutcomeLayout("binary", ("no", "yes"))
ANIMALS = OutcomeLayout("multiclass", ("cat", "dog", "eel", "fox"))
PRICES = OutcomeLayout("regression", center=100.0, scale=20.0, prediction_edges=np.linspace(60, 140, 21))


@dataclass(frozen=True)
class Pairs:
    """Predictions and labels as `fold_outcomes` takes them."""

    predictions: Array
    probabilities: Array | None
    labels: Array


def binary(rng: np.random.Generator, n: int, *, shift: float = 0.0, flip: float = 0.0) -> Pairs:
    """Scores that are calibrated, but for labels flipped at random; `shift` moves the inputs, not P(y | score)."""
    score = 1 / (1 + np.exp(-rng.normal(-0.5 + shift, 1.5, n)))
    labels = (rng.random(n) < score) ^ (rng.random(n) < flip)
    return Pairs((score >= 0.4).astype(np.int64), score[:, np.newaxis], labels.astype(np.int64))


def multiclass(rng: np.random.Generator, n: int, *, mix: float = 0.0) -> Pairs:
    """Calibrated probabilities of four classes; `mix` is the share of labels drawn without looking at them."""
    probabilities = rng.dirichlet((1.2, 0.8, 0.5, 0.3), n)
    labels = (rng.random(n)[:, np.newaxis] > probabilities.cumsum(1)).sum(1).clip(0, 3)
    labels = np.where(rng.random(n) < mix, rng.integers(0, 4, n), labels)
    return Pairs(probabilities.argmax(1), probabilities, labels)


def prices(rng: np.random.Generator, n: int, *, shift: float = 0.0, noise: float = 1.0) -> Pairs:
    """Predictions whose errors grow with the price."""
    predictions = rng.normal(100 + shift, 15, n)
    return Pairs(predictions, None, predictions + noise * rng.normal(0.5, 1, n) * np.maximum(predictions, 20) / 20)


def folded(layout: OutcomeLayout, pairs: Pairs, *, made: bool = False) -> NDArray[np.int64]:
    """One vector of all pairs; `made` counts their predictions, too."""
    n = len(pairs.labels)
    group, none = np.zeros(n, np.int64), np.full(n, np.nan)
    (cells,) = fold_outcomes(
        layout, pairs.predictions, pairs.probabilities, pairs.labels, none, none, group=group, groups=1
    )
    if made:
        cells = cells + fold_predictions(layout, pairs.predictions, pairs.probabilities, group=group, groups=1)[0]
    return cells
