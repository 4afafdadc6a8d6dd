"""How long after its prediction a label came: log-linear buckets, within 0.8 %, from half a second to eight years.

They are the buckets of stats/latency.py, whose unit is read here as a minute.
"""

from collections.abc import Sequence

from stats import latency
from stats.outcome import TooFew
from stats.performance.exact_sum import Cells, Floats

CELLS = latency.CELLS
_UNIT_S = 60.0


def cells_of(delay_s: Floats) -> Cells:
    """The cell of each delay in seconds, [n] to [n]; NaN is unknown, and a label before its prediction is underflow."""
    return latency.cells_of(delay_s / _UNIT_S)


def quantiles(cells: Cells, levels: Sequence[float]) -> tuple[float | TooFew, ...]:
    """Quantiles in seconds of counts int64[CELLS]; p50 asks for 2 known delays, p95 for 20."""
    found = latency.quantiles(cells, levels)
    return tuple(delay if isinstance(delay, TooFew) else delay * _UNIT_S for delay in found)
