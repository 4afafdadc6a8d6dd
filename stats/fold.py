"""Events to counts: columns of values in, one flat integer vector a group out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats import latency
from stats.grid import Grid, cell_of, compiled
from stats.layout import (
    LATENCY_CELLS,
    SCORE_BINS,
    SCORE_CELLS,
    SQUARE_UNITS,
    STATUS,
    STATUS_CELLS,
    SUM_UNITS,
    Z_LIMIT,
    Layout,
    N,
)
from stats.reference import ColumnReference, Kind, Reference

_NONE = STATUS.index("none")
_STATUS_OF_HUNDREDS = np.array([_NONE, _NONE, 0, 1, 2, 3, _NONE], np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A batch of n events, column by column, in the order of a layout."""

    values: NDArray[np.float64]
    """[numeric columns, n]: NaN is missing; infinities are counted as non-finite."""
    codes: NDArray[np.int32]
    """[categorical and boolean columns, n]: 0..C-1 categories, C rest, C+1 unseen, C+2 missing."""
    status: NDArray[np.int16]
    """[n]: HTTP status; 0 is none. (1xx, never a final answer, counts as none too.)"""
    latency_ms: NDArray[np.float64]
    """[n]: NaN is none."""
    score: NDArray[np.float64]
    """[n]: 0 to 1; NaN is none."""


def fold(
    layout: Layout,
    columns: Columns,
    group: NDArray[np.int64],
    groups: int,
    event: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Folds events into the vectors of the groups they belong to, int64[groups, layout.size].

    `group` int64[m] names the group of each membership and `event` int64[m] its event; without `event` each
    event belongs to one group, and m = n. The result is the exact sum of the results of any split of the
    memberships. Raises ValueError for a group, event or code out of range.
    """
    n = columns.status.size
    _check(layout, columns, group, groups, event)
    cells = np.zeros(groups * layout.size, np.int64)  # the compiled loops check no index: `_check` has
    base = np.asarray(group, np.int64) * layout.size
    event = np.arange(n) if event is None else np.asarray(event, np.int64)
    for start, cell in (
        (N, np.zeros(n, np.int64)),
        (STATUS_CELLS.start, _STATUS_OF_HUNDREDS.take(columns.status // 100, mode="clip")),
        (LATENCY_CELLS.start, latency.cells_of(columns.latency_ms)),
        (SCORE_CELLS.start, _score_cells(columns.score)),
    ):
        _count(cells, base + start, event, cell)
    for codes, i in zip(columns.codes, layout.coded, strict=True):
        _count(cells, base + layout.sections[i].start, event, np.ascontiguousarray(codes))
    for values, i, grid in zip(columns.values, layout.numeric, layout.grids, strict=True):
        column = layout.columns[i]
        first, factor = base + layout.sections[i].start, 1 / column.scale
        _fold_numeric(cells, first, event, np.ascontiguousarray(values), column.center, factor, grid)
    return cells.reshape(groups, layout.size)


def warm() -> None:
    """Compiles the fold ahead of the first events, or loads what an earlier process compiled."""
    kinds: tuple[Kind, ...] = ("numeric", "categorical")
    layout = Layout(Reference(tuple(ColumnReference(kind, "feature", kind) for kind in kinds)))
    nothing = np.empty(0)
    columns = Columns(np.empty((1, 0)), np.empty((1, 0), np.int32), np.empty(0, np.int16), nothing, nothing)
    fold(layout, columns, np.empty(0, np.int64), 0)


def codes_of(column: ColumnReference, values: Iterable[str | None]) -> NDArray[np.int32]:
    """Codes of texts, int32[n], for `Columns.codes`; None is missing. Booleans are texts, false and true."""
    codes, unlisted, missing = column.codes, column.unlisted, column.missing
    return np.fromiter((missing if value is None else codes.get(value, unlisted) for value in values), np.int32)


@compiled
def _count(
    cells: NDArray[np.int64], base: NDArray[np.intp], event: NDArray[np.int64], cell: NDArray[np.signedinteger]
) -> None:
    """Counts each membership in its event's cell, integer[n], of the vector that begins at `base`, intp[m]."""
    for i in range(event.size):
        cells[base[i] + cell[event[i]]] += 1


@compiled
def _fold_numeric(  # noqa: PLR0917  numba takes arguments by place at no cost
    cells: NDArray[np.int64],
    base: NDArray[np.intp],
    event: NDArray[np.int64],
    values: NDArray[np.float64],
    center: float,
    factor: float,
    grid: Grid,
) -> None:
    """Counts and sums each membership's value in the column's section, which begins at `base`.

    `Grid.bins_of` and `fixed_point` in one pass; a property test holds them together. No array is handed to a function
    on the way but for the few crowded values: numba counts references, which costs more than all the rest.
    """
    edges, pivot, table, bound, crowded = grid
    missing = edges.size + 1
    sums = missing + 2
    squares = sums + missing
    for i in range(event.size):
        first = base[i]
        x = values[event[i]]
        if not np.isfinite(x):
            cells[first + missing + (not np.isnan(x))] += 1
            continue
        place = np.int64(table[cell_of(x - pivot)])
        if place != crowded:
            place += x > bound[place]
        else:
            place = np.searchsorted(edges, x)
        place += first
        z = min(max((x - center) * factor, -Z_LIMIT), Z_LIMIT)
        cells[place] += 1
        cells[place + sums] += np.int64(np.rint(z * SUM_UNITS))
        cells[first + squares] += np.int64(np.rint(z * z * SQUARE_UNITS))


def _score_cells(score: NDArray[np.float64]) -> NDArray[np.intp]:
    bins = np.fmin(np.fmax(score * SCORE_BINS, 0), SCORE_BINS - 1)
    bins[np.isnan(score)] = SCORE_BINS
    return bins.astype(np.intp)


def _check(
    layout: Layout,
    columns: Columns,
    group: NDArray[np.int64],
    groups: int,
    event: NDArray[np.int64] | None,
) -> None:
    n = columns.status.size
    if columns.values.shape != (len(layout.numeric), n) or columns.codes.shape != (len(layout.coded), n):
        raise ValueError(
            f"values {columns.values.shape} and codes {columns.codes.shape} do not fit {len(layout.numeric)} "
            f"numeric and {len(layout.coded)} coded columns of {n} events: fold as decoded"
        )
    if group.shape != ((n,) if event is None else event.shape):
        raise ValueError(f"{group.shape} groups do not match: give one group an event, or one an entry of `event`")
    ranges: list[tuple[str, NDArray[np.integer], int]] = [("group", group, groups)]
    if event is not None:
        ranges.append(("event", event, n))
    for row, i in enumerate(layout.coded):
        ranges.append((f"code of {layout.columns[i].name!r}", columns.codes[row], layout.columns[i].missing + 1))
    for what, numbers, limit in ranges:
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < limit):
            raise ValueError(f"a {what} is outside 0..{limit - 1}: decode with the same baseline as is folded with")
