"""Events of Arrow tables with one schema: the columns of the contract, and which rows are surely valid.

The checks here are whole columns at a time and may doubt a valid row, never trust an invalid one. Doubted rows go to
the strict path one by one, so an event is judged alike in JSON and in Arrow.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runtime.decode.arrow_columns import (
    Encoded,
    absent,
    encoded,
    floats,
    identifiers,
    is_number,
    is_scalar,
    is_text,
    plain_name,
)
from runtime.decode.rows import FIELDS
from schemas.base import EARLIEST_MS, LATEST_MS
from schemas.prediction import MAX_FEATURES

_PREFIX = "features."
_STRUCTS = ("features", "segments", "probabilities")
_MAX_TEXT = 4_096
_INT64 = 2.0**63
"""Numbers from here on are doubted: integers beyond 64 bits are refused, floats are not."""
Mask = NDArray[np.bool_]


class Events:
    """n events as columns by the names of the contract; texts and numbers are made when they are asked for."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        self.n = table.num_rows
        self.unreadable = ""
        """Why no row can be judged: a column's type has no meaning in the contract."""
        self.naive_time = False
        """The column of times has no time zone."""
        plain: dict[str, pa.Array] = {}
        self.members: dict[str, dict[str, pa.Array]] = {name: {} for name in _STRUCTS}
        self._absent: dict[str, Mask] = {}
        self._encoded: dict[int, Encoded] = {}
        for name, column in zip(table.schema.names, table.columns, strict=True):
            array = column.chunk(0)
            if name.startswith(_PREFIX):
                self._add_feature(name.removeprefix(_PREFIX), array)
            elif name in _STRUCTS and pa.types.is_struct(array.type):
                self._absent[name] = absent(array)
                for field, member in zip(array.type, array.flatten(), strict=True):
                    self.members[name][field.name] = _flat(member)
            else:
                plain[name] = _flat(array)
        self.has_unknown_field = not plain.keys() <= set(FIELDS)
        self.plain = {name: array for name, array in plain.items() if name in FIELDS}
        self._read_time()
        for name, array in (*self.plain.items(), *(item for each in self.members.values() for item in each.items())):
            if not is_scalar(array.type):
                self.unreadable = f"{name[:64]}: the Arrow type {array.type} is none of the contract's"

    def _add_feature(self, name: str, array: pa.Array) -> None:
        if name in self.members["features"]:
            self.unreadable = f"{_PREFIX}{name[:64]}: given twice"
        self.members["features"][name] = _flat(array)

    def _read_time(self) -> None:
        array = self.plain.get("time_ms")
        if array is not None and pa.types.is_timestamp(array.type):
            self.naive_time = array.type.tz is None
            self.plain["time_ms"] = array.cast(pa.timestamp("ms", array.type.tz), safe=False).cast(pa.int64())

    def texts(self, name: str) -> Encoded:
        """A column of texts, all null where there is none."""
        array = self.plain.get(name)
        if array is None or not is_text(array.type):
            return Encoded(np.full(self.n, -1, np.int32), [])
        return self.encoded(array)

    def encoded(self, array: pa.Array) -> Encoded:
        """One of the events' own columns as categories, made once."""
        return self._encoded.get(id(array)) or self._encoded.setdefault(id(array), encoded(array))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of numbers, NaN where null or absent."""
        array = self.plain.get(name)
        return floats(array) if array is not None else np.full(self.n, np.nan)

    def whole_numbers(self, name: str) -> NDArray[np.int64]:
        """A column of integers, 0 where null, absent or of another type."""
        array = self.plain.get(name)
        if array is None or not pa.types.is_integer(array.type):
            return np.zeros(self.n, np.int64)
        return np.asarray(array.fill_null(0).to_numpy(), np.int64)

    def _has(self, name: str) -> Mask:
        array = self.plain.get(name)
        return np.zeros(self.n, np.bool_) if array is None else ~absent(array)

    def sure(self, hashes: NDArray[np.uint64]) -> Mask:
        """bool[n]: the row surely fulfils the contract. Fills in the hashes of the ids."""
        sure = ~self._absent.get("features", np.zeros(self.n, np.bool_))
        sure &= (
            bool("features" in self._absent or self.members["features"])
            and len(self.members["features"]) <= MAX_FEATURES
        )
        sure &= self.texts("schema").among(lambda name: name == "driftline.prediction/1") & self._has("schema")
        for name in ("model", "version"):
            sure &= self.texts(name).among(plain_name) & self._has(name)
        sure &= self.texts("variant").among(lambda name: name in ("stable", "canary", "shadow"))
        for name in ("prediction_id", "entity_id", "trace_id"):
            array = self.plain.get(name)
            if array is not None and is_text(array.type):
                found, plain = identifiers(array)
                sure &= plain if name == "prediction_id" else plain | absent(array)
                if name == "prediction_id":
                    hashes[:] = found
            elif name == "prediction_id":
                sure &= False
        time = self.whole_numbers("time_ms")
        sure &= (time >= EARLIEST_MS) & (time <= LATEST_MS)
        sure &= self._sure_numbers() & self._sure_members()
        return sure

    def _sure_numbers(self) -> Mask:
        score, latency, status = self.numbers("score"), self.numbers("latency_ms"), self.whole_numbers("status")
        sure = ~self._has("status") | ((status >= 100) & (status <= 599))
        sure &= np.isnan(score) | ((score >= 0) & (score <= 1))
        sure &= np.isnan(latency) | ((latency >= 0) & (latency < _INT64))
        for name in ("score", "latency_ms", "schema", "model", "version", "variant", "entity_id", "trace_id"):
            array = self.plain.get(name)
            fits = is_number if name in ("score", "latency_ms") else is_text
            if array is not None and not (fits(array.type) or pa.types.is_null(array.type)):
                sure &= absent(array)
        return sure & self._sure_value(self.plain.get("prediction"), null=False)

    def _sure_value(self, array: pa.Array | None, *, null: bool) -> Mask:
        """bool[n]: a feature's or a prediction's value is within the contract, whatever its type."""
        if array is None:
            return np.zeros(self.n, np.bool_)
        sure = ~absent(array) if not null else np.ones(self.n, np.bool_)
        if is_text(array.type):
            sure &= self.encoded(array).among(lambda name: len(name) <= _MAX_TEXT)
        elif not null and not is_number(array.type):
            sure &= False
        elif not null or pa.types.is_uint64(array.type):
            number = floats(array)
            sure &= np.isnan(number) | (np.abs(number) < _INT64) if null else np.abs(number) < _INT64
        return sure

    def _sure_members(self) -> Mask:
        sure = np.full(self.n, all(plain_name(name) for each in self.members.values() for name in each))
        for array in self.members["features"].values():
            sure &= self._sure_value(array, null=True)
        for array in self.members["segments"].values():
            sure &= self._sure_value(array, null=True) if is_text(array.type) else absent(array)
        if self.members["probabilities"]:
            total, given = np.zeros(self.n), np.zeros(self.n, np.bool_)
            for array in self.members["probabilities"].values():
                share = floats(array)
                sure &= absent(array) | ((share >= 0) & (share <= 1))
                given |= ~absent(array)
                total += np.nan_to_num(share)
            sure &= ~given | (np.abs(total - 1) < 0.0099)
        for name in set(_STRUCTS) & self.plain.keys():
            sure &= absent(self.plain[name])
        return sure

    def event(self, row: int) -> dict[str, Any]:
        """A row as the event that JSON would say; NaN is null, and an infinite feature, which JSON lacks, as well."""
        event = {name: array[row].as_py() for name, array in self.plain.items()}
        for name in ("score", "latency_ms"):
            event[name] = _number_or_none(event.get(name))
        event = {name: value for name, value in event.items() if value is not None}
        for struct, members in self.members.items():
            given = ~self._absent[struct][row] if struct in self._absent else bool(members)
            if not given:
                continue
            values = {name: array[row].as_py() for name, array in members.items()}
            if struct == "features":
                event[struct] = {name: _finite(value) for name, value in values.items()}
            else:
                event[struct] = {name: value for name, value in values.items() if value is not None}
        return event


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _number_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _flat(array: pa.Array) -> pa.Array:
    """The array without a dictionary that holds null."""
    is_dictionary = pa.types.is_dictionary(array.type)
    return array.dictionary_decode() if is_dictionary and array.dictionary.null_count else array
