"""Figures of the confusion matrix: accuracy, and precision, recall and F1 of one class.

`confusion` is int64[C, C], rows by label, columns by prediction, OTHER last.
"""

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate
from stats.performance.exact_sum import Cells
from stats.performance.interval import share


def accuracy(confusion: Cells, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """Share of right predictions. OTHER is never right: as a class it stands for many."""
    return share(int(confusion.diagonal()[:-1].sum()), int(confusion.sum()), level=level, min_count=min_count)


def precision(confusion: Cells, k: int, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """Share of predictions of class k that were right, among at least `min_count` of them."""
    return share(int(confusion[k, k]), int(confusion[:, k].sum()), level=level, min_count=min_count)


def recall(confusion: Cells, k: int, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """Share of events of class k that were found, among at least `min_count` of them."""
    return share(int(confusion[k, k]), int(confusion[k].sum()), level=level, min_count=min_count)


def f1(confusion: Cells, k: int, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Estimate | TooFew:
    """F1 = 2·TP / (2·TP + FP + FN), among at least `min_count` events that have or are predicted class k.

    F1 = 2J/(1 + J) of the Jaccard share J = TP/(TP + FP + FN), and the ends of its interval are those of J's Wilson
    interval. That is the delta method's (standard error 2/(1 + J)² · √(J(1 − J)/n)) to first order, and holds at 0 and
    1 too, where the delta method's has no width.
    """
    right = int(confusion[k, k])
    either = int(confusion[k].sum() + confusion[:, k].sum()) - right
    jaccard = share(right, either, level=level, min_count=min_count)
    if isinstance(jaccard, TooFew):
        return jaccard
    value, low, high = (2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high))
    return Estimate(value, low, high, either)
