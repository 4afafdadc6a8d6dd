"""The rows of one batch while it is decoded: filled by the compiled parser or by the strict path, then grouped."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import PADDING
from runtime.decode.decoded import Group, Segments
from runtime.decode.event import parse_batch
from runtime.decode.program import VARIANT_TEXTS, Program
from runtime.decode.rows import BAIL, DIMENSIONS, DISTINCT, FIELDS, IDS, STAMP, Records, Rows
from runtime.decode.shape import Coded, category_text
from runtime.decode.text import digests

_KNOWN = frozenset(FIELDS)
_LINE, _PAGE = 64, 4_096


def hash_ids(ids: Sequence[str]) -> NDArray[np.uint64]:
    """uint64[n]: the hashes of prediction ids, as the compiled parser takes them."""
    hashes = np.empty(len(ids), np.uint64)
    digests(*_joined([each.encode() for each in ids]), hashes)
    return hashes


def has_unknown_field(event: Mapping[str, Any]) -> bool:
    """Whether an event has a field that the contract does not know."""
    return not _KNOWN.issuperset(event)


def _joined(parts: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All parts in one buffer, and where each ends."""
    ends = np.fromiter(map(len, parts), np.int64, len(parts)).cumsum()
    return np.frombuffer(b"".join((*parts, bytes(PADDING))), np.uint8), ends


def _matrix(rows: int, n: int, dtype: Any) -> NDArray[Any]:
    """An empty matrix whose rows do not all fall on the same cache lines."""
    width = -(-n * np.dtype(dtype).itemsize // _LINE) * _LINE
    width += _LINE * (width % _PAGE == 0)
    return np.empty((rows, width // np.dtype(dtype).itemsize), dtype)


def _heightened(matrix: NDArray[Any], height: int) -> NDArray[Any]:
    """The matrix with at least `height` rows."""
    if height <= len(matrix):
        return matrix
    return np.concatenate([matrix, np.empty((height - len(matrix), matrix.shape[1]), matrix.dtype)])


class Batch:
    """Columns for n JSON records."""

    def __init__(self, values: list[bytes], keys: list[bytes], program: Program) -> None:
        n = len(values)
        self._program = program
        self._records = Records(*_joined(values), *_joined(keys))
        self._texts: dict[str, int] = {}
        numbers = _matrix(program.value_rows, n, np.float64)
        codes = _matrix(program.code_rows, n, np.int32)
        self.rows = Rows(
            shape=np.full(n, BAIL, np.int32),
            time_ms=np.empty(n, np.int64),
            latency_ms=np.empty(n),
            score=np.empty(n),
            status=np.empty(n, np.int16),
            id_hash=np.empty(n, np.uint64),
            unknown=np.zeros(n, np.int8),
            values=numbers,
            codes=codes,
            segments=np.zeros((DIMENSIONS, n), np.int32),
            texts=np.zeros(2 * DISTINCT, np.int32),
            text_at=np.zeros(DISTINCT, np.int64),
            text_size=np.zeros(DISTINCT, np.int64),
            counters=np.zeros(4, np.int64),
            events=n,
            value_stride=numbers.shape[1],
            code_stride=codes.shape[1],
        )
        self.rows.counters[IDS] = len(VARIANT_TEXTS)
        self.rows.counters[STAMP] = program.stamp

    def parse(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lets the compiled parser read the chosen records; returns those it does not accept."""
        program = self._program
        if not program.shapes:
            return chosen
        self._widen()
        parse_batch(self._records, chosen, program.symbols.table, program.layouts, self.rows)
        program.stamp = int(self.rows.counters[STAMP])
        pending: NDArray[np.int64] = chosen[self.rows.shape[chosen] == BAIL]
        return pending

    def _widen(self) -> None:
        """Makes room for shapes that were added since."""
        rows, program = self.rows, self._program
        self.rows = rows._replace(
            values=_heightened(rows.values, program.value_rows), codes=_heightened(rows.codes, program.code_rows)
        )

    def write(self, row: int, number: int, event: Mapping[str, Any]) -> None:
        """Writes an event that the strict path accepted, and learns the names in it that the parser did not know."""
        self._widen()
        rows, program = self.rows, self._program
        shape = program.shapes[number]
        features, prediction = event["features"], event["prediction"]
        rows.shape[row] = number
        rows.time_ms[row] = event["time_ms"]
        rows.latency_ms[row] = or_nan(event.get("latency_ms"))
        rows.score[row] = or_nan(event.get("score"))
        rows.status[row] = event.get("status") or 0
        rows.id_hash[row] = hash_ids([event["prediction_id"]])[0]
        rows.unknown[row] = has_unknown_field(event)
        numbers = [or_nan(features.get(name)) for name in shape.numeric]
        if shape.prediction == "numeric":
            numbers.append(or_nan(prediction))
        if shape.score:
            numbers.append(or_nan(event.get("score")))
        rows.values[: len(numbers), row] = numbers
        codes = [_code(column, features.get(column.name)) for column in shape.coded]
        if isinstance(shape.prediction, Coded):
            codes.append(_code(shape.prediction, prediction))
        rows.codes[: len(codes), row] = codes
        self._write_segments(row, number, event)
        program.learn(number, event)

    def _write_segments(self, row: int, number: int, event: Mapping[str, Any]) -> None:
        segments = self.rows.segments
        segments[:, row] = 0
        variant = event.get("variant")
        segments[0, row] = VARIANT_TEXTS.index(variant) if variant in VARIANT_TEXTS else 0
        for name, text in (event.get("segments") or {}).items():
            place = self._program.dimension(number, name)
            if place >= 0 and text:
                segments[place, row] = self._texts.setdefault(text, DISTINCT + len(self._texts))

    def groups(self) -> Iterator[Group]:
        """The rows by shape."""
        rows, program = self.rows, self._program
        n = len(rows.shape)
        present = np.unique(rows.shape)
        for number in present[present >= 0].tolist():
            index = np.arange(n) if len(present) == 1 else np.flatnonzero(rows.shape == number)
            which = slice(0, n) if len(index) == n else index
            shape = program.shapes[number]
            model, version = program.names[number]
            yield Group(
                model=model,
                version=version,
                shape=shape,
                index=index,
                row=np.full(len(index), -1),
                time_ms=rows.time_ms[which],
                latency_ms=rows.latency_ms[which],
                score=rows.score[which],
                status=rows.status[which],
                id_hash=rows.id_hash[which],
                values=rows.values[: shape.value_rows, which],
                codes=rows.codes[: shape.code_rows, which],
                segments=self._segments(number, which),
            )

    def _segments(self, number: int, which: Any) -> Segments:
        """Ids of the batch's texts to dense codes, by dimension."""
        texts = list(self._texts)
        result = {}
        for name, place in self._program.dimensions[number].items():
            ids = self.rows.segments[place, which]
            used = np.zeros(DISTINCT + len(texts), np.bool_)
            used[ids] = True
            used[0] = False
            names = {"": 0}
            codes = np.zeros(len(used), np.int32)
            for i in np.flatnonzero(used).tolist():
                text = texts[i - DISTINCT] if i >= DISTINCT else self._text(i)
                codes[i] = names.setdefault(text, len(names))
            if len(names) > 1:
                result[name] = (codes[ids], list(names))
        return result

    def _text(self, i: int) -> str:
        if i < len(VARIANT_TEXTS):
            return VARIANT_TEXTS[i]
        at = int(self.rows.text_at[i])
        return self._records.buf[at : at + int(self.rows.text_size[i])].tobytes().decode()


def or_nan(value: float | None) -> float:
    """The value, NaN for none."""
    return np.nan if value is None else float(value)


def _code(column: Coded, value: Any) -> int:
    return column.missing if value is None else column.codes.get(category_text(value), column.unlisted)
