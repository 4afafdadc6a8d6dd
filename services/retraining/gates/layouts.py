"""What a run's answers and labels mean: its task and classes, which training, gates and the new baseline share."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from runtime.training.protocol import Kind, Task
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from services.retraining.snapshot.classes import classes_of
from services.retraining.snapshot.split import column, features_of
from stats.baseline import build_column
from stats.performance.class_names import Places, class_codes, class_names
from stats.performance.class_ranks import positive_last, ranked_classes
from stats.performance.exact_sum import Floats
from stats.performance.layout import OutcomeLayout

Said = Floats | Sequence[str | None]
"""[n] labels or predictions: numbers, or texts."""
_KINDS: Final[dict[str, Kind]] = {"double": "numeric", "string": "categorical", "bool": "boolean"}
"""Of a feature, by its column's Arrow type."""


def layout_of(baseline: Baseline | None, monitor: Monitor, rows: pa.Table) -> OutcomeLayout:
    """The layout of outcomes: the baseline's, else of the monitor's classes, else what labels and answers tell.

    Raises ValueError for labels of fewer than two classes that nobody named.
    """
    if baseline is not None and (known := baseline.outcomes) is not None:
        return OutcomeLayout(known.task, known.classes, known.center, known.scale, known.edges)
    if is_regression(rows):
        label, said = (
            build_column(name, "prediction", "numeric", column(rows, name)) for name in ("label", "prediction")
        )
        return OutcomeLayout("regression", (), label.center, label.scale, said.edges)
    classes = classes_of(monitor, None) or _told(rows)
    return OutcomeLayout("binary" if len(classes) == 2 else "multiclass", classes)


def is_regression(rows: pa.Table) -> bool:
    """Whether labels are numbers."""
    return bool(pa.types.is_floating(rows.schema.field("label").type))


def task_of(layout: OutcomeLayout, rows: pa.Table) -> Task:
    """What a trainer is asked for."""
    features = features_of(rows).schema
    return Task(layout.task, layout.classes, {field.name: _KINDS[str(field.type)] for field in features})


def codes_of(layout: OutcomeLayout, said: Said) -> Places:
    """Numbers of the classes that n texts or numbers name; what is none of them is OTHER's."""
    return class_codes(layout, *_named(said))


def _told(rows: pa.Table) -> Sequence[str]:
    """The classes of labels and answers, of two the one that scores higher last."""
    labels, answers = (_named(column(rows, name)) for name in ("label", "prediction"))
    counted = (Counter(np.array(names, object)[places[places >= 0]].tolist()) for names, places in (labels, answers))
    classes = ranked_classes(*counted)
    if len(classes) != 2:
        return classes
    return positive_last(classes, class_codes(OutcomeLayout("binary", classes), *labels), column(rows, "score"))


def _named(said: Said) -> tuple[tuple[str, ...], Places]:
    if isinstance(said, np.ndarray):
        return class_names(said, [None] * len(said))
    return class_names(np.full(len(said), np.nan), said)
