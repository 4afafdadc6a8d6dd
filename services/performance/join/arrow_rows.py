"""Rows of an Arrow batch as events, a column at a time; and some of its rows as a batch of their own."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from runtime.decode.arrow import encode_table
from runtime.decode.arrow_stream import read_stream
from runtime.decode.arrow_table import Events


def events_of(value: bytes) -> list[dict[str, Any]]:
    """The rows of a stream that was decoded before: fields that are null or NaN are none."""
    _, table = read_stream(value, set())
    events = Events([table])
    fields = {name: _values(array) for name, array in events.plain.items()}
    for struct, members in events.members.items():
        columns = {name: _values(array) for name, array in members.items()}
        rows = zip(*columns.values(), strict=True) if columns else iter([()] * events.n)
        fields[struct] = [dict(zip(columns, row, strict=True)) for row in rows]
    return [_event(names_and_values) for names_and_values in _rows(fields, events.n)]


def only(value: bytes, rows: Sequence[int]) -> bytes:
    """The value of a record that holds some rows of another's."""
    _, table = read_stream(value, set())
    return encode_table(table.take(pa.array(rows, pa.int64())))


def _rows(fields: dict[str, list[Any]], n: int) -> list[dict[str, Any]]:
    return [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)] if fields else [{}] * n


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _present(value) for name, value in row.items() if value is not None}


def _present(value: Any) -> Any:
    return {name: member for name, member in value.items() if member is not None} if isinstance(value, dict) else value


def _values(array: pa.Array) -> list[Any]:
    values: list[Any] = array.to_pylist()
    if pa.types.is_floating(array.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124  NaN alone differs from itself
    return values
