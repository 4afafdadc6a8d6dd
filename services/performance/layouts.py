"""What a version's outcomes are counted by, and what they are compared with: from what was applied."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.cells import unpack
from runtime.watched import Watched
from schemas.baseline import Baseline, ColumnBaseline, OutcomeReference
from schemas.monitor import Monitor
from stats.baseline import QUANTILE_BINS
from stats.loglinear import bins_of, upper_end
from stats.performance.class_names import class_name
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import MAX_CLASSES, OTHER, OutcomeLayout

_REBUILD = "build the baseline again with `driftline baseline build`, and apply it"


def layout_of(baseline: Baseline | None, monitor: Monitor) -> OutcomeLayout | None:
    """The layout of a version's outcomes; None where nothing is known: its performance begins with its baseline.

    It is that of the baseline's labelled rows; else of the monitor's classes, of two the negative one first; else it is
    told from the baseline's predictions. Texts and few whole numbers are classes there, other numbers a regression.
    Two such classes count as many do: nothing says of which of them a score is the probability. Raises ValueError where
    labelled rows contradict themselves.
    """
    if baseline is not None and baseline.outcomes is not None:
        return _of_labelled(baseline.outcomes)
    classes = _distinct(monitor.classes or ())
    if len(classes) >= 2:
        return OutcomeLayout("binary" if len(classes) == 2 else "multiclass", classes)
    columns = baseline.columns if baseline is not None else ()
    predicted = next((column for column in columns if column.role == "prediction"), None)
    return _of_predictions(predicted, learned=baseline.origin == "learned") if baseline and predicted else None


def reference_cells(baseline: Baseline | None, layout: OutcomeLayout) -> Cells | None:
    """The baseline's labelled rows, int64[layout.size], read-only; None where there are none, or of another layout.

    Raises ValueError where they do not fit the layout that they name.
    """
    if baseline is None or baseline.outcomes is None or baseline.outcomes.digest != layout.digest:
        return None
    cells = unpack(baseline.outcomes.cells)
    if cells.shape != (layout.size,):
        raise ValueError(
            f"the labelled rows of {baseline.model} {baseline.version} have {cells.size} counts for {layout.size}; "
            f"{_REBUILD}"
        )
    return cells


@dataclass(frozen=True)
class Basis:
    """What one version is judged by."""

    monitor: Monitor
    baseline: Baseline | None
    layout: OutcomeLayout | None

    @cached_property
    def reference(self) -> Cells | None:
        """The labelled rows to compare with, int64[layout.size], or None."""
        return None if self.layout is None else reference_cells(self.baseline, self.layout)


class Bases:
    """Bases by model and version. `refresh` between batches, so that a batch is counted by the same ones."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._bases: dict[tuple[str, str], Basis] = {}
        self._seen = watched.generation

    def refresh(self) -> bool:
        """Forgets every basis when something was applied; returns whether it did."""
        if self._seen == self._watched.generation:
            return False
        self._seen = self._watched.generation
        self._bases.clear()
        return True

    def basis(self, model: str, version: str) -> Basis:
        """The basis of one version; the same object until something is applied."""
        basis = self._bases.get((model, version))
        if basis is None:
            monitor, baseline = self._watched.monitor(model), self._watched.baseline_for(model, version)
            basis = self._bases[model, version] = Basis(monitor, baseline, layout_of(baseline, monitor))
        return basis


def _of_labelled(outcomes: OutcomeReference) -> OutcomeLayout:
    layout = OutcomeLayout(outcomes.task, outcomes.classes, outcomes.center, outcomes.scale, outcomes.edges)
    if layout.digest != outcomes.digest:
        raise ValueError(f"the digest of labelled rows does not name their classes or edges; {_REBUILD}")
    return layout


def _of_predictions(column: ColumnBaseline, *, learned: bool) -> OutcomeLayout | None:
    if column.kind != "numeric":
        classes = _distinct((*column.categories, *column.rest))
        return OutcomeLayout("multiclass", classes) if len(classes) >= 2 else None
    values = _values(column, learned=learned)
    if values.size > QUANTILE_BINS or not np.equal(values, np.trunc(values)).all():
        return OutcomeLayout("regression", (), column.center, column.scale, column.edges)
    return OutcomeLayout("multiclass", map(class_name, values.tolist())) if values.size >= 2 else None


def _values(column: ColumnBaseline, *, learned: bool) -> Floats:
    """The values of a numeric column that has few: the edges above its first, which lies below them all.

    A learned one has the upper ends of log-linear bins, whose lower ends are the values where they are whole.
    """
    edges = np.array(column.edges[1:], np.float64)
    return np.where(edges > 0, -upper_end(-bins_of(edges)), edges) + 0.0 if learned else edges


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """At most so many names as there can be classes, each once."""
    return tuple(name for name in dict.fromkeys(names) if name != OTHER)[:MAX_CLASSES]
