"""What a baseline's labelled rows lead to expect, worked out once for each baseline in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.cells import Cells
from stats.outcome import TooFew
from stats.performance.calibration_map import Calibration, calibration_maps
from stats.performance.dle import ErrorMap, error_map
from stats.performance.layout import OutcomeLayout
from stats.performance.metrics import Performance, performance

Maps = Sequence[Calibration] | ErrorMap | TooFew


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A layout, and the labelled rows that were folded with it."""

    layout: OutcomeLayout
    cells: Cells
    performance: Performance
    maps: Maps
    """From what is predicted to what happens: calibration maps, of a regression the error map."""


def reference(layout: OutcomeLayout, cells: Cells) -> Reference:
    """The reference of labelled rows int64[size], some ten milliseconds of work."""
    maps: Maps = error_map(layout, cells) if layout.task == "regression" else calibration_maps(layout, cells)
    return Reference(layout, cells, performance(layout, cells), maps)
