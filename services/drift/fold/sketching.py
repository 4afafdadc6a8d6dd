"""Columns of a version without a baseline, as counts that need no edges."""

import numpy as np
from numpy.typing import NDArray

from runtime.decode.decoded import Discovered, Group
from schemas.profile import Sketch
from stats.loglinear import ColumnSketch, sketch_coded, sketch_numeric


def _of_column(column: Discovered, events: NDArray[np.int64]) -> ColumnSketch:
    if column.values is not None:
        return sketch_numeric(column.values[events])
    assert column.codes is not None  # noqa: S101  a discovered column has values or codes
    names = (*column.names, None)  # a code of -1, missing, names the last
    return sketch_coded(column.kind, (names[code] for code in column.codes[events].tolist()))


def _contract(sketch: ColumnSketch) -> Sketch:
    bins = {str(number): count for number, count in sketch.bins.items()}
    return Sketch(
        bins=bins,
        values=dict(sketch.values),
        kind=sketch.kind,
        missing=sketch.missing,
        nonfinite=sketch.nonfinite,
    )


def sketches(group: Group, events: NDArray[np.int64]) -> dict[str, Sketch]:
    """Sketches of some of a group's events, by `role:name`."""
    found = {f"{c.role}:{c.name}": _contract(_of_column(c, events)) for c in group.discovered}
    score = group.score[events]
    if not np.isnan(score).all():
        found["score:score"] = _contract(sketch_numeric(score))
    return found
