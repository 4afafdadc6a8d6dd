"""Events to counts: columns of values in, one flat integer vector a group out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats import latency
from stats.grid import Grid
from stats.layout import (
    LATENCY_CELLS,
    SCORE_BINS,
    SCORE_CELLS,
    STATUS,
    STATUS_CELLS,
    Layout,
    N,
    fixed_point,
)
from stats.reference import ColumnReference
from stats.section import NumericSection

_CHUNK = 1 << 14
"""Rows folded at a time: the columns of a chunk stay in the cache."""

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

    def rows(self, start: int, stop: int) -> "Columns":
        """A view of the events [start, stop)."""
        cut = slice(start, stop)
        return Columns(self.values[:, cut], self.codes[:, cut], self.status[cut], self.latency_ms[cut], self.score[cut])


def fold(
    layout: Layout,
    columns: Columns,
    group: NDArray[np.int64],
    groups: int,
    event: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Folds events into the vectors of the groups they belong to, int64[groups, layout.size].

    `group` int64[m] names the group of each membership and `event` int64[m] its event; without `event` each
    event belongs to one group, and m = n. Values are looked up once an event, then counted once a membership.
    The result is the exact sum of the results of any split of the memberships. Raises ValueError for a group,
    event or code out of range.
    """
    n = columns.status.size
    _check(layout, columns, group, groups, event)
    cells = np.zeros(groups * layout.size + 1, np.int64)  # one to spare: see _fold_numeric
    base = np.asarray(group, dtype=np.intp) * layout.size
    if event is None:
        for start in range(0, n, _CHUNK):
            stop = start + _CHUNK
            _fold_into(_Target(cells, groups, base[start:stop], None), layout, columns.rows(start, stop))
    else:
        _fold_into(_Target(cells, groups, base, event), layout, columns)
    return cells[:-1].reshape(groups, layout.size)


def codes_of(column: ColumnReference, values: Iterable[str | None]) -> NDArray[np.int32]:
    """Codes of texts, int32[n], for `Columns.codes`; None is missing. Booleans are texts, false and true."""
    codes, unlisted, missing = column.codes, column.unlisted, column.missing
    return np.fromiter((missing if value is None else codes.get(value, unlisted) for value in values), np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """The groups' vectors end to end, and where in them each membership's vector begins."""

    cells: NDArray[np.int64]
    groups: int
    base: NDArray[np.intp]
    """[m]"""
    event: NDArray[np.int64] | None
    """[m]: whose membership it is; None: one each, in order."""

    def add(self, cell: NDArray[np.intp], amount: NDArray[np.int64] | int = 1) -> None:
        """Adds each event's amount to its cell, intp[n], of every vector it belongs to."""
        if self.event is not None:
            cell = cell.take(self.event)
            amount = amount if isinstance(amount, int) else amount.take(self.event)
        np.add.at(self.cells, self.base + cell, amount)

    def add_to_one(self, cell: int, amount: NDArray[np.int64]) -> None:
        """Adds each event's amount to one and the same cell of every vector it belongs to."""
        amount = amount if self.event is None else amount.take(self.event)
        if self.groups == 1:
            self.cells[cell] += amount.sum()
        else:
            np.add.at(self.cells, self.base + cell, amount)


def _fold_into(target: _Target, layout: Layout, columns: Columns) -> None:
    target.add_to_one(N, np.ones(columns.status.size, np.int64))
    target.add(_STATUS_OF_HUNDREDS.take(columns.status // 100, mode="clip") + STATUS_CELLS.start)
    target.add(latency.cells_of(columns.latency_ms) + LATENCY_CELLS.start)
    target.add(_score_cells(columns.score) + SCORE_CELLS.start)
    for row, i in enumerate(layout.coded):
        target.add(columns.codes[row] + np.intp(layout.sections[i].counts.start))
    for row, i in enumerate(layout.numeric):
        section = layout.sections[i]
        assert isinstance(section, NumericSection)  # noqa: S101  a numeric column has a numeric section
        _fold_numeric(target, section, layout.columns[i], layout.grids[row], columns.values[row])


def _fold_numeric(
    target: _Target, section: NumericSection, column: ColumnReference, grid: Grid, values: NDArray[np.float64]
) -> None:
    bins = grid.bins_of(values)
    z, square = fixed_point(values, column.center, column.scale)
    bins += section.start
    target.add(bins)
    bins += section.sums.start - section.start  # beyond the sums where there is no finite value: adds 0 there
    target.add(bins, z)
    target.add_to_one(section.squares, square)


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
