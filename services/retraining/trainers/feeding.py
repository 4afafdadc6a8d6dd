"""How features are given to an artifact: one input a feature, under its name, of shape [n, 1].

Numbers and booleans are floats, NaN where missing; categories are strings, empty where missing.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MISSING = ""
_LARGEST = float(np.finfo(np.float32).max)


def numbers(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """[n] of a numeric or boolean column; what is beyond the range of float32 is at its end."""
    values = column.cast(pa.float64()).to_numpy()  # nulls become NaN
    floats: NDArray[np.float32] = np.clip(values, -_LARGEST, _LARGEST).astype(np.float32)
    return floats


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """[n] of a categorical column without nulls."""
    return pc.fill_null(column, MISSING)
