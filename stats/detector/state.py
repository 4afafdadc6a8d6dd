"""What a detector carries from pane to pane: fixed in size, and the same after it was stored and read."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<BHHHH")
_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Evidence of F rows and G components; `past` has the rows of columns only, and K cells."""

    log_r: NDArray[np.float32]
    """ln of the Shiryaev-Roberts statistic, [F, G]."""
    cusum: NDArray[np.float32]
    """CUSUM of the components' evidence, [F, G]: tells the onset, no more."""
    onset: NDArray[np.uint32]
    """Number (start / size) of the pane in which the CUSUM last left 0, [F, G]."""
    past: NDArray[np.float32]
    """Decayed counts of the panes so far, one a plug-in, [2, F - 1, K]."""

    def to_bytes(self) -> bytes:
        """All arrays, little-endian, after their sizes."""
        plug_ins, _, cells = self.past.shape
        arrays = (self.log_r, self.cusum, self.onset, self.past)
        return _HEADER.pack(_FORMAT, *self.log_r.shape, plug_ins, cells) + b"".join(
            array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in arrays
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """The state that `to_bytes` wrote. Raises ValueError for other bytes."""
        form, rows, width, plug_ins, cells = _HEADER.unpack_from(data)
        shapes = ((rows, width), (rows, width), (rows, width), (plug_ins, rows - 1, cells))
        sizes = [int(np.prod(shape)) for shape in shapes]
        if form != _FORMAT or len(data) != _HEADER.size + 4 * sum(sizes):
            raise ValueError("no detector state of this version: start the detector anew")
        offsets = _HEADER.size + 4 * np.cumsum([0, *sizes[:-1]])
        kinds = ("<f4", "<f4", "<u4", "<f4")
        log_r, cusum, onset, past = (
            np.frombuffer(data, kind, size, int(offset)).reshape(shape)
            for kind, size, offset, shape in zip(kinds, sizes, offsets, shapes, strict=True)
        )
        return cls(log_r, cusum, onset, past)
