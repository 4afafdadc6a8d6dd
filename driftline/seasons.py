"""What the times of the training rows teach the drift detector."""

import numpy as np

from driftline.datasets import Dataset
from driftline.folding import columns_of
from stats.detector.season import learn
from stats.fold import fold
from stats.layout import Layout
from stats.reference import Reference

HOUR_MS = 3_600_000
SHORTEST_MS = 14 * 24 * HOUR_MS
"""With every hour of the week fewer than twice, the season is learned from production instead."""
LONGEST_MS = 400 * 24 * HOUR_MS


def season(data: Dataset, time: str, reference: Reference) -> bytes | None:
    """The season of the rows, hour by hour; None where they span less than two weeks.

    Rows without a time, or more than 400 days older than the newest, are left out. Raises CommandError for a column
    that holds no times.
    """
    hours = data.times_ms(time) // HOUR_MS
    given = hours[hours > 0]
    if not given.size or (given.max() - given.min() + 1) * HOUR_MS < SHORTEST_MS:
        return None
    last = int(given.max())
    first = max(int(given.min()), last - LONGEST_MS // HOUR_MS + 1)
    recent = np.flatnonzero(hours >= first)
    layout = Layout(reference)
    groups = last - first + 1
    panes = fold(layout, columns_of(data, reference.columns), hours[recent] - first, groups, event=recent)
    filled = np.flatnonzero(panes[:, 0])
    return learn(layout, (((first + int(i)) * HOUR_MS, panes[i]) for i in filled), HOUR_MS).to_bytes()
