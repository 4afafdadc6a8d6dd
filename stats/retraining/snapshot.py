"""Rows a candidate is to be trained on, column by column, and how they fold into the cells of a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stats.fold import Columns, codes_of, fold
from stats.layout import Layout
from stats.performance.exact_sum import Cells, Floats
from stats.reference import ColumnReference, Kind

Column = NDArray[Any] | Sequence[Any]
"""[n] numbers, texts or booleans; missing is None or NaN."""
Found = Kind | Literal["mixed", "empty"]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """n rows."""

    features: Mapping[str, Column]
    label: Column
    time_ms: NDArray[np.int64]
    """[n]: when each prediction was made, milliseconds since 1970 UTC."""
    ids: Sequence[str] | None = None
    """[n]: what names a row; without it the row itself does, its time among it."""

    def __post_init__(self) -> None:
        lengths = {"label": len(self.label)} | {name: len(column) for name, column in self.features.items()}
        lengths |= {} if self.ids is None else {"ids": len(self.ids)}
        if wrong := [name for name, length in lengths.items() if length != self.n]:
            raise ValueError(f"columns {wrong} are not as long as the {self.n} times: give every row every column")

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.time_ms)


def kind_of(column: Column) -> Found:
    """What a column's values are: of several kinds mixed, of none (all missing) empty."""
    if isinstance(column, np.ndarray) and column.dtype.kind in _KIND_OF_DTYPE:
        return "empty" if absent(column).all() else _KIND_OF_DTYPE[column.dtype.kind]
    types = set(map(type, column)) - {type(None)}
    if types & _MAY_BE_NAN and all(is_missing(value) for value in column if type(value) in _MAY_BE_NAN):
        types -= _MAY_BE_NAN
    kinds = {_kind(of) for of in types}
    return "empty" if not kinds else kinds.pop() if len(kinds) == 1 else "mixed"


def is_missing(value: object) -> bool:
    """None, or a number that is none."""
    return value is None or bool(value != value)  # noqa: PLR0124  NaN alone is not itself


def absent(column: Column) -> NDArray[np.bool_]:
    """Which values are missing, [n]."""
    if isinstance(column, np.ndarray) and column.dtype.kind in _KIND_OF_DTYPE:
        return np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), bool)
    return np.array([is_missing(value) for value in column], bool)


def numbers_of(column: Column) -> Floats:
    """A numeric column as float64[n], NaN where missing."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "iuf":
        return column.astype(np.float64)
    return np.array([np.nan if is_missing(value) else value for value in column], np.float64)


def texts_of(column: Column) -> list[str | None]:
    """A categorical or boolean column as baselines name its values, None where missing."""
    return [None if is_missing(value) else _text(value) for value in column]


def factors(column: Column) -> tuple[NDArray[np.int64], int]:
    """A number for each distinct value, int64[n] in 0..d-1, and d; missing is one of them."""
    if isinstance(column, np.ndarray) and column.dtype.kind in _KIND_OF_DTYPE:
        distinct, inverse = np.unique(column, return_inverse=True)
        return np.asarray(inverse, np.int64), len(distinct)
    known: dict[object, int] = {}
    codes = [known.setdefault(None if is_missing(value) else value, len(known)) for value in column]
    return np.array(codes, np.int64), len(known)


def folded(layout: Layout, snapshot: Snapshot) -> Cells:
    """All rows in one vector int64[layout.size]; every feature of the layout is in the snapshot, of its kind."""
    values = [snapshot.features[column.name] for column in layout.columns]
    columns = columns_of(layout.columns, values, snapshot.n)
    return np.asarray(fold(layout, columns, np.zeros(snapshot.n, np.int64), 1)[0])


def columns_of(references: Sequence[ColumnReference], values: Sequence[Column], n: int) -> Columns:
    """Columns of n values, each of its reference's kind, as they are folded; without status, latency and score."""
    both = list(zip(references, values, strict=True))
    numbers = [numbers_of(column) for reference, column in both if reference.kind == "numeric"]
    codes = [codes_of(reference, texts_of(column)) for reference, column in both if reference.kind != "numeric"]
    nothing = np.full(n, np.nan)
    return Columns(
        np.array(numbers, np.float64).reshape(len(numbers), n),
        np.array(codes, np.int32).reshape(len(codes), n),
        np.zeros(n, np.int16),
        nothing,
        nothing,
    )


def _kind(of: type) -> Found:
    return next((kind for kind, types in _TYPES.items() if issubclass(of, types)), "mixed")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


_KIND_OF_DTYPE: dict[str, Kind] = {"f": "numeric", "i": "numeric", "u": "numeric", "b": "boolean", "U": "categorical"}
_TYPES: dict[Kind, tuple[type, ...]] = {  # a boolean is an integer too: it is asked first
    "boolean": (bool, np.bool_),
    "numeric": (int, float, np.integer, np.floating),
    "categorical": (str,),
}
_MAY_BE_NAN = {float, np.float64, np.float32}
