"""Many predictions as Arrow record batches, judged a column at a time.

A row that is not surely valid is judged as an event of its own, so that a batch and single events fare alike.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftline.client.columns import STRUCTS, Columns
from driftline.client.events import Event
from driftline.client.values import answer, given, plain, text, time_ms, whole
from runtime.decode.arrow import encode_table
from runtime.decode.verdict import FUTURE_MS, Refusal
from schemas.base import EARLIEST_MS, LATEST_MS
from schemas.prediction import MAX_FEATURES

_RECORD_BYTES = 4_194_304
"""Half of what the topic takes: rows differ in length."""
_RECORD_ROWS = 100_000
_IDENTIFIER = r"^[^\x00-\x1f\x7f]{1,256}$"
_TEXT_CHARACTERS = 4_096
_IDS = ("prediction_id", "entity_id", "trace_id")
_VARIANTS = pa.array(("stable", "canary", "shadow"))
_RANGES: Mapping[str, tuple[float, float]] = {
    "score": (0, 1),
    "latency_ms": (0, np.finfo(np.float64).max),
    "status": (100, 599),
    "probabilities": (0, 1),
}
Mask = NDArray[np.bool_]


class UnfitError(Exception):
    """The values of a column have no common Arrow type; they can still be sent one by one."""


class Batch:
    """n events as columns named `time_ms`, `features.NAME`, `segments.NAME`, …; null is absent."""

    def __init__(self, columns: Mapping[str, pa.Array]) -> None:
        self.columns = dict(columns)
        self.n = len(self.columns["prediction_id"])

    def complete(self, known: Mapping[str, Any]) -> None:
        """Fills in fields that the batch lacks, with one value for all rows."""
        for name, value in known.items():
            self.columns.setdefault(name, pa.repeat(value, self.n))

    def event(self, row: int) -> Event:
        """A row as a single event."""
        said = {name: column[row].as_py() for name, column in self.columns.items()}
        structs: dict[str, Any] = {struct: {} for struct in STRUCTS}
        for name in [name for name in said if "." in name]:
            struct, _, member = name.partition(".")
            structs[struct][member] = said.pop(name)
        rest = {struct: given(structs[struct]) or None for struct in STRUCTS[1:]}
        return given(said | rest) | {"features": structs["features"]}

    def without(self, rows: list[int]) -> "Batch":
        """The other rows."""
        kept = pa.array(np.delete(np.arange(self.n), rows))
        return Batch({name: column.take(kept) for name, column in self.columns.items()}) if rows else self

    def doubtful(self, now_ms: int) -> list[int]:
        """Rows that may break the contract."""
        columns = self.columns
        names = [name.partition(".")[2] for name in columns if "." in name]
        sure = np.full(self.n, bool(_all(pc.match_substring_regex(pa.array(names, pa.string()), _IDENTIFIER))))
        sure &= sum(name.startswith("features.") for name in columns) <= MAX_FEATURES
        time = columns["time_ms"].to_numpy()
        sure &= (time >= EARLIEST_MS) & (time <= min(LATEST_MS, now_ms + FUTURE_MS))
        for name, column in columns.items():
            if name in ("prediction", "prediction_id"):
                sure &= column.is_valid().to_numpy(zero_copy_only=False)
            sure &= _sure(name.partition(".")[0], column)
        chances = [column for name, column in columns.items() if name.startswith("probabilities.")]
        if chances:
            total = np.nansum([column.cast(pa.float64()).to_numpy(zero_copy_only=False) for column in chances], axis=0)
            sure &= np.abs(total - 1) < 0.0099
        return np.flatnonzero(~sure).tolist()

    def records(self) -> Iterator[tuple[bytes, bytes, int]]:
        """(key, value, events) of the records that hold the rows: one, unless they are very many."""
        table = self._table()
        rows = max(1, min(_RECORD_ROWS, self.n * _RECORD_BYTES // max(1, table.nbytes)))
        for start in range(0, self.n, rows):
            part = table.slice(start, rows)
            yield str(part["prediction_id"][0]).encode(), encode_table(part), part.num_rows

    def _table(self) -> pa.Table:
        """As runtime/decode/arrow.py wants it: texts that repeat as dictionaries, segments as a struct."""
        columns = {
            name: column.dictionary_encode() if pa.types.is_string(column.type) and name not in _IDS else column
            for name, column in self.columns.items()
        }
        for struct in STRUCTS[1:]:
            members = [name for name in columns if name.startswith(f"{struct}.")]
            if members:
                arrays = [columns.pop(name) for name in members]
                columns[struct] = pa.StructArray.from_arrays(arrays, [name.partition(".")[2] for name in members])
        return pa.table(columns)


def batch_of(model: str, version: str, now_ms: int, columns: Columns) -> Batch:
    """The batch of a caller's columns. Raises UnfitError where it cannot be one."""
    if columns.n < 2 or not columns.members["features"]:
        raise UnfitError  # one event is smaller as JSON
    n = columns.n
    made: dict[str, pa.Array] = {
        "schema": pa.repeat("driftline.prediction/1", n),
        "model": pa.repeat(model, n),
        "version": pa.repeat(version, n),
    }
    try:
        for name, column in ({"time": [None] * n} | dict(columns.plain)).items():
            convert = _CONVERT.get(name, plain)
            if name == "time":
                made["time_ms"] = pa.array([time_ms(value, now_ms) for value in column], pa.int64())
            else:
                made[name] = _array(column, convert)
        for struct, members in columns.members.items():
            convert = text if struct == "segments" else plain
            made |= {f"{struct}.{name}": _array(column, convert) for name, column in members.items()}
    except (pa.ArrowException, Refusal, OverflowError, ValueError) as error:
        raise UnfitError from error
    return Batch(made)


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "prediction": answer, "status": whole, "variant": text, **dict.fromkeys(_IDS, text),
}  # fmt: skip


def _array(column: Any, convert: Callable[[Any], Any]) -> pa.Array:
    """A copy of the column. Raises UnfitError or pyarrow's errors where its values have no common type."""
    dtype = getattr(column, "dtype", None)
    kind = dtype.kind if isinstance(dtype, np.dtype) else ""
    if convert in (plain, answer) and kind and kind in "iuf":
        values = np.array(column, np.float64 if kind == "f" and column.itemsize not in (4, 8) else None)
        return pa.array(values, mask=~np.isfinite(values) if kind == "f" else None)
    converted = [convert(value) for value in column]
    types = {type(value) for value in converted if value is not None}
    if len(types) > 1 and types != {int, float}:
        raise UnfitError
    return pa.array(converted)


def _sure(field: str, column: pa.Array) -> Mask | bool:
    """bool[n], or one for all: the values are surely within the contract where they are not null."""
    kind = column.type
    if pa.types.is_null(kind):
        return True
    if field in _IDS:
        return _valid(pc.match_substring_regex(column, _IDENTIFIER)) if pa.types.is_string(kind) else False
    if field == "variant":
        return _valid(pc.is_in(column, _VARIANTS)) if pa.types.is_string(kind) else False
    if field in _RANGES:
        low, high = _RANGES[field]
        fits = pa.types.is_integer(kind) or (pa.types.is_floating(kind) and field != "status")
        return _valid(pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))) if fits else False
    if pa.types.is_string(kind):
        return _valid(pc.less_equal(pc.utf8_length(column), _TEXT_CHARACTERS))
    return not pa.types.is_uint64(kind) or _valid(pc.less_equal(column, pa.scalar(2**63 - 1, pa.uint64())))


def _valid(found: pa.Array) -> Mask:
    mask: Mask = found.fill_null(True).to_numpy(zero_copy_only=False)  # noqa: FBT003  what is absent is within it
    return mask


def _all(found: pa.Array) -> bool:
    return bool(_valid(found).all())
