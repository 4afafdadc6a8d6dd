"""What the times of training rows teach of the season."""

import numpy as np
from numpy.typing import NDArray

from stats.detector.hours import DAY_MS, HOUR_MS
from stats.detector.season import Season, learn
from stats.fold import Columns, fold
from stats.layout import Layout
from stats.reference import Reference

SHORTEST_MS = 14 * DAY_MS
"""With every hour of the week fewer than twice, the season is learned from production instead."""
LONGEST_MS = 400 * DAY_MS


def season_of_rows(reference: Reference, columns: Columns, time_ms: NDArray[np.int64]) -> Season | None:
    """The season of n rows, hour by hour; None where they span less than two weeks.

    `columns` are the reference's, `time_ms` [n] milliseconds since 1970 UTC. Rows without a time, which is 0, or more
    than 400 days older than the newest, are left out.
    """
    hours = time_ms // HOUR_MS
    given = hours[hours > 0]
    if not given.size or (given.max() - given.min() + 1) * HOUR_MS < SHORTEST_MS:
        return None
    last = int(given.max())
    first = max(int(given.min()), last - LONGEST_MS // HOUR_MS + 1)
    recent = np.flatnonzero(hours >= first)
    layout = Layout(reference)
    panes = fold(layout, columns, hours[recent] - first, last - first + 1, event=recent)
    filled = np.flatnonzero(panes[:, 0])
    return learn(layout, (((first + int(i)) * HOUR_MS, panes[i]) for i in filled), HOUR_MS)
