"""Made-up months of hourly panes: normal columns whose level moves, folded into the bins of a reference."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from stats.detector.detector import Detector, Finding, History, Rule
from stats.detector.multiwindow import MultiWindow
from stats.detector.season import Season, learn
from stats.layout import SCORE_CELLS, Layout, N
from stats.reference import ColumnReference, Kind, Reference, Role

HOUR_MS = 3_600_000
START_MS = 2_811 * 168 * HOUR_MS
"""The first hour of a week."""
HOURS = 720
EDGES = np.concatenate(([-5.0], ndtri([0.001, *np.arange(1, 20) / 20, 0.999]), [5.0]))
BINS = EDGES.size + 1

Counts = np.ndarray
Pane = tuple[int, np.ndarray]


def numeric(
    name: str, counts: Sequence[int], role: Role = "feature", edges: Sequence[float] = EDGES
) -> ColumnReference:
    """A column of so many values in each bin; then, if given, missing and non-finite."""
    cells = np.zeros(2 * (len(edges) + 1) + 3, int)
    cells[: len(counts)] = counts
    return ColumnReference(name, role, "numeric", edges=tuple(edges), cells=tuple(cells.tolist()))


def coded(
    name: str, counts: Sequence[int], role: Role = "feature", kind: Kind = "categorical", **options: object
) -> ColumnReference:
    """A column of so many values of each category; then, if given, rest, unseen and missing."""
    width = 2 if kind == "boolean" else int(str(options.pop("width", len(counts))))
    names = ("false", "true") if kind == "boolean" else tuple(f"c{k}" for k in range(width))
    cells = np.zeros(width + 3, int)
    cells[: len(counts)] = counts
    return ColumnReference(name, role, kind, categories=names, cells=tuple(cells.tolist()), **options)


def layout_of(*columns: ColumnReference) -> Layout:
    return Layout(Reference(columns))


def cells_of(layout: Layout, rows: Iterable[Sequence[int]]) -> np.ndarray:
    """The vector of a pane with these counts in each column."""
    vector = layout.zeros()
    for section, row in zip(layout.sections, rows, strict=True):
        vector[section.start : section.start + len(row)] = row
        vector[N] = sum(row)
    vector[SCORE_CELLS.stop - 1] = vector[N]
    return vector


def panes_of(layout: Layout, counts: Counts, start_ms: int = START_MS, pane_ms: int = HOUR_MS) -> list[Pane]:
    """Panes of counts [T, columns, cells], one after the other."""
    return [(start_ms + i * pane_ms, cells_of(layout, rows)) for i, rows in enumerate(counts)]


def normal_counts(rng: np.random.Generator, n: int, level: np.ndarray, repeats: int = 1) -> Counts:
    """Counts of n values at levels [T, columns] in σ, each value so often: [T, columns, BINS]."""
    edges = np.concatenate(([-np.inf], EDGES, [np.inf]))
    return rng.multinomial(n // repeats, np.diff(ndtr(edges - level[..., None]), axis=-1)) * repeats


def normal_layout(counts: Counts) -> Layout:
    """The reference that is the sum of panes [T, columns, BINS]."""
    return layout_of(*(numeric(f"x{i}", row) for i, row in enumerate(counts.sum(0))))


def run(detector: Detector | MultiWindow, panes: Sequence[Pane]) -> list[tuple[int, Finding]]:
    """What was found, with the number of the pane it was found in."""
    state, found = detector.start(), []
    for i, (start_ms, cells) in enumerate(panes):
        state, _, findings = detector.step(state, start_ms, cells, history_of(panes[: i + 1]))
        found += [(i, finding) for finding in findings]
    return found


def history_of(panes: Sequence[Pane]) -> History:
    return lambda since_ms: [pane for pane in panes if pane[0] >= since_ms]


def no_history(_since_ms: int) -> list[Pane]:
    raise AssertionError("history was asked for though no row is beyond its bound")


def independent(_rng: np.random.Generator, columns: int) -> np.ndarray:
    return np.zeros((HOURS, columns))


def seasonal(_rng: np.random.Generator, columns: int) -> np.ndarray:
    """A daily wave and a weekend level on a third of the columns."""
    hour = np.arange(HOURS)
    level = np.zeros((HOURS, columns))
    level[:, : columns // 3] = (0.2 * np.sin(2 * np.pi * hour / 24) + 0.25 * (hour % 168 >= 120))[:, None]
    return level


def wandering(deviation: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Levels that follow an AR(1) of coefficient 0.8."""

    def levels(rng: np.random.Generator, columns: int) -> np.ndarray:
        noise = rng.normal(size=(HOURS + 50, columns)) * deviation * 0.6
        level = np.zeros_like(noise)
        for t in range(1, len(level)):
            level[t] = 0.8 * level[t - 1] + noise[t]
        return level[50:]

    return levels


def seasoned(reference: Counts) -> tuple[Layout, Season]:
    """A reference and the season of its own panes."""
    layout = normal_layout(reference)
    return layout, learn(layout, panes_of(layout, reference), HOUR_MS)


def detector_of(reference: Counts, rule: Rule | None = None) -> tuple[Layout, Detector]:
    layout, season = seasoned(reference)
    return layout, Detector(layout, season, rule or Rule())
