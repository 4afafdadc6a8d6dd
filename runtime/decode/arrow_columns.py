"""One Arrow column to numpy, a whole column at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runtime.decode.bits import PADDING, compiled
from runtime.decode.shape import category_text
from runtime.decode.text import digest

_EMPTY_TEXT = ""


def is_text(kind: pa.DataType) -> bool:
    """Whether a column's values are texts, as they are or as a dictionary."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def is_number(kind: pa.DataType) -> bool:
    """Whether a column's values are numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def is_scalar(kind: pa.DataType) -> bool:
    """Whether a column is of a type that the contract has a value for."""
    return is_text(kind) or is_number(kind) or bool(pa.types.is_boolean(kind) or pa.types.is_null(kind))


def floats(array: pa.Array) -> NDArray[np.float64]:
    """float64[n], NaN for null; all NaN where the column does not hold numbers."""
    if not is_number(array.type):
        return np.full(len(array), np.nan)
    if array.null_count == 0 or pa.types.is_floating(array.type):
        return np.asarray(array.to_numpy(zero_copy_only=False), np.float64)
    return np.asarray(pc.fill_null(array, 0).to_numpy(), np.float64) + np.where(absent(array), np.nan, 0.0)


def absent(array: pa.Array) -> NDArray[np.bool_]:
    """bool[n]: null."""
    if array.null_count == 0:
        return np.zeros(len(array), np.bool_)
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False), np.bool_)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A column as categories: codes[n] into `names`, -1 where null or NaN."""

    codes: NDArray[np.int32]
    names: list[str]

    def translated(self, codes: NDArray[np.int32], missing: int) -> NDArray[np.int32]:
        """int32[n]: `codes` by name, in the order of `names`."""
        return np.append(codes, np.int32(missing))[self.codes]

    def among(self, accepted: Any) -> NDArray[np.bool_]:
        """bool[n]: null, or a name of which `accepted` is true."""
        return np.array([*map(accepted, self.names), True], np.bool_)[self.codes]


def encoded(array: pa.Array) -> Encoded:
    """A column of any scalar type as categories, each by its `category_text`."""
    if pa.types.is_null(array.type):
        return Encoded(np.full(len(array), -1, np.int32), [])
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = np.asarray(pc.fill_null(coded.indices.cast(pa.int32()), -1).to_numpy(), np.int32)
    values = coded.dictionary.to_pylist()
    void = np.array([value is None or value != value for value in values] + [True])  # noqa: PLR0124  NaN
    if void[:-1].any():
        codes = np.where(void[codes], np.int32(-1), codes)
    return Encoded(codes, ["" if value is None else category_text(value) for value in values])


@compiled
def _scan(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], hashes: NDArray[np.uint64], plain: NDArray[np.bool_]
) -> None:
    for i in range(hashes.size):
        start, size = offsets[i], offsets[i + 1] - offsets[i]
        sure = size >= 1 and size <= 256
        if sure:
            for p in range(start, start + size):
                sure = sure and data[p] > 31 and data[p] < 127
        plain[i] = sure
        hashes[i] = digest(data, start, size, 0)


def identifiers(array: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """(hashes uint64[n], bool[n]: surely a valid identifier, being plain ASCII) of a column of texts."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    n = len(array)
    wide = pa.types.is_large_string(array.type)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64 if wide else np.int32)[array.offset : array.offset + n + 1].astype(
        np.int64
    )
    text = np.zeros(bounds[-1] - bounds[0] + PADDING, np.uint8)
    if data is not None:
        text[:-PADDING] = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    hashes, plain = np.empty(n, np.uint64), np.empty(n, np.bool_)
    _scan(text, bounds - bounds[0], hashes, plain)
    return hashes, plain & ~absent(array)


def plain_name(name: str) -> bool:
    """Whether a text is surely a valid identifier."""
    return 1 <= len(name) <= 256 and name.isprintable()
