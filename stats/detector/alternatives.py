"""The drifts a row is tested for, and how much each of them is believed in beforehand.

Components of a row, in order (G of them): 8 shifts of location, 4 changes of scale, contamination of each
ordinary cell by 4 % or 20 %, of missing, non-finite and unseen by 0.5, 2 or 10 %, and two plug-ins.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from stats.detector.watched import SPECIAL
from stats.jeffreys import Floats

LOCATION = (0.15, 0.3, 0.6, 1.2)
SCALE = (0.6, 0.78, 1.28, 1.7)
CONTAMINATION = (0.04, 0.2)
SPECIAL_CONTAMINATION = (0.005, 0.02, 0.1)
HALF_LIVES = (6, 48)
"""Of the plug-ins' averages of past panes, in panes."""

SHIFTS = np.array([(sign * d, 1.0) for d in LOCATION for sign in (-1, 1)] + [(0.0, s) for s in SCALE])
"""(location, scale) in normal scores, [12, 2]."""

_BELIEF = {"location": 0.40, "scale": 0.15, "contamination": 0.20, "plug-in": 0.25}
_LEAST_SHARE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Contaminations:
    """Which cell each contamination raises, and to what share, [C] each."""

    cell: NDArray[np.intp]
    share: Floats


@lru_cache(64)
def contaminations(cells: int) -> Contaminations:
    """All contaminations of rows of K cells, the special cells last."""
    ordinary = cells - len(SPECIAL)
    pairs = [(k, share) for share in CONTAMINATION for k in range(ordinary)]
    pairs += [(ordinary + k, share) for share in SPECIAL_CONTAMINATION for k in range(len(SPECIAL))]
    cell, share = zip(*pairs, strict=True)
    return Contaminations(np.array(cell, np.intp), np.array(share))


def shifted(shares: Floats, live: NDArray[np.bool_]) -> Floats:
    """Shares of ordered cells after each shift and change of scale, [rows, B] to [rows, 12, B].

    `live` are the cells a row has, the first ones. Edges lie where a standard normal has the same
    shares below them; the normal then moves or widens. Every row keeps its sum.
    """
    total = np.maximum(shares.sum(-1, keepdims=True), _LEAST_SHARE)
    last = live.sum(-1, keepdims=True) - 1
    below = np.where(np.arange(live.shape[1]) < last, np.cumsum(shares, -1) / total, 1.0)
    edges = ndtri(np.concatenate((np.zeros((len(below), 1)), np.minimum(below, 1.0)), -1))[:, np.newaxis]
    location, scale = SHIFTS.T[:, :, np.newaxis]
    moved = np.diff(ndtr((edges - location) / scale), axis=-1)
    return np.asarray(np.maximum(moved, _LEAST_SHARE) * total[:, np.newaxis])


def log_beliefs(live: NDArray[np.bool_], ordered: NDArray[np.bool_]) -> Floats:
    """Log of every component's prior weight, [rows, K] and [rows] to [rows, G]; -inf where a row lacks it."""
    raised = live[:, contaminations(live.shape[1]).cell]
    kinds = [
        (_BELIEF["location"], np.repeat(ordered[:, np.newaxis], 2 * len(LOCATION), 1)),
        (_BELIEF["scale"], np.repeat(ordered[:, np.newaxis], len(SCALE), 1)),
        (_BELIEF["contamination"], raised),
        (_BELIEF["plug-in"], np.ones((len(live), len(HALF_LIVES)), bool)),
    ]
    parts = [belief * present / np.maximum(present.sum(-1, keepdims=True), 1) for belief, present in kinds]
    weights = np.concatenate(parts, -1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(weights / weights.sum(-1, keepdims=True)))


def components(cells: int) -> int:
    """G for rows of K cells."""
    return len(SHIFTS) + contaminations(cells).cell.size + len(HALF_LIVES)
