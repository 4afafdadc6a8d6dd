"""Whether a canary is slower in the tail: the test of two rates on "slower than q0".

q0 is a quantile of the stable version's latency (p95, p99), frozen before the rollout at an upper edge of its buckets
(stats/latency.py), so that "slower" is counted without an event's own latency. A quantile has risen exactly where more
than its share lies beyond q0 (Howard and Ramdas 2022, Sequential estimation of quantiles,
https://arxiv.org/abs/1906.09712, bound the whole distribution instead). Source, bound and
assumptions of the test are those of stats/rollout/two_rates.py: P(ever a false "worse") ≤ α, and q0 need not be right
for it, as both arms are held against the same; how much is found depends on it. That the tail is *as good* is said by
the interval of stats/rollout/mean_difference.py on the same counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.latency import CELLS, LOWEST_MS, MISSING, cells_of, quantiles
from stats.outcome import TooFew
from stats.rollout.two_rates import ArmCounts

_LAST = MISSING - 2
"""The last bucket below overflow: what lies beyond it can still be counted."""
_AN_OCTAVE = 64


@dataclass(frozen=True, slots=True)
class TailEdge:
    """Q0: latencies in later cells than this are slower."""

    cell: int

    def __post_init__(self) -> None:
        if not 0 <= self.cell <= _LAST:
            raise ValueError(f"cell {self.cell} is no edge of latency buckets 0 to {_LAST}: freeze one of a baseline")

    @property
    def ms(self) -> float:
        """The edge in milliseconds: slower is what takes as long or longer."""
        octave, within = divmod(self.cell, _AN_OCTAVE)
        return float(LOWEST_MS * 2.0**octave * (1 + within / _AN_OCTAVE))


def freeze(cells: NDArray[np.int64], level: float) -> TailEdge | TooFew:
    """The edge at a baseline's quantile `level` (0.95, 0.99), from its latency cells int64[CELLS]."""
    if not 0.5 <= level < 1:
        raise ValueError(f"level {level:g} is in no upper tail: give a quantile from 0.5 up to 1")
    _check(cells)
    (found,) = quantiles(cells, (level,))
    return found if isinstance(found, TooFew) else edge_at(found)


def edge_at(q0_ms: float) -> TailEdge:
    """The edge of the bucket that holds so many milliseconds."""
    if not q0_ms > 0:
        raise ValueError(f"{q0_ms:g} ms is no latency: give the baseline's quantile in milliseconds")
    return TailEdge(min(int(cells_of(np.array([q0_ms]))[0]), _LAST))


def slower(canary: NDArray[np.int64], stable: NDArray[np.int64], edge: TailEdge) -> ArmCounts:
    """A window's counts for the test of two rates, from latency cells int64[CELLS]; missing ones are left out."""
    return ArmCounts(*_beyond(canary, edge), *_beyond(stable, edge))


def _beyond(cells: NDArray[np.int64], edge: TailEdge) -> tuple[int, int]:
    _check(cells)
    return int(cells[:MISSING].sum()), int(cells[edge.cell + 1 : MISSING].sum())


def _check(cells: NDArray[np.int64]) -> None:
    if cells.shape != (CELLS,):
        raise ValueError(
            f"cells of shape {cells.shape} are no latency histogram: give all {CELLS} cells of stats/latency.py"
        )
