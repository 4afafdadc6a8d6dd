"""Prediction events as Arrow: many in one Kafka record, under any key. For producers of high rate.

A record holds one IPC stream. Its columns have the names and types of the contract: `features` is a struct, or one
column `features.NAME` a feature; `segments` and `probabilities` are structs; texts may be dictionaries. Null is absent.
Do not compress the stream, Kafka does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from schemas.prediction import Prediction

CONTENT_TYPE = "application/vnd.apache.arrow.stream"
CONTINUATION = b"\xff\xff\xff\xff"
"""Every IPC stream begins with it."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
_PLAIN: dict[str, pa.DataType] = {
    "schema": _TEXT,
    "prediction_id": pa.string(),
    "model": _TEXT,
    "version": _TEXT,
    "time_ms": pa.int64(),
    "score": pa.float64(),
    "latency_ms": pa.float64(),
    "status": pa.int16(),
    "variant": _TEXT,
    "entity_id": pa.string(),
    "trace_id": pa.string(),
}


def arrow_schema(
    features: Mapping[str, pa.DataType],
    prediction: pa.DataType,
    segments: Iterable[str] = (),
    classes: Iterable[str] = (),
    absent: Iterable[str] = (),
) -> pa.Schema:
    """The schema of a model's events. `absent` names optional fields that the producer never gives."""
    columns = {
        **_PLAIN,
        "features": pa.struct(list(features.items())),
        "prediction": prediction,
        "segments": pa.struct([(name, _TEXT) for name in segments]),
        "probabilities": pa.struct([(name, pa.float64()) for name in classes]),
    }
    left_out = {*absent, *(name for name in ("segments", "probabilities") if not columns[name].num_fields)}
    return pa.schema([(name, kind) for name, kind in columns.items() if name not in left_out])


def encode_table(table: pa.Table) -> bytes:
    """The value of a record that holds a table's rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def encode_arrow(predictions: Iterable[Prediction], schema: pa.Schema | None = None) -> bytes:
    """The value of a record that holds predictions; without a schema, one is made from their values.

    Raises pyarrow.ArrowInvalid or ArrowTypeError where a feature's values have no common type.
    """
    rows = [prediction.model_dump(by_alias=True, exclude_none=True) for prediction in predictions]
    return encode_table(pa.Table.from_pylist(rows, schema) if schema else _inferred(rows))


def _inferred(rows: list[dict[str, Any]]) -> pa.Table:
    """A table with the columns, and the members of structs, that any of the rows has."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if any(isinstance(value, dict) for value in values):
            members = dict.fromkeys(member for value in values for member in value or ())
            arrays = [pa.array([(value or {}).get(member) for value in values]) for member in members]
            absent = pa.array([value is None for value in values])
            columns[name] = pa.StructArray.from_arrays(arrays, list(members), mask=absent)
        else:
            columns[name] = pa.array(values, _PLAIN.get(name))
    return pa.table(columns)
