"""What is watched: every column, the confidence in the score, and the volume, as rows of one count matrix."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stats.detector.confidence import confidence_groups
from stats.layout import Layout
from stats.reference import ColumnReference, Role
from stats.section import NumericSection, Section

SPECIAL: tuple[Literal["missing", "nonfinite", "unseen"], ...] = ("missing", "nonfinite", "unseen")
"""The last three cells of every row."""

Watching = Role | Literal["model"]


class WatchedColumns:
    """The rows of a layout: its columns in order, then confidence where there is a score of two classes, then volume.

    Every row but volume has K cells: ordered bins or categories and the rest, zero cells up to the widest row,
    then missing, non-finite and unseen. A cell that a row does not have is always 0.
    """

    def __init__(self, layout: Layout) -> None:
        pairs = tuple(zip(layout.columns, layout.sections, strict=True))
        ordinary = [_ordinary(section) for section in layout.sections]
        width = max((1, *map(len, ordinary)))
        scored = next((i for i, column in enumerate(layout.columns) if _has_confidence(column, layout.columns)), None)
        self.names: tuple[tuple[Watching, str], ...] = (
            *((column.role, column.name) for column in layout.columns),
            *((("score", "confidence"),) if scored is not None else ()),
            ("model", "volume"),
        )
        self._cells = np.array(
            [
                [*cells, *[layout.size] * (width - len(cells)), *_special(section, layout.size)]
                for cells, section in zip(ordinary, layout.sections, strict=True)
            ],
            np.intp,
        ).reshape(-1, width + len(SPECIAL))
        live = self._cells < layout.size
        for row, (column, section) in zip(live, pairs, strict=True):
            if not isinstance(section, NumericSection):
                row[section.width] = bool(column.rest) or column.open_ended
                row[-1] = column.kind == "categorical" and not column.open_ended
        self._score, self._order, self._starts = scored, np.empty(0, np.intp), np.empty(0, np.intp)
        if scored is not None:
            bins = np.array(ordinary[scored], np.intp)
            edges = np.array(layout.columns[scored].edges)
            order, self._starts = confidence_groups(edges, layout.reference_cells[bins])
            self._order = bins[order]
            groups = np.arange(width) < self._starts.size
            live = np.vstack((live, np.concatenate((groups, live[scored, width:]))))
        self.live: NDArray[np.bool_] = live
        """Which cells a row has, [rows, K]."""
        self.ordered: NDArray[np.bool_] = np.array(
            [column.kind == "numeric" for column in layout.columns] + [True] * (scored is not None), bool
        )
        """Whether a row's bins have an order, [rows]."""
        self.reference: NDArray[np.int64] = self.counts(layout.reference_cells)
        """The reference's own counts, [rows, K]; of values it does not have, as many as occur in it once."""
        once = np.array([column.seen_once for column in layout.columns], np.int64)
        self.reference[: once.size, -1] += once * live[: once.size, -1]

    def counts(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Counts of a vector int64[layout.size], int64[rows, K]: every row but volume, the last."""
        counts: NDArray[np.int64] = np.append(cells, 0)[self._cells]
        if self._score is None:
            return counts
        confidence = np.zeros(counts.shape[1], np.int64)
        confidence[: self._starts.size] = np.add.reduceat(cells[self._order], self._starts)
        confidence[-len(SPECIAL) :] = counts[self._score, -len(SPECIAL) :]
        return np.vstack((counts, confidence))


def _ordinary(section: Section) -> range:
    if isinstance(section, NumericSection):
        return range(section.bins.start, section.bins.stop)
    return range(section.categories.start, section.rest + 1)


def _special(section: Section, absent: int) -> list[int]:
    return [getattr(section, name, absent) for name in SPECIAL]


def _has_confidence(column: ColumnReference, columns: Sequence[ColumnReference]) -> bool:
    """A score of more than two classes is itself the confidence."""
    classes = [len(c.categories) + len(c.rest) for c in columns if c.role == "prediction" and c.kind != "numeric"]
    return column.role == "score" and column.kind == "numeric" and bool(column.edges) and max(classes, default=2) <= 2
