"""A finding as people read it: both sides in the column's own units, and a small histogram."""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.window import Finding, Side
from stats import scores
from stats.detector.finding import Finding as Found
from stats.detector.watched import SPECIAL, WatchedColumns
from stats.jeffreys import Floats
from stats.layout import SUM_UNITS, Layout
from stats.reference import ColumnReference
from stats.scores import ColumnScore
from stats.section import NumericSection

GROUPS = 9
"""Cells of a small histogram beside the special ones."""
_SPECIAL_NAMES = {"missing": "missing", "nonfinite": "infinite", "unseen": "unseen"}
_NO_MORE = 0.0005
"""Shares of special cells below this on both sides are not shown."""


def finding_of(layout: Layout, watched: WatchedColumns, found: Found, panes: float) -> Finding:
    """The message of a finding; `panes` have passed since the onset."""
    role, name = watched.names[found.place]
    if role == "model":
        labels: list[str] = []
        effect = found.n / float(found.expected[0]) - 1
        reference, now = Side(mean=float(found.expected[0]) / panes), Side(mean=found.n / panes)
    else:
        labels, before, after = _histogram(layout, watched, found)
        reference, now = _sides(layout, found, before, after)
        effect = found.effect
        if found.what in SPECIAL:
            effect = _share_of(found.what, watched, found)
    return Finding(
        column=f"{role}/{name}",
        what=found.what,
        severity=found.severity,
        log_e=round(found.log_e, 4),
        onset_ms=found.onset_ms,
        n=found.n,
        effect=round(effect, 6),
        cells=tuple(labels),
        reference=reference,
        now=now,
    )


def _share_of(special: str, watched: WatchedColumns, found: Found) -> float:
    """How the share of a special cell has changed."""
    cell = list[str](SPECIAL).index(special) - len(SPECIAL)
    counts = watched.counts(found.cells)[found.place]
    return float(counts[cell] / max(counts.sum(), 1) - found.expected[cell])


def _sides(layout: Layout, found: Found, before: Sequence[float], after: Sequence[float]) -> tuple[Side, Side]:
    if found.place >= len(layout.columns):  # confidence: shares of the score's bins, no values of its own
        return Side(shares=tuple(before)), Side(shares=tuple(after))
    was = scores.score(layout, layout.reference_cells, layout.reference_cells)[found.place]
    now = scores.score(layout, layout.reference_cells, found.cells)[found.place]
    mean = _expected_mean(layout, found.place, found.expected)
    return (
        _side(
            was, before, mean if mean is not None else was.mean, _share(layout, found.place, was.mode, found.expected)
        ),
        _side(now, after, now.mean, _share(layout, found.place, now.mode, _shares(layout, found))),
    )


def _shares(layout: Layout, found: Found) -> Floats:
    section = layout.sections[found.place]
    counts = found.cells[section.counts]
    return np.asarray(counts / max(int(counts.sum()), 1))


def _share(layout: Layout, place: int, mode: str | None, shares: Floats) -> float | None:
    """Of the most frequent category, whose cell is the one of its place in the column's list."""
    categories = layout.columns[place].categories
    return round(float(shares[categories.index(mode)]), 6) if mode in categories else None


def _side(score: ColumnScore, shares: Sequence[float], mean: float | None, mode_rate: float | None) -> Side:
    return Side(
        mean=mean,
        std=score.std,
        mode=score.mode,
        mode_rate=mode_rate,
        missing_rate=score.missing_rate,
        unseen_rate=score.unseen_rate,
        nonfinite_rate=score.nonfinite_rate,
        shares=tuple(shares),
    )


def _expected_mean(layout: Layout, place: int, expected: Floats) -> float | None:
    """The mean that goes with expected shares: each bin at the mean the reference has in it."""
    column, section = layout.columns[place], layout.sections[place]
    if not isinstance(section, NumericSection):
        return None
    counts, sums = layout.reference_cells[section.bins], layout.reference_cells[section.sums]
    filled = counts > 0
    share = np.where(filled, expected[: section.width], 0.0)
    if not share.sum():
        return None
    z = np.divide(sums, counts, out=np.zeros(section.width), where=filled) / SUM_UNITS
    return float(column.center + column.scale * (share @ z) / share.sum())


def _histogram(layout: Layout, watched: WatchedColumns, found: Found) -> tuple[list[str], list[float], list[float]]:
    """Labels, expected shares and present shares of at most a dozen cells."""
    counts = watched.counts(found.cells)[found.place].astype(np.float64)
    now = counts / max(counts.sum(), 1.0)
    ordinary = np.flatnonzero(watched.live[found.place][: -len(SPECIAL)])
    column = layout.columns[found.place] if found.place < len(layout.columns) else None
    groups = (
        _ordered(found.expected[ordinary]) if watched.ordered[found.place] else _leading(found.expected, now, ordinary)
    )
    labels, before, after = [], [], []
    for group in groups:
        labels.append(_label(column, ordinary[group], ordinary.size))
        before.append(float(found.expected[ordinary[group]].sum()))
        after.append(float(now[ordinary[group]].sum()))
    for cell, name in enumerate(SPECIAL, start=-len(SPECIAL)):
        if max(found.expected[cell], now[cell]) >= _NO_MORE:
            labels.append(_SPECIAL_NAMES[name])
            before.append(float(found.expected[cell]))
            after.append(float(now[cell]))
    return labels, [round(share, 6) for share in before], [round(share, 6) for share in after]


def _ordered(expected: Floats) -> list[NDArray[np.intp]]:
    """Neighbouring bins together, so that groups hold about equal expected shares."""
    mass = expected + 1e-9
    rank = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.split(np.arange(mass.size), np.flatnonzero(np.diff(np.floor(rank * GROUPS))) + 1)


def _leading(expected: Floats, now: Floats, ordinary: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The categories that are largest on either side, each alone, and the others together."""
    order = np.argsort(-np.maximum(expected[ordinary], now[ordinary]), kind="stable")
    groups = [np.array([place]) for place in order[: GROUPS - 1]]
    return groups if order.size < GROUPS else [*groups, np.sort(order[GROUPS - 1 :])]


def _label(column: ColumnReference | None, cells: NDArray[np.intp], size: int) -> str:
    first, last = int(cells[0]), int(cells[-1])
    if column is None:
        ends = {0: " (least)", size - 1: " (most)"}
        return f"{first + 1}{ends.get(first, '')}" if first == last else f"{first + 1} – {last + 1}"
    if column.kind != "numeric":
        return "others" if len(cells) > 1 or first >= len(column.categories) else column.categories[first]
    if not column.edges:
        return "any"
    if first == 0:
        return f"≤ {_number(column.edges[last])}" if last < len(column.edges) else "any"
    low = _number(column.edges[first - 1])
    return f"> {low}" if last >= len(column.edges) else f"{low} – {_number(column.edges[last])}"


def _number(value: float) -> str:
    if abs(value) < sys.float_info.min:  # the first edge is the float below the reference's least value
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
