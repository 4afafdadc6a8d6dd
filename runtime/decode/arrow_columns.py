"""One Arrow column to numpy, a whole column at a time."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runtime.decode.bits import PADDING, compiled, inlined, pointers, word
from runtime.decode.shape import category_text
from runtime.decode.text import digest

_ONES, _SPACES, _TOPS = (np.uint64(byte * 0x0101010101010101) for byte in (0x01, 0x20, 0x80))
_U1 = np.uint64(1)


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
        verdicts = np.array([*map(accepted, self.names), True], np.bool_)
        return verdicts[self.codes] if not verdicts.all() else np.ones(self.codes.size, np.bool_)


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


class _Texts(NamedTuple):
    """Text i is data[bounds[i]:bounds[i + 1]]."""

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    plain: NDArray[np.uint8]
    """1: surely a valid identifier."""


@inlined
def _odd(w: np.uint64) -> np.uint64:
    """Not 0 where any of eight bytes is a control character, DEL or not ASCII."""
    return (w | (w + _ONES) | ((w - _SPACES) & ~w)) & _TOPS


@compiled
def _scan(texts: _Texts, n: int) -> None:
    data, bounds, hashes, plain = pointers(texts)
    for i in range(n):
        p, size = bounds[i], bounds[i + 1] - bounds[i]
        hashes[i] = digest(data, p, size, 0)
        plain[i] = 0
        if size >= 1 and size <= 256:
            odd = np.uint64(0)
            while size > 8:
                odd |= _odd(word(data, p))
                p += 8
                size -= 8
            beyond = np.uint64(64 - 8 * size)  # bits of the last word that are not the text's: spaces instead
            odd |= _odd((word(data, p) << beyond) | (_SPACES & ((_U1 << beyond) - _U1)))
            plain[i] = odd == 0


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
    text = np.empty(bounds[-1] - bounds[0] + PADDING, np.uint8)
    text[-PADDING:] = 0
    if data is not None:
        text[:-PADDING] = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    texts = _Texts(text, bounds - bounds[0], np.empty(n, np.uint64), np.empty(n, np.uint8))
    _scan(texts, n)
    return texts.hashes, texts.plain.view(np.bool_) & ~absent(array)


def plain_name(name: str) -> bool:
    """Whether a text is surely a valid identifier."""
    return 1 <= len(name) <= 256 and name.isprintable()
