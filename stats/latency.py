"""Latency in log-linear buckets, 64 an octave: representatives are within 1/129 (0.78 %) of the values.

The bucket is read from the bits of the float: exponent and leading mantissa bits are consecutive integers
over a positive axis (as in HdrHistogram, http://hdrhistogram.org, and DDSketch's linearly interpolated
mapping, Masson, Rim and Lee 2019, https://arxiv.org/abs/1908.10693). Counts merge by addition without any
loss.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stats.outcome import TooFew

LOWEST_MS = 2.0**-7
"""0.0078 ms; shorter latencies count as underflow and are reported as this."""
HIGHEST_MS = 2.0**22
"""70 minutes; longer latencies count as overflow and are reported as this."""

_SHIFT = 52 - 6  # keeps the exponent and 6 mantissa bits: 64 buckets an octave
_FIRST = int(np.float64(LOWEST_MS).view(np.int64)) >> _SHIFT
_BUCKETS = (int(np.float64(HIGHEST_MS).view(np.int64)) >> _SHIFT) - _FIRST
MISSING = _BUCKETS + 2
"""Cell of events without a latency, after underflow, the buckets and overflow."""
CELLS = MISSING + 1

_BOUNDS = ((np.arange(_BUCKETS + 1, dtype=np.int64) + _FIRST) << _SHIFT).view(np.float64)
# The harmonic mean of a bucket's ends has the least greatest relative error over the bucket.
_INNER = 2 * _BOUNDS[:-1] * _BOUNDS[1:] / (_BOUNDS[:-1] + _BOUNDS[1:])
REPRESENTATIVE_MS: NDArray[np.float64] = np.concatenate(([LOWEST_MS], _INNER, [HIGHEST_MS]))
"""Milliseconds that stand for underflow, each bucket, and overflow."""


def cells_of(latency_ms: NDArray[np.float64]) -> NDArray[np.int64]:
    """The cell of each latency in milliseconds; NaN is missing. Shape [n] to [n]."""
    bits = np.ascontiguousarray(latency_ms, dtype=np.float64).view(np.int64) >> _SHIFT
    cells = np.clip(bits - (_FIRST - 1), 0, _BUCKETS + 1)
    cells[np.isnan(latency_ms)] = MISSING
    return np.asarray(cells, np.int64)


def quantiles(cells: NDArray[np.int64], levels: Sequence[float]) -> tuple[float | TooFew, ...]:
    """Quantiles in milliseconds of counts int64[CELLS], within 0.8 % of order statistic ⌈level·n⌉.

    A level needs at least one expected value beyond it: p50 two, p95 twenty, p99 a hundred values.
    """
    total = np.cumsum(cells[:MISSING])
    have = int(total[-1])
    answers: list[float | TooFew] = []
    for level in levels:
        needed = math.ceil(1 / min(level, 1 - level) - 1e-9)
        if have < needed:
            answers.append(TooFew(needed=needed, have=have))
        else:
            rank = math.ceil(level * have - 1e-9)
            answers.append(float(REPRESENTATIVE_MS[np.searchsorted(total, rank)]))
    return tuple(answers)
