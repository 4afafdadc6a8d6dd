"""What labels were in the reference, and what those of a snapshot are against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.outcome import TooFew
from stats.performance.class_names import class_name, synonyms
from stats.performance.estimate import Estimate
from stats.performance.exact_sum import Cells
from stats.performance.interval import ratio, share
from stats.performance.layout import OutcomeLayout
from stats.retraining.snapshot import Column, is_missing

LEVEL = 0.99
MISSING, UNKNOWN = -1, -2


@dataclass(frozen=True, slots=True)
class LabelReference:
    """Classes with their counts, or of a regression the labels' mean and standard deviation, in the label's unit."""

    counts: Mapping[str, int]
    """Empty for a regression."""
    center: float = 0.0
    scale: float = 1.0
    measured: bool = True
    """Whether all this was seen in the baseline; else the classes are only named, and there is no balance to keep."""

    @classmethod
    def of(cls, layout: OutcomeLayout, cells: Cells) -> "LabelReference":
        """From the baseline's outcomes, int64[layout.size]; classes without any label are not known ones."""
        if layout.task == "regression":
            return cls({}, layout.center, layout.scale)
        by_label = layout.part(cells, "confusion").sum(1).tolist()
        return cls({name: count for name, count in zip(layout.classes, by_label, strict=False) if count})

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the known classes."""
        return tuple(self.counts)

    def codes(self, label: Column) -> NDArray[np.int64]:
        """The place of each row's class, int64[n]; MISSING and UNKNOWN are below 0."""
        places = {name: place for place, name in enumerate(self.classes)}
        names = {value: _place(value, self.classes, places) for value in set(label) if not is_missing(value)}
        return np.array([MISSING if is_missing(value) else names[value] for value in label], np.int64)


def change_of_share(now: int, n: int, then: int, m: int) -> tuple[Estimate, float]:
    """A class' share of n labels over its share of m, and by which factor it surely changed, up or down: 1 or more.

    Surely is at a level of 99 %, with the noise of both sizes (stats/performance/interval.py). `then` is above 0.
    """
    after, before = share(now, n, level=LEVEL, min_count=1), share(then, m, level=LEVEL, min_count=1)
    found = None if isinstance(after, TooFew) or isinstance(before, TooFew) else ratio(after, before)
    if found is None:
        raise ValueError(f"{now} of {n} labels against {then} of {m}: give labels, and a class that the reference has")
    return found, max(found.low, 1 / found.high if found.high > 0 else inf, 1.0)


def _place(value: Any, classes: tuple[str, ...], places: Mapping[str, int]) -> int:
    name = str(value).lower() if isinstance(value, bool | np.bool_) else class_name(value)
    return places.get(synonyms((name,), classes)[0], UNKNOWN)
