"""A row beyond its bound, with an effect worth telling."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stats.jeffreys import Floats

What = Literal["shape", "missing", "unseen", "nonfinite", "volume"]


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Drift of one row since its onset."""

    place: int
    """The row's place in `WatchedColumns.names`."""
    log_e: float
    """ln of the evidence, at least the bound."""
    onset_ms: int
    """Start of the pane the drift is estimated to have begun in."""
    effect: float
    """Shape: PSI_adj since the onset. Missing, unseen, nonfinite: size of the rate's change. Volume: |ratio − 1|."""
    severity: Literal["message", "page"]
    n: int
    """Events since the onset."""
    cells: NDArray[np.int64]
    """The sum of the panes since the onset, [layout.size]."""
    expected: Floats
    """Expected shares over these panes, [K] as in `WatchedColumns.counts`. Volume: events expected, [1]."""
    what: What


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row beyond its bound, its effect not judged yet."""

    place: int
    log_e: float
    onset_ms: int
