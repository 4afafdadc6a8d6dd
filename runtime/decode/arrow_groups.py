"""Records that hold Arrow streams, decoded: groups of counted rows, and the dead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runtime.decode.arrow_columns import Encoded, absent, encoded, floats, is_number
from runtime.decode.arrow_stream import read_stream
from runtime.decode.arrow_table import Events
from runtime.decode.decoded import Dead, Decoded, Discovered, Group, Segments
from runtime.decode.rows import DIMENSIONS
from runtime.decode.shape import UNKNOWN, Coded, Shape
from runtime.decode.strict import Shapes, Strict, judge_event
from runtime.decode.strict_json import MalformedError
from runtime.decode.verdict import FUTURE_MS, Readable, Refusal, readable

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Which = Ints | slice
"""Rows that count; a slice where all do, so that nothing is copied."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A record that holds an Arrow stream."""

    index: int
    value: bytes
    timestamp_ms: int


def decode_streams(streams: Sequence[Stream], shapes: Shapes, strict: Strict, decoded: Decoded) -> list[Group]:
    """Decodes the records' rows; the dead and the counts go to `decoded`, which has each record as one event so far."""
    by_schema: dict[bytes, list[tuple[Stream, pa.Table]]] = {}
    known: set[bytes] = set()
    for stream in streams:
        try:
            schema, table = read_stream(stream.value, known)
        except MalformedError as error:
            decoded.dead.append(Dead(stream.index, None, "MALFORMED", str(error)[:300]))
            continue
        decoded.events += table.num_rows - 1
        if table.num_rows:
            by_schema.setdefault(schema, []).append((stream, table))
    groups: list[Group] = []
    for found in by_schema.values():
        groups += _Rows(found, shapes, strict).decode(decoded)
    return groups


class _Rows:
    """Rows of streams with one schema."""

    def __init__(self, found: Sequence[tuple[Stream, pa.Table]], shapes: Shapes, strict: Strict) -> None:
        sizes = [table.num_rows for _, table in found]
        self.events = Events([table for _, table in found])
        self.index = np.repeat([stream.index for stream, _ in found], sizes)
        self.timestamp_ms = np.repeat([stream.timestamp_ms for stream, _ in found], sizes)
        self.row = np.concatenate([np.arange(size) for size in sizes])
        self.id_hash = np.zeros(self.events.n, np.uint64)
        self._shapes = shapes
        self._strict = strict

    def decode(self, decoded: Decoded) -> Iterator[Group]:
        """The groups of the rows that count."""
        events = self.events
        if events.unreadable or events.naive_time:
            self._refuse_all(decoded)
            return
        sure = events.sure(self.id_hash)
        time_ms = events.whole_numbers("time_ms")
        sure &= time_ms - self.timestamp_ms <= FUTURE_MS
        model, version = events.texts("model"), events.texts("version")
        pair = (model.codes + 1).astype(np.int64) * (len(version.names) + 1) + version.codes + 1
        numbers = pair[:1] if (pair == pair[0]).all() else np.unique(pair)
        for number in numbers.tolist():
            mine = pair == number
            first = int(np.argmax(mine))
            name = _name(model, first), _name(version, first)
            origin = readable({"model": name[0], "version": name[1]})
            shape = self._shapes(*name) or UNKNOWN if origin.model and origin.version else UNKNOWN
            counted = mine & sure & self._fits(shape)
            if shape.discover and self._strict(name[0]):
                counted &= False
            self._judge(np.flatnonzero(mine & ~counted), counted, decoded)
            if counted.any():
                decoded.unknown_fields += int(counted.sum()) * events.has_unknown_field
                yield self._group(name, shape, slice(0, events.n) if counted.all() else np.flatnonzero(counted))

    def _refuse_all(self, decoded: Decoded) -> None:
        refusal = Refusal("SCHEMA", self.events.unreadable)
        if not self.events.unreadable:
            refusal = Refusal("TIME", "time_ms: an Arrow timestamp without time zone")
        model, version = self.events.texts("model"), self.events.texts("version")
        for place in range(self.events.n):
            origin = readable({"model": _name(model, place), "version": _name(version, place)})
            decoded.dead.append(self._dead(place, refusal, origin))

    def _judge(self, doubted: Ints, counted: Mask, decoded: Decoded) -> None:
        """Judges rows one by one; those that count after all are marked."""
        for place in doubted.tolist():
            event = self.events.event(place)
            judged = judge_event(event, None, int(self.timestamp_ms[place]), self._shapes, self._strict)
            if judged.refusal:
                decoded.dead.append(self._dead(place, judged.refusal, judged.origin))
            else:
                counted[place] = True

    def _dead(self, place: int, refusal: Refusal, origin: Readable) -> Dead:
        return Dead(
            int(self.index[place]), int(self.row[place]), refusal.reason, refusal.detail, origin.model, origin.version,
            origin.time_ms,
        )  # fmt: skip

    def _fits(self, shape: Shape) -> Mask:
        """bool[n]: the row surely fits the shape, where it fulfils the contract."""
        features = self.events.members["features"]
        fits = np.ones(self.events.n, np.bool_)
        for name in shape.numeric:
            if name in features and not is_number(features[name].type):
                fits &= absent(features[name])
        for column in shape.coded:
            if column.boolean and column.name in features and not pa.types.is_boolean(features[column.name].type):
                fits &= absent(features[column.name])
        prediction = self.events.plain.get("prediction")
        if prediction is None or (shape.prediction == "numeric" and not is_number(prediction.type)):
            return fits & False
        if shape.classes is not None:
            fits &= self.events.encoded(prediction).among(shape.classes.__contains__)
            for name, array in self.events.members["probabilities"].items():
                if name not in shape.classes:
                    fits &= absent(array)
        return fits

    def _group(self, name: tuple[str, str], shape: Shape, which: Which) -> Group:
        events = self.events
        features, prediction = events.members["features"], events.plain["prediction"]
        index = self.index[which]
        score = events.numbers("score")
        numbers = [
            floats(features[column]) if column in features else np.full(events.n, np.nan) for column in shape.numeric
        ]
        numbers += [floats(prediction)] * (shape.prediction == "numeric") + [score] * shape.score
        codes = [self._codes(column, features.get(column.name)) for column in shape.coded]
        if isinstance(shape.prediction, Coded):
            codes.append(self._codes(shape.prediction, prediction))
        return Group(
            model=name[0],
            version=name[1],
            shape=shape,
            index=index,
            row=self.row[which],
            time_ms=events.whole_numbers("time_ms")[which],
            latency_ms=events.numbers("latency_ms")[which],
            score=score[which],
            status=events.whole_numbers("status")[which].astype(np.int16),
            id_hash=self.id_hash[which],
            values=_stacked(numbers, which, len(index), np.float64),
            codes=_stacked(codes, which, len(index), np.int32),
            segments=self._segments(shape, which),
            discovered=self._discovered(which) if shape.discover else (),
        )

    def _codes(self, column: Coded, array: pa.Array | None) -> NDArray[np.int32]:
        if array is None:
            return np.full(self.events.n, column.missing, np.int32)
        found = self.events.encoded(array)
        codes = np.array([column.codes.get(name, column.unlisted) for name in found.names], np.int32)
        return found.translated(codes, column.missing)

    def _segments(self, shape: Shape, which: Which) -> Segments:
        found = {"variant": self.events.texts("variant")}
        for name, array in self.events.members["segments"].items():
            kept = name != "variant" and (shape.segments is None or name in shape.segments)
            if kept and len(found) < DIMENSIONS:
                found[name] = self.events.encoded(array)
        result = {}
        for name, column in found.items():
            without = ("", "stable") if name == "variant" else ("",)
            codes, names = _dense(column, which, without)
            if len(names) > 1:
                result[name] = (codes, names)
        return result

    def _discovered(self, which: Which) -> tuple[Discovered, ...]:
        features = [_discover(name, "feature", array, which) for name, array in self.events.members["features"].items()]
        return (*features, _discover("prediction", "prediction", self.events.plain["prediction"], which))


def _stacked(columns: Sequence[NDArray[Any]], which: Which, n: int, kind: Any) -> NDArray[Any]:
    matrix = np.empty((len(columns), n), kind)
    for row, column in zip(matrix, columns, strict=True):
        row[:] = column[which]
    return matrix


def _name(column: Encoded, place: int) -> str:
    code = int(column.codes[place])
    return column.names[code] if code >= 0 else ""


def _dense(column: Encoded, which: Which, without: tuple[str, ...]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes of the chosen rows into only the names they use; 0 is none."""
    names = {"": 0}
    dense = np.zeros(len(column.names) + 1, np.int32)
    used = np.bincount(column.codes[which] + 1, minlength=1)[1:]
    for code in np.flatnonzero(used).tolist():
        name = column.names[code]
        dense[code] = 0 if name in without else names.setdefault(name, len(names))
    return dense[column.codes[which]], list(names)


def _discover(name: str, role: Any, array: pa.Array, which: Which) -> Discovered:
    if is_number(array.type) or pa.types.is_null(array.type):
        return Discovered(name, role, "numeric", values=floats(array)[which])
    column = encoded(array)
    if not pa.types.is_boolean(array.type):
        return Discovered(name, role, "categorical", codes=column.codes[which], names=tuple(column.names))
    order = np.array([("false", "true").index(text) for text in column.names], np.int32)
    return Discovered(name, role, "boolean", codes=column.translated(order, -1)[which], names=("false", "true"))
