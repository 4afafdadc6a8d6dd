"""The flat int64 vector a stretch of events becomes: merging is `a + b`, taking away is `a - b`, exactly.

    n | status | latency | score | column 0 | column 1 | ...

The fixed section is the same for every model. The columns' sections follow the reference, and its digest
names them.

Sums are kept in fixed point so that they merge exactly in any order: z = (x - center) / scale, cut to ±1024,
is rounded to units of 2^-20, and z² to units of 2^-16. A sum cannot overflow before 2^33 values, all of them
at the cut; a sum of squares not before 2^27 values at the cut, or 2^47 of common size (z² about 1).
"""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stats import latency
from stats.grid import Grid, grid
from stats.padded import Padded, padded
from stats.reference import ColumnReference, Reference, Role
from stats.section import CodedSection, NumericSection, Section

Z_LIMIT = 1024.0
SUM_UNITS = 2.0**20
SQUARE_UNITS = 2.0**16

STATUS = ("2xx", "3xx", "4xx", "5xx", "none")
SCORE_BINS = 100
"""Equal-width bins on [0, 1]; the cell after them counts events without a score."""

N = 0
STATUS_CELLS = slice(1, 1 + len(STATUS))
LATENCY_CELLS = slice(STATUS_CELLS.stop, STATUS_CELLS.stop + latency.CELLS)
SCORE_CELLS = slice(LATENCY_CELLS.stop, LATENCY_CELLS.stop + SCORE_BINS + 1)
FIXED_CELLS = slice(0, SCORE_CELLS.stop)


class Layout:
    """Where everything lies in the vector of one reference, or, without one, in the fixed section alone."""

    def __init__(self, reference: Reference | None) -> None:
        self.columns: tuple[ColumnReference, ...] = reference.columns if reference else ()
        self.digest = reference.digest if reference else ""
        self.sections = tuple(_sections(self.columns))
        """Aligned with `columns`."""
        self.size: int = self.sections[-1].stop if self.sections else FIXED_CELLS.stop
        self.numeric = tuple(i for i, column in enumerate(self.columns) if column.kind == "numeric")
        """Numbers of the numeric columns, in order: the rows of `Columns.values`."""
        self.coded = tuple(i for i, column in enumerate(self.columns) if column.kind != "numeric")
        """Numbers of the categorical and boolean columns, in order: the rows of `Columns.codes`."""

    def column(self, name: str, role: Role = "feature") -> Section:
        """The section of a column; KeyError when the reference has none of this name and role."""
        for column, section in zip(self.columns, self.sections, strict=True):
            if (column.name, column.role) == (name, role):
                return section
        raise KeyError(f"the reference has no {role} {name!r}")

    def zeros(self) -> NDArray[np.int64]:
        """The vector of no events, int64[size]."""
        return np.zeros(self.size, np.int64)

    @cached_property
    def reference_cells(self) -> NDArray[np.int64]:
        """The reference itself as a vector, int64[size]; its fixed section is zero."""
        vector = self.zeros()
        for column, section in zip(self.columns, self.sections, strict=True):
            if len(column.cells) != section.stop - section.start:
                raise ValueError(
                    f"column {column.name!r}: {len(column.cells)} cells where edges and categories ask "
                    f"for {section.stop - section.start}; build it again: `driftline baseline build`"
                )
            vector[section.start : section.stop] = column.cells
        vector.flags.writeable = False
        return vector

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """Bin look-up of each numeric column, in order."""
        return tuple(grid(np.array(self.columns[i].edges, dtype=np.float64)) for i in self.numeric)

    @cached_property
    def padded(self) -> Padded:
        """All columns as rows of matrices, for scores."""
        return padded(self.sections, self.size)

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Every column's edges in the unit of the sums, [columns, B-1], zeros behind them."""
        edges = np.zeros((len(self.columns), self.padded.bins.shape[1] - 1))
        for row, column in zip(edges, self.columns, strict=True):
            row[: len(column.edges)] = fixed_point(np.array(column.edges), column.center, column.scale)[0]
        return edges


def fixed_point(
    values: NDArray[np.float64], center: float, scale: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Z and z² in their units, float64[n] to int64[n] each; 0 for what is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = values - center
        z *= 1 / scale
        np.clip(z, -Z_LIMIT, Z_LIMIT, out=z)
        square = z * z
        square *= SQUARE_UNITS
        np.rint(square, out=square)
        z *= SUM_UNITS
        np.rint(z, out=z)
    absent = ~np.isfinite(values)
    if absent.any():
        z[absent] = square[absent] = 0.0
    return z.astype(np.int64), square.astype(np.int64)


def _sections(columns: Iterable[ColumnReference]) -> Iterable[Section]:
    stop = FIXED_CELLS.stop
    for column in columns:
        section: Section = (
            NumericSection(stop, len(column.edges) + 1)
            if column.kind == "numeric"
            else CodedSection(stop, len(column.categories))
        )
        yield section
        stop = section.stop
