"""How far an hour's own counts are believed: κ of a Dirichlet-multinomial, by moments (Mosimann 1962, Brier 1980).

    ρ = max(0, X²/df − 1 − 2√(2/df)) / (m̄ − 1),  κ = (1 − ρ)/ρ

X² compares hours of the week with each other. Events that come in groups, or a level that wanders from hour to
hour, raise it as a season does, but they also raise the same X² between panes of one hour of the week in
different weeks: X² is taken of effective counts, divided by that dispersion. Sparse cells are left out, for their
X² is no χ²; df = Σ (1 − p) of the cells left, which is K − 1 for all.
"""

import numpy as np
from numpy.typing import NDArray

from stats.jeffreys import Floats

_CLEAR = 2.0
"""Standard errors by which hours must differ."""


def shrinkage(season: Floats) -> Floats:
    """κ of every row, [rows], from effective counts by hour [168, rows, K]; infinite where hours do not differ."""
    size = season.sum(-1)
    hours = (size > 0).sum(0)
    statistic, cells = _chi2(season, _shares(season.sum(0))[np.newaxis], season.sum(0) >= hours[:, np.newaxis])
    degrees = (hours - 1) * cells
    df = np.maximum(degrees, 1.0)
    mean = size.sum(0) / np.maximum(hours, 1)
    rho = np.clip((statistic / df - 1 - _CLEAR * np.sqrt(2 / df)) / np.maximum(mean - 1, 1), 0, 1)
    # One event at least: an hour without some value does not exclude it.
    kappa = np.maximum((1 - rho) / np.maximum(rho, 1e-12), 1.0)
    return np.where((rho > 0) & (degrees > 0), kappa, np.inf)


def dispersion(counts: NDArray[np.int64], hour: NDArray[np.int64]) -> Floats:
    """How many times the variance of independent events panes of one hour of the week have: at least 1, [rows].

    `counts` int64[T, rows, K] of panes in hours of the week [T], in order. With less than two weeks neighbouring
    panes stand for it, between which a season hardly moves: else each pane would be its own hour's season.
    """
    total, panes = counts.sum(0), len(counts)
    if panes < 2 * np.unique(hour).size:
        hour = np.arange(panes) // 2
    kinds, which = np.unique(hour, return_inverse=True)
    by_hour = np.zeros((kinds.size, *total.shape))
    np.add.at(by_hour, which, counts)
    repeated = panes - kinds.size
    statistic, cells = _chi2(counts, _shares(by_hour)[which], total >= panes)
    return np.maximum(statistic / np.maximum(repeated * cells, 1.0), 1.0) if repeated else np.ones(len(total))


def _chi2(counts: NDArray[np.int64] | Floats, shares: Floats, used: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Pearson's X² of counts [T, rows, K] against shares [T or 1, rows, K], and Σ (1 − p): two [rows]."""
    n = counts.sum(-1, keepdims=True)
    pooled = _shares(counts.sum(0))
    variance = n * pooled
    counted = used & (variance > 0)
    deviation = np.where(counted, counts - n * shares, 0.0)
    statistic = (deviation**2 / np.where(counted, variance, 1.0)).sum((0, 2))
    return statistic, np.where(used, 1 - pooled, 0.0).sum(-1)


def _shares(counts: NDArray[np.int64] | Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(-1, keepdims=True), 1e-300))
