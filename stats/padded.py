"""The columns of a flat vector as rows of equally wide matrices, short rows filled up with zeros."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.section import NumericSection, Section

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Padded:
    """Positions in a vector of `size` cells after which one zero was appended: `size` is the empty cell."""

    size: int
    counts: Index
    """[columns, K]: every count of the column."""
    bins: Index
    """[columns, B], B at least 1: bins of numeric columns; nothing for others."""
    sums: Index
    """[columns, B]: their sums."""
    squares: Index
    """[columns]"""
    missing: Index
    """[columns]"""
    nonfinite: Index
    """[columns]"""
    unseen: Index
    """[columns]"""
    outside: Index
    """[columns, 2]: the bins below and above the reference's range."""

    def with_zero(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """The vector int64[size] with the empty cell after it: index the result with the positions above."""
        return np.append(cells, 0)


def padded(sections: Sequence[Section], size: int) -> Padded:
    """The positions of the given sections."""

    def matrix(rows: Iterable[Iterable[int]]) -> Index:
        lists = [list(row) for row in rows]
        width = max((1, *(len(row) for row in lists)))
        return np.array([row + [size] * (width - len(row)) for row in lists], np.intp).reshape(-1, width)

    def vector(name: str) -> Index:
        return np.array([getattr(section, name, size) for section in sections], np.intp)

    def cells(name: str) -> Index:
        return matrix(_range(getattr(section, name, slice(0, 0))) for section in sections)

    return Padded(
        size=size,
        counts=cells("counts"),
        bins=cells("bins"),
        sums=cells("sums"),
        squares=vector("squares"),
        missing=vector("missing"),
        nonfinite=vector("nonfinite"),
        unseen=vector("unseen"),
        outside=matrix(sorted(_ends(section)) for section in sections),
    )


def _range(cells: slice) -> range:
    return range(cells.start, cells.stop)


def _ends(section: Section) -> set[int]:
    """First and last bin: one and the same where a reference without values has a single bin."""
    if not isinstance(section, NumericSection):
        return set()
    return {section.bins.start, section.bins.stop - 1}
