"""Cell vectors on the wire and in rows: zlib of little-endian int64."""

import zlib

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.int64]


def pack(cells: Cells) -> bytes:
    """The vector, compressed for speed: it is mostly zeros."""
    return zlib.compress(cells.astype("<i8", copy=False).tobytes(), 1)


def unpack(data: bytes) -> Cells:
    """The vector of `pack`, read-only. Raises ValueError or zlib.error on anything else."""
    return np.frombuffer(zlib.decompress(data), dtype="<i8")
