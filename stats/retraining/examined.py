"""A snapshot folded against its baseline once, for all rules."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.layout import Layout
from stats.performance.exact_sum import Cells
from stats.reference import ColumnReference, Reference
from stats.retraining.data_bounds import DataBounds
from stats.retraining.labels import LabelReference
from stats.retraining.snapshot import Found, Snapshot, folded, kind_of


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What the rules look at."""

    snapshot: Snapshot
    features: tuple[ColumnReference, ...]
    """All of the baseline's."""
    kinds: dict[str, Found]
    """Of the snapshot's columns."""
    layout: Layout
    """Of the features that are there, and of their kind."""
    cells: Cells
    """The snapshot, int64[layout.size]."""
    labels: LabelReference
    label_codes: NDArray[np.int64]
    """[n]: as `LabelReference.codes`; empty for a regression."""
    now_ms: int
    bounds: DataBounds


def fits(feature: ColumnReference, found: Found | None) -> bool:
    """Whether a column can be folded as the feature; one without any value can."""
    return found in {feature.kind, "empty"}


def examined(
    snapshot: Snapshot, reference: Reference, labels: LabelReference, *, now_ms: int, bounds: DataBounds
) -> Examined:
    """Folds what fits the schema."""
    features = tuple(column for column in reference.columns if column.role == "feature")
    kinds = {name: kind_of(column) for name, column in snapshot.features.items()}
    layout = Layout(Reference(tuple(feature for feature in features if fits(feature, kinds.get(feature.name)))))
    cells = folded(layout, snapshot)
    codes = labels.codes(snapshot.label) if labels.counts else np.zeros(0, np.int64)
    return Examined(snapshot, features, kinds, layout, cells, labels, codes, now_ms, bounds)
