"""Metrics of a model on labelled rows, by their usual names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann-Whitney).

    Both arrays are [n], with at least one positive and one negative.
    """
    _, rank, ties = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = (np.cumsum(ties) - (ties - 1) / 2)[rank]
    positives = int(positive.sum())
    negatives = positive.size - positives
    return float((mean_rank[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def classification(
    label: Sequence[str | None], prediction: Sequence[str | None] | None, score: NDArray[np.float64] | None
) -> dict[str, float]:
    """Accuracy from predictions; auc, log_loss and brier from scores of a two-class problem. Labelled rows only.

    The positive class is the one whose rows score higher on average.
    """
    known = np.array([value is not None for value in label])
    if not known.any():
        return {}
    truth = np.array([value or "" for value in label])[known]
    metrics: dict[str, float] = {}
    if prediction is not None:
        answered = np.array([value or "" for value in prediction])[known]
        metrics["accuracy"] = float(np.mean(truth == answered))
    classes = np.unique(truth)
    if score is not None and classes.size == 2:
        scored = np.isfinite(score[known])
        truth, chance = truth[scored], score[known][scored]
        if np.unique(truth).size < 2:  # none of one class has a score
            return metrics
        first = truth == classes[0]
        positive = first if chance[first].mean() > chance[~first].mean() else ~first
        clipped = np.clip(chance, 1e-15, 1 - 1e-15)
        metrics["positive_rate"] = float(positive.mean())
        metrics["auc"] = auc(positive, chance)
        metrics["log_loss"] = float(-np.mean(np.where(positive, np.log(clipped), np.log1p(-clipped))))
        metrics["brier"] = float(np.mean((chance - positive) ** 2))
    return metrics


def regression(label: NDArray[np.float64], prediction: NDArray[np.float64]) -> dict[str, float]:
    """mae, rmse and r2 of predictions float64[n]; rows without label or prediction (NaN) are left out."""
    known = np.isfinite(label) & np.isfinite(prediction)
    error = prediction[known] - label[known]
    if not error.size:
        return {}
    metrics = {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean()))}
    spread = float(label[known].var())
    if spread > 0:
        metrics["r2"] = 1 - float((error**2).mean()) / spread
    return metrics
