"""What a pane is expected to look like: the reference's shares, tilted by hour of week.

    p0 ∝ pool · ((c + κ q) / (m + κ)) / q        c, m: the season's counts in the pane's hours; q: in all of them

c and m are effective counts: where events come in groups, a φth of the events.

κ is how many events the pooled shares are worth in an hour (stats/detector/shrinkage.py). The season only
tilts: a shift between the reference and the time the season was learned in stays visible. For a season of the
reference's own rows, pool = q and p0 = (c + κ pool)/(m + κ).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.detector.hours import WEEK_HOURS, hour_of_week
from stats.detector.shrinkage import shrinkage
from stats.jeffreys import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Expected shares of the cells and how many reference events they rest on."""

    p0: Floats
    """[rows, K]: rows add up to 1; 0 in cells a row does not have, positive in all others."""
    m: Floats
    """[rows]: effective size of the reference, at least 1."""


class Expected:
    """Expected shares by the hour of the week a pane starts in, kept once made."""

    def __init__(
        self,
        reference: NDArray[np.int64],
        live: NDArray[np.bool_],
        season: Floats | None,
        hours: int = 1,
    ) -> None:
        """`reference` int64[rows, K], `live` bool[rows, K]; panes take `hours` hours.

        `season`: effective counts by the hour of the week panes start in, [168, rows, K].
        """
        self.live = live
        self.pooled = Shares(smoothed(reference, live), np.maximum(reference.sum(-1), 1.0))
        self._season = season
        self._hours = hours
        strength = np.full(len(reference), np.inf) if season is None else shrinkage(season)
        self.seasonal: NDArray[np.intp] = np.flatnonzero(np.isfinite(strength))
        """The rows that differ by hour; all others have the pooled shares at every hour."""
        self._strength = strength[self.seasonal, np.newaxis]
        self._made: dict[int, Shares] = {}

    def at(self, hour: int) -> Shares:
        """Shares of a pane that starts in this hour of the week."""
        if self._season is None or not self.seasonal.size:
            return self.pooled
        if hour not in self._made:
            self._made[hour] = self._tilted(self._season, hour)
        return self._made[hour]

    def over(self, starts_ms: Iterable[int], n: NDArray[np.int64], rows: Sequence[int] | slice) -> Shares:
        """Mean shares over panes that start at `starts_ms` [T], weighed by their events n [T, rows].

        Hours are independent estimates of sizes m: with weights w their mean rests on 1/Σ(w²/m) events, at most
        on the whole reference.
        """
        if not self.seasonal.size:
            return Shares(self.pooled.p0[rows], self.pooled.m[rows])
        hours, which = np.unique([hour_of_week(int(start)) for start in starts_ms], return_inverse=True)
        weights = np.zeros((hours.size, n.shape[1]))
        np.add.at(weights, which, n)
        weights /= np.maximum(weights.sum(0), 1)
        by_hour = [self.at(int(hour)) for hour in hours]
        p0 = sum(w[:, np.newaxis] * shares.p0[rows] for w, shares in zip(weights, by_hour, strict=True))
        noise = sum(w**2 / shares.m[rows] for w, shares in zip(weights, by_hour, strict=True))
        return Shares(np.asarray(p0), np.minimum(1 / np.maximum(noise, 1e-12), self.pooled.m[rows]))

    def _tilted(self, season: Floats, hour: int) -> Shares:
        rows, kappa = self.seasonal, self._strength
        counts = season[(hour + np.arange(self._hours)) % WEEK_HOURS][:, rows].sum(0)
        m = counts.sum(-1, keepdims=True)
        own = smoothed(season[:, rows].sum(0), self.live[rows])
        tilt = (counts + kappa * own) / (m + kappa) / np.where(self.live[rows], own, 1.0)
        tilt[:, -1] = 1.0  # values that the reference does not have have no hours either
        p0, size = self.pooled.p0.copy(), self.pooled.m.copy()
        p0[rows] *= tilt
        p0[rows] /= p0[rows].sum(-1, keepdims=True)
        size[rows] = np.minimum((m + kappa)[:, 0], size[rows])
        return Shares(p0, size)


def smoothed(counts: NDArray[np.int64] | Floats, live: NDArray[np.bool_]) -> Floats:
    """Shares of counts [..., K], each live cell raised by a half (Jeffreys' prior); 0 in other cells."""
    raised = np.where(live, counts + 0.5, 0.0)
    return np.asarray(raised / raised.sum(-1, keepdims=True))
