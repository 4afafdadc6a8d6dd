"""Worlds a detector has to live in: hourly panes of F features over 30 days of training and 30 of production.

Raw values are drawn for whoever needs them: the peers, and our baselines. Our own production panes are drawn as counts
by cell, multinomially with the exact shares of each hour: the same distribution as folding drawn values, much faster.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from peers.marginals import MARGINALS, VALUES, Floats, Marginal
from scipy.signal import lfilter
from scipy.special import ndtr

from stats.baseline import coded_reference, edges_of
from stats.layout import Layout, N
from stats.reference import ColumnReference, Reference

HOURS = 720
WEEK = 168
START_HOUR = 2_900 * WEEK
"""The first hour of training since 1970; production follows it."""
ONSET = 384
"""The hour of production from which some features are shifted."""
_PHI = 0.8


@dataclass(frozen=True, slots=True)
class World:
    """What differs from independent events of one standard normal distribution."""

    name: str
    marginal: str = "normal"
    everywhere: float = 0.0
    """A shift of every feature between training and production, in σ."""
    season: bool = False
    """Three features in ten have a day (sine of .2σ) and a weekend (.25σ)."""
    copies: int = 1
    """Each event occurs so many times."""
    wander: float = 0.0
    """Standard deviation of a random shift of each hour, an AR(1) process."""

    @property
    def distribution(self) -> Marginal:
        """The marginal itself."""
        return MARGINALS[self.marginal]

    def shifts(self, rng: np.random.Generator, features: int, *, production: bool) -> Floats:
        """Means of normal scores, [features, HOURS]."""
        mean = np.full((features, HOURS), self.everywhere if production else 0.0)
        if self.season:
            hour = np.arange(HOURS) + (HOURS if production else 0)
            mean[np.arange(features) % 10 < 3] += 0.2 * np.sin(2 * np.pi * hour / 24) + 0.25 * (hour % WEEK >= 120)
        if self.wander:
            noise = rng.normal(0, self.wander * np.sqrt(1 - _PHI**2), (features, HOURS))
            noise[:, 0] /= np.sqrt(1 - _PHI**2)
            mean += lfilter([1], [1, -_PHI], noise, axis=1)
        return mean


WORLDS = (
    World("independent"),
    World(".05σ on every feature", everywhere=0.05),
    World("day and weekend on 3 in 10", season=True),
    World("each event five times", copies=5),
    World("AR(1) hours, sd .05", wander=0.05),
    World("AR(1) hours, sd .1", wander=0.1),
    *(World(f"{name} features", marginal=name) for name in MARGINALS if name != "normal"),
)


def shifted(features: int) -> list[int]:
    """The features that drift, where there is drift: one in seventeen; a third of them has a season."""
    return list(range(2, features, 17))


def values(world: World, rng: np.random.Generator, mean: Floats, n: int) -> Floats:
    """Raw values of one feature, [hours · n], n an hour, from its hours' means [hours]."""
    z = mean[:, np.newaxis] + rng.normal(size=(mean.size, n // world.copies))
    return np.repeat(world.distribution.of_normal(z), world.copies, axis=1).ravel()


def training(world: World, rng: np.random.Generator, features: int, n: int) -> tuple[Layout, NDArray[np.int64]]:
    """A baseline of 30 days, and its panes int64[HOURS, size]."""
    columns, counts = [], []
    for i, mean in enumerate(world.shifts(rng, features, production=False)):
        drawn = values(world, rng, mean, n)
        column = _reference(f"x{i}", world.distribution, drawn)
        cells = _cells_of(column, drawn).reshape(HOURS, n)
        by_hour = np.stack([np.bincount(row, minlength=_width(column)) for row in cells])
        columns.append(_with_cells(column, by_hour.sum(0)))
        counts.append(by_hour)
    layout = Layout(Reference(tuple(columns)))
    return layout, _vectors(layout, counts, n)


def production(world: World, rng: np.random.Generator, layout: Layout, n: int, drift: float = 0.0) -> NDArray[np.int64]:
    """Panes of 30 days, int64[HOURS, size]; with `drift` (in σ) on the shifted features from ONSET on."""
    mean = world.shifts(rng, len(layout.columns), production=True)
    mean[shifted(len(mean)), ONSET:] += drift
    counts = [
        rng.multinomial(n // world.copies, _shares(column, world.distribution, row)) * world.copies
        for column, row in zip(layout.columns, mean, strict=True)
    ]
    return _vectors(layout, counts, n)


def start_ms(hour: int) -> int:
    """The start of a pane: hours 0…719 are training, 720…1439 production."""
    return (START_HOUR + hour) * 3_600_000


def _reference(name: str, marginal: Marginal, drawn: Floats) -> ColumnReference:
    rising = np.sort(drawn)  # np.unique with counts takes seven times as long
    first = np.flatnonzero(np.concatenate(([True], rising[1:] != rising[:-1])))
    distinct, counts = rising[first], np.diff(np.append(first, rising.size))
    if marginal.kind == "numeric":
        edges = edges_of(distinct, counts, float(np.nextafter(distinct[0], -np.inf)))
        return ColumnReference(name, "feature", "numeric", edges=edges)
    named = Counter({str(int(value)): int(count) for value, count in zip(distinct, counts, strict=True)})
    return coded_reference(name, "feature", "categorical", named)


def _cells_of(column: ColumnReference, drawn: Floats) -> NDArray[np.intp]:
    if column.kind == "numeric":
        return np.searchsorted(column.edges, drawn)
    return _codes(column)[drawn.astype(np.intp)]


def _codes(column: ColumnReference) -> NDArray[np.intp]:
    """The cell of each category."""
    listed = column.codes
    return np.array([listed.get(str(value), column.unlisted) for value in range(VALUES)], np.intp)


def _width(column: ColumnReference) -> int:
    """How many count cells the column's section has."""
    return len(column.edges) + 3 if column.kind == "numeric" else len(column.categories) + 3


def _with_cells(column: ColumnReference, counts: NDArray[np.int64]) -> ColumnReference:
    sums = (0,) * (len(column.edges) + 2) if column.kind == "numeric" else ()
    return replace(column, cells=(*counts.tolist(), *sums))


def _shares(column: ColumnReference, marginal: Marginal, mean: Floats) -> Floats:
    """Probability of each count cell in each hour, [hours, cells]."""
    points = np.array(column.edges) if column.kind == "numeric" else np.arange(VALUES - 1, dtype=np.float64)
    distinct, hour = np.unique(mean, return_inverse=True)
    below = ndtr(marginal.cuts(points) - distinct[:, np.newaxis])
    edge = np.zeros((distinct.size, 1))
    share = np.diff(np.concatenate((edge, below, edge + 1), 1), axis=1)
    cell = np.arange(share.shape[1]) if column.kind == "numeric" else _codes(column)
    by_cell = np.zeros((distinct.size, _width(column)))
    np.add.at(by_cell.T, cell, share.T)
    return np.asarray((by_cell / by_cell.sum(1, keepdims=True))[hour])


def _vectors(layout: Layout, counts: list[NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    vectors = np.zeros((HOURS, layout.size), np.int64)
    vectors[:, N] = n
    for section, by_hour in zip(layout.sections, counts, strict=True):
        vectors[:, section.counts] = by_hour
    return vectors


def panes(vectors: NDArray[np.int64], first_hour: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(start_ms, cells) of each pane."""
    return ((start_ms(first_hour + i), cells) for i, cells in enumerate(vectors))
