"""Permutation importance: how much worse the answers become when a feature's values are shuffled.

Breiman, "Random forests", 2001. Asked of the artifact itself, so it is that of what is served.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_REPEATS = 3


def importance_of(features: pa.Table, losses: Callable[[pa.Table], NDArray[np.float64]], seed: int) -> dict[str, float]:
    """Shares of the whole by feature; none where no feature matters. `losses` are those of the answers to rows."""
    rng = np.random.default_rng(seed)
    before = losses(features).mean()
    worse = {}
    for place, name in enumerate(features.column_names):
        after = []
        for _ in range(_REPEATS):
            shuffled = features[name].take(pa.array(rng.permutation(features.num_rows)))
            after.append(losses(features.set_column(place, name, shuffled)).mean())
        worse[name] = max(0.0, float(np.mean(after) - before))
    whole = sum(worse.values())
    return {name: value / whole for name, value in worse.items()} if whole > 0 else {}
