"""Rows that occur more than once."""

import numpy as np
from numpy.typing import NDArray

from stats.retraining.snapshot import Snapshot, factors

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def repeated(snapshot: Snapshot) -> int:
    """How many rows repeat an earlier one: by their ids, or else in time, label and every feature."""
    if snapshot.ids is not None:
        return snapshot.n - len(set(snapshot.ids))
    names = sorted(snapshot.features)
    columns = [snapshot.time_ms, snapshot.label, *(snapshot.features[name] for name in names)]
    digest = np.zeros(snapshot.n, np.uint64)
    for column in columns:
        digest = _mixed(digest * _ODD + factors(column)[0].astype(np.uint64))
    return snapshot.n - len(np.unique(digest))


def _mixed(digest: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA): two of 10⁶ rows collide once in 4·10⁷ times."""
    digest = (digest ^ digest >> _SHIFTS[0]) * _MIX[0]
    digest = (digest ^ digest >> _SHIFTS[1]) * _MIX[1]
    return np.asarray(digest ^ digest >> _SHIFTS[2])
