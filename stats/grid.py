"""Exact bin look-up without binary search: a table over a log-linear grid, then one comparison.

The distance of a value to a pivot, narrowed to float32 and cut to its leading 14 bits (sign, exponent, 5
mantissa bits), names one of 16,384 grid cells. Subtraction, narrowing and cutting are monotone, so an edge in
a lower cell is surely less than the value and an edge in a higher cell surely is not: the table answers for
these, and the one edge that may share the value's cell is compared itself. Cells that several edges share,
and the cells of infinities, are marked crowded; their few values take a binary search. So the answer is
numpy's `searchsorted(edges, x, side='left')` on every float. A grid around a middle quantile follows
symmetric and skewed columns alike.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compiles at the first call and keeps the machine code on disk; floats are as strict as numpy's."""
    result: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("_Function", result)


_SHIFT = 18
_CELLS = 1 << (32 - _SHIFT)
_HALF = _CELLS // 2
# Rank of a cell in rising order of the values in it: negative numbers' bits run backwards.
_RANK = np.where(np.arange(_CELLS) < _HALF, _HALF + np.arange(_CELLS), _CELLS - 1 - np.arange(_CELLS))
_INFINITY = int(np.float32(np.inf).view(np.uint32)) >> _SHIFT


class Grid(NamedTuple):
    """Look-up tables of one column's edges; a named tuple, because compiled loops take those."""

    edges: NDArray[np.float64]
    pivot: float
    table: NDArray[np.unsignedinteger]
    """By grid cell: how many edges lie in lower cells, or `crowded`."""
    bound: NDArray[np.float64]
    """By that count: the next edge; infinity where there is none."""
    crowded: int

    @property
    def missing(self) -> int:
        """The bin number given to NaN: one past the last bin."""
        return self.edges.size + 1

    @property
    def nonfinite(self) -> int:
        """The bin number given to infinities: after missing."""
        return self.edges.size + 2

    def bins_of(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """The bin of each value, float64[n] to intp[n]: 0..B-1 finite, B missing (NaN), B+1 infinite."""
        low = self.table.take(_cells(values, self.pivot), mode="clip")
        above = values > self.bound.take(low, mode="clip")
        slow = np.flatnonzero(low == self.crowded)
        low += above.view(np.uint8)
        bins = low.astype(np.intp)
        if slow.size:
            x = values[slow]
            bins[slow] = np.where(np.isinf(x), self.nonfinite, self.edges.searchsorted(x))
        return bins


def grid(edges: NDArray[np.float64]) -> Grid:
    """Builds the tables for strictly rising, finite edges float64[B-1]."""
    pivot = float(edges[edges.size // 2]) if edges.size else 0.0
    ranks = _RANK[_cells(edges, pivot)]
    kind = np.min_scalar_type(edges.size + 3)  # its greatest value is beyond every bin number
    crowded = int(np.iinfo(kind).max)
    table = np.searchsorted(ranks, _RANK).astype(kind)
    shared = np.bincount(ranks, minlength=_CELLS) > 1
    table[shared[_RANK]] = crowded
    for infinity in (_INFINITY, _INFINITY + _HALF):
        table[infinity] = crowded
        table[infinity + 1 : infinity - infinity % _HALF + _HALF] = edges.size + 1  # the cells of NaN
    bound = np.concatenate((edges, np.full(3, np.inf)))
    return Grid(edges=edges, pivot=pivot, table=table, bound=bound, crowded=crowded)


def _cells(values: NDArray[np.float64], pivot: float) -> NDArray[np.uint32]:
    """The grid cell of each value; monotone in the value by rank."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (values - pivot).astype(np.float32).view(np.uint32) >> np.uint32(_SHIFT)


@compiled
def cell_of(distance: float) -> np.uint32:
    """The grid cell of one value at a distance to the pivot, for compiled loops."""
    cell: np.uint32 = np.float32(distance).view(np.uint32) >> np.uint32(_SHIFT)
    return cell
