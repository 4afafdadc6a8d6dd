"""What panes of event time teach: how columns and volume differ by hour of week, and how much hours vary."""

import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.detector.alternatives import HALF_LIVES, contaminations
from stats.detector.evidence import Weights, weights_of
from stats.detector.expected import Expected, Shares
from stats.detector.hours import DAY_MS, HOUR_MS, WEEK_HOURS, hours_covered
from stats.detector.inflation import inflation
from stats.detector.shrinkage import dispersion
from stats.detector.volume import smoothed_means
from stats.detector.watched import WatchedColumns
from stats.jeffreys import Floats
from stats.layout import Layout, N

_COMMON = 100
"""A cell with fewer events has at least the inflation that is usual in its row: its own cannot be known."""


@dataclass(frozen=True, eq=False)
class Season:
    """Counts by hour of week (UTC) of one layout's watched columns, and their variance inflation."""

    counts: NDArray[np.int64]
    """[168, rows, K]: a pane longer than an hour counts in the hour it starts in."""
    panes: NDArray[np.int64]
    """[168]: hours seen."""
    dispersion: Floats
    """[rows]: φ ≥ 1 of counts about their mean in the same hour of the week."""
    volume: Floats
    """[168]: mean events an hour, smoothed."""
    inflation: Floats
    """[rows, G]: φ ≥ 1 of every component."""
    volume_inflation: float
    """φ ≥ 1 of an hour's number of events."""
    days: float
    """From the start of the first to the end of the last pane."""

    @property
    def effective(self) -> Floats:
        """Counts by hour, as if events were independent, [168, rows, K]."""
        return np.asarray(self.counts / self.dispersion[:, np.newaxis])

    def to_bytes(self) -> bytes:
        """The season, compressed; φ in single precision."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            counts=self.counts.astype(np.min_scalar_type(int(self.counts.max(initial=0)))),
            panes=self.panes,
            dispersion=self.dispersion,
            volume=self.volume,
            inflation=self.inflation.astype(np.float32),
            scalars=np.array([self.volume_inflation, self.days]),
        )
        return zlib.compress(buffer.getvalue(), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Season":
        """The season that `to_bytes` wrote. Raises ValueError or zlib.error for other bytes."""
        with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as arrays:
            volume_inflation, days = arrays["scalars"].tolist()
            return cls(
                counts=arrays["counts"].astype(np.int64),
                panes=arrays["panes"],
                dispersion=arrays["dispersion"],
                volume=arrays["volume"],
                inflation=arrays["inflation"].astype(np.float64),
                volume_inflation=volume_inflation,
                days=days,
            )


def learn(layout: Layout, panes: Iterable[tuple[int, NDArray[np.int64]]], pane_ms: int) -> Season:
    """The season of panes (start_ms, cells int64[layout.size]), all of one size, in any order.

    Panes come from time-stamped training rows, or from production while a model burns in: 30 days are right, 7
    are the least that show every hour of the week, and `days` tells. Panes shorter than an hour are added up to
    hours.
    Raises ValueError where there is no pane at all.
    """
    watched = WatchedColumns(layout)
    unit, counts, n = _units(watched, panes, pane_ms)
    hour = unit % WEEK_HOURS
    by_hour = np.zeros((WEEK_HOURS, *watched.reference.shape), np.int64)
    np.add.at(by_hour, hour, counts)
    phi = dispersion(counts, hour)
    expected = Expected(by_hour.sum(0), watched.live, by_hour / phi[:, np.newaxis])
    span = hours_covered(pane_ms)
    spread = (hour[:, np.newaxis] + np.arange(span)).ravel() % WEEK_HOURS
    volume, seen = smoothed_means(np.repeat(n / span, span), spread)
    steps = unit // span
    return Season(
        counts=by_hour,
        panes=seen,
        dispersion=phi,
        volume=volume,
        inflation=_inflation(expected, counts, hour, steps),
        volume_inflation=float(inflation(n - volume[hour] * span, volume[hour] * span, steps)),
        days=float((unit[-1] - unit[0] + span) * HOUR_MS / DAY_MS),
    )


def _units(
    watched: WatchedColumns, panes: Iterable[tuple[int, NDArray[np.int64]]], pane_ms: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The hours since 1970 that panes start in, rising [T], their counts [T, rows, K], and their events [T].

    Where panes are shorter than an hour, the events of an hour are those of its panes as if none was absent:
    a pane without events is never seen.
    """
    counts: dict[int, NDArray[np.int64]] = {}
    events: dict[int, list[int]] = {}
    for start_ms, cells in panes:
        unit = start_ms // HOUR_MS
        counts[unit] = counts.get(unit, 0) + watched.counts(cells)
        events.setdefault(unit, []).append(int(cells[N]))
    if not counts:
        raise ValueError("a season needs panes: give those of 7 days or more")
    order = sorted(counts)
    a_unit = max(1.0, HOUR_MS / pane_ms)
    n = np.array([np.mean(events[unit]) * a_unit for unit in order])
    return np.array(order, np.int64), np.stack([counts[unit] for unit in order]), n


def _inflation(
    expected: Expected, counts: NDArray[np.int64], hour: NDArray[np.int64], steps: NDArray[np.int64]
) -> Floats:
    """φ of every component, [rows, G]; the plug-ins' is the greatest of their row."""
    live = expected.live
    observed = counts.astype(np.float64)
    score, variance = _deviations(weights_of(expected.pooled, live, z=0, tolerance=0), observed)
    rows = expected.seasonal
    for one in np.unique(hour) if rows.size else ():
        at = np.flatnonzero(hour == one)
        shares = expected.at(int(one))
        weights = weights_of(Shares(shares.p0[rows], shares.m[rows]), live[rows], z=0, tolerance=0)
        score[np.ix_(at, rows)], variance[np.ix_(at, rows)] = _deviations(weights, observed[np.ix_(at, rows)])
    phi = inflation(score, variance, steps)
    shifts = phi.shape[1] - live.shape[1]
    of_cells = phi[:, shifts:]
    common = observed.sum(0) >= _COMMON
    known = np.where(common | ~common.any(-1, keepdims=True), of_cells, np.nan)
    usual = np.nanmedian(known, -1, keepdims=True)
    cells = np.where(common, of_cells, np.maximum(of_cells, usual))[:, contaminations(live.shape[1]).cell]
    plug_ins = np.repeat(phi.max(-1, keepdims=True), len(HALF_LIVES), 1)
    return np.concatenate((phi[:, :shifts], cells, plug_ins), -1)


def _deviations(weights: Weights, counts: Floats) -> tuple[Floats, Floats]:
    """Scores less their expectation, and their variance, of counts [T, rows, K]: two [T, rows, 12 + K].

    A contamination's score is its cell's count up to a factor, whatever its share.
    """
    p0, ratio = weights.p0, weights.ratio
    n = counts.sum(-1, keepdims=True)
    ordinary = ratio.shape[-1]
    mean = (ratio @ p0[:, :ordinary, np.newaxis])[..., 0]
    square = (ratio**2 @ p0[:, :ordinary, np.newaxis])[..., 0]
    shifts = np.einsum("rgk,trk->trg", ratio, counts[..., :ordinary], optimize=True) - n * mean
    score = np.concatenate((shifts, counts - n * p0), -1)
    variance = n * np.concatenate((square - mean**2, p0 * (1 - p0)), -1)
    return score, variance
