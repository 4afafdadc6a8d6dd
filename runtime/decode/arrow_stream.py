"""Bytes to Arrow tables, trusting nothing in them."""

import struct
from collections import Counter

import pyarrow as pa

from runtime.decode.strict_json import MalformedError

MAX_ROWS = 100_000
MAX_COLUMNS = 4_000
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2


def read_stream(value: bytes, known: set[bytes]) -> tuple[bytes, pa.Table]:
    """The rows of an IPC stream, validated, and the bytes of their schema: equal bytes are equal schemas.

    Raises MalformedError. `known` are schemas whose names have been looked at; a new one is added.
    """
    try:
        schema = _check_messages(value)
        table = _read(value)
        table.validate(full=True)
        if schema not in known:
            _check_names(table.schema)
            known.add(schema)
    except (pa.ArrowException, struct.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        if isinstance(error, MalformedError):
            raise
        raise MalformedError(f"no Arrow stream that can be read: {error}") from error
    return schema, table


def _check_names(schema: pa.Schema) -> None:
    for names in (schema.names, *map(_members, schema)):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise MalformedError(f"the column {twice[0][:64]!r} is given twice")


def _members(field: pa.Field) -> list[str]:
    return [member.name for member in field.type] if pa.types.is_struct(field.type) else []


def _read(value: bytes) -> pa.Table:
    batches, rows = [], 0
    with pa.ipc.open_stream(pa.BufferReader(value)) as reader:
        schema = reader.schema
        if len(schema) > MAX_COLUMNS:
            raise MalformedError(f"more than {MAX_COLUMNS} columns")
        for batch in reader:
            rows += batch.num_rows
            if rows > MAX_ROWS:
                raise MalformedError(f"more than {MAX_ROWS} rows in one record")
            batches.append(batch)
        return pa.Table.from_batches(batches, schema)


def _check_messages(value: bytes) -> bytes:
    """Refuses compression, since few bytes could unfold to any size, and streams without an end.

    Returns the first message's metadata: the schema.
    """
    source = pa.BufferReader(value)
    schema = b""
    while source.tell() < len(value):
        try:
            message = pa.ipc.read_message(source)
        except EOFError:
            break
        schema = schema or message.metadata.to_pybytes()
        if message.type in ("record batch", "dictionary") and _is_compressed(message.metadata.to_pybytes()):
            raise MalformedError("a compressed Arrow stream: write it uncompressed, Kafka compresses")
    else:
        raise MalformedError("the Arrow stream has no end: it was cut off, or never closed")
    if source.tell() != len(value):
        raise MalformedError("bytes follow the end of the Arrow stream")
    return schema


def _is_compressed(metadata: bytes) -> bool:
    """Whether an IPC message (flatbuffers: Message.fbs) has RecordBatch.compression set."""
    message = struct.unpack_from("<I", metadata)[0]
    kind = _field(metadata, message, 1)
    body = _table(metadata, message, 2)
    if kind is not None and metadata[kind] == _DICTIONARY_BATCH and body is not None:
        body = _table(metadata, body, 1)
    return body is not None and _field(metadata, body, 3) is not None


def _field(metadata: bytes, table: int, number: int) -> int | None:
    """Where a flatbuffers table holds a field; None: it does not."""
    fields = table - struct.unpack_from("<i", metadata, table)[0]
    place = 4 + 2 * number
    if fields < 0 or place >= struct.unpack_from("<H", metadata, fields)[0]:
        return None
    offset = struct.unpack_from("<H", metadata, fields + place)[0]
    return table + offset if offset else None


def _table(metadata: bytes, table: int, number: int) -> int | None:
    """Where a flatbuffers table holds another one."""
    place = _field(metadata, table, number)
    return None if place is None else place + struct.unpack_from("<I", metadata, place)[0]
