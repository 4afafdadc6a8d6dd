"""Which partition many keys belong to: runtime/log/partitioning.py for a whole batch at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MULTIPLIER = np.uint32(0x5BD1E995)
_SEED = 0x9747B28C
_TAIL = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF], np.uint32)
"""The bytes of the last, incomplete word that are the key's, by their number."""


def partitions_of(keys: Sequence[bytes], partitions: int) -> NDArray[np.int64]:
    """The partition of each of n keys, as int64[n]: murmur2, as Java's producers place them."""
    size = np.fromiter(map(len, keys), np.int64, len(keys))
    joined = np.frombuffer(b"".join(keys) + bytes(4), np.uint8)
    begin = np.cumsum(size) - size
    h = (_SEED ^ size).astype(np.uint32)
    words = size >> 2
    for number in range(int(words.max(initial=0))):
        rows = np.flatnonzero(words > number)
        k = _word(joined, begin[rows] + 4 * number) * _MULTIPLIER
        k = (k ^ k >> np.uint32(24)) * _MULTIPLIER
        h[rows] = h[rows] * _MULTIPLIER ^ k
    rows = np.flatnonzero(size & 3)
    rest = _word(joined, begin[rows] + 4 * words[rows]) & _TAIL[size[rows] & 3]
    h[rows] = (h[rows] ^ rest) * _MULTIPLIER
    h = (h ^ h >> np.uint32(13)) * _MULTIPLIER
    h ^= h >> np.uint32(15)
    return (h & np.uint32(0x7FFFFFFF)).astype(np.int64) % partitions


def _word(joined: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The four bytes at each place, little-endian."""
    word = joined[at].astype(np.uint32)
    for shift in (1, 2, 3):
        word |= joined[at + shift].astype(np.uint32) << np.uint32(8 * shift)
    return word
