"""Which classes a classification has, and in which order, as its labels and answers tell."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from stats.performance.class_names import Places
from stats.performance.exact_sum import Floats
from stats.performance.layout import MAX_CLASSES, OTHER


def ranked_classes(labelled: Counter[str], answered: Counter[str]) -> Sequence[str]:
    """The names of labels and answers, counted by name: the most frequent labels first, of two by name.

    A third that is only ever answered is no class; beyond the 200th all count as OTHER. Two are a binary
    classification, fewer are none.
    """
    every = sorted({*labelled, *answered} - {OTHER}, key=lambda name: (-labelled[name], -answered[name], name))
    of_two = len(every) == 2 or len(set(labelled) - {OTHER}) == 2
    return sorted(every[:2]) if of_two else every[:MAX_CLASSES]


def positive_last(names: Sequence[str], label: Places, score: Floats) -> Sequence[str]:
    """Two classes, the one whose rows score higher last; labels [n] are their places, scores [n] NaN where missing."""
    first, second = (score[(label == k) & ~np.isnan(score)] for k in (0, 1))
    return names[::-1] if first.size and second.size and first.mean() > second.mean() else names
