"""Which partition many keys belong to: runtime/log/partitioning.py for a whole batch at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MULTIPLIER = np.uint32(0x5BD1E995)
_SEED = 0x9747B28C


def partitions_of(keys: Sequence[bytes], partitions: int) -> NDArray[np.int64]:
    """The partition of each of n keys, as int64[n]: murmur2, as Java's producers place them."""
    size = np.fromiter(map(len, keys), np.int64, len(keys))
    whole = size >> 2
    longest = int(size.max(initial=1)) + 3 >> 2
    words = np.array(keys, f"S{4 * longest}").view("<u4").reshape(len(keys), longest)  # zeros fill the last one
    h = (_SEED ^ size).astype(np.uint32)
    for number in range(longest):
        rows = slice(None) if (whole > number).all() else np.flatnonzero(whole > number)
        k = words[rows, number] * _MULTIPLIER
        k = (k ^ k >> np.uint32(24)) * _MULTIPLIER
        h[rows] = h[rows] * _MULTIPLIER ^ k
    rows = np.flatnonzero(size & 3)
    h[rows] = (h[rows] ^ words[rows, whole[rows]]) * _MULTIPLIER
    h = (h ^ h >> np.uint32(13)) * _MULTIPLIER
    h ^= h >> np.uint32(15)
    return (h & np.uint32(0x7FFFFFFF)).astype(np.int64) % partitions
