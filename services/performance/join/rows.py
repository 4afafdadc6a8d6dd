"""How the store lays out its keys and values. Numbers in keys are big-endian, so that their order is time's.

    i <id>                an open prediction, with its label once known; or, before it came, references to its labels
    d <expiry> <offset>   ids of the predictions of one batch that expire then
    w <due> <offset>      a label that waits for its prediction until then
    m                     identity, positions, watermarks

A prediction's row is also one side of a joined pair: it holds everything that is told of it.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.performance.join.records import LabelRecord, PredictionRecord

SLACK_MS = 86_400_000
"""How long a prediction is kept beyond its horizon: for labels of that time that reach their topic late."""
EXPIRY_STEP_MS = 60_000
"""Expiry is rounded up to this, so that neighbours expire together."""

WAITING, OPEN, LABELLED = 0, 1, 2
"""First byte of a row."""

ROW = np.dtype(
    [
        ("kind", "u1"),
        ("label_time_ms", "<i8"),
        ("label", "<f8"),
        ("value", "<f8"),
        ("basis", "<u8"),
        ("time_ms", "<i8"),
        ("seen_ms", "<i8"),
        ("horizon_ms", "<i8"),
        ("expires_ms", "<i8"),
        ("origin_size", "<u4"),
        ("text_size", "<u4"),
        ("probabilities_size", "<u4"),
        ("digest", "V16"),
        ("prediction", "<f8"),
        ("score", "<f8"),
    ]
)
"""The fixed part of a prediction's row: its label first, which alone changes. Then origin, text, probabilities, and the
label's text."""
FIXED = ROW.itemsize
_LABEL = struct.Struct("<BqddQ")
_TIMES = struct.Struct("<33xqqqqI")
_SIZES = struct.Struct("<65xIII")
_REFERENCE = struct.Struct(">qq")
_WAITING = struct.Struct("<qqddHI")
_ID_SIZE = slice(32, 34)
_DIGEST = slice(77, 93)
_LABEL_END = _LABEL.size
_SAID = slice(9, 25)
"""What a row's label says, without its time and by what it was counted."""

Rows = NDArray[np.void]
"""Fixed parts, [n] of `ROW`."""


def prediction_keys(ids: Sequence[bytes]) -> list[bytes]:
    """Where the rows of predictions are."""
    return [b"i" + one for one in ids]


def expiry_key(expires_ms: int, offset: int) -> bytes:
    """Where the ids of a batch that expire then are."""
    return b"d" + _REFERENCE.pack(expires_ms, offset)


def waiting_key(due_ms: int, offset: int) -> bytes:
    """Where a waiting label is; the same without its first byte is the reference to it."""
    return b"w" + _REFERENCE.pack(due_ms, offset)


def due_ms_of(key: bytes) -> int:
    """When a waiting label is due, by its key."""
    return int.from_bytes(key[1:9], "big")


def _offset_of(key: bytes) -> int:
    return int.from_bytes(key[9:17], "big")


def opened(
    records: Sequence[PredictionRecord], seen_ms: NDArray[np.int64], horizon_ms: NDArray[np.int64]
) -> tuple[Rows, list[bytes]]:
    """Rows of predictions without label, their fixed parts and whole; `seen_ms` [n] is the watermark before each.

    A prediction is kept until `expires_ms`.
    """
    rows = np.zeros(len(records), ROW)
    if not records:
        return rows, []
    _, _, time_ms, digests, origins, prediction, _, texts, score, probabilities, _ = zip(*records, strict=True)
    rows["kind"], rows["label"], rows["value"] = OPEN, np.nan, np.nan
    rows["time_ms"], rows["seen_ms"], rows["horizon_ms"] = time_ms, seen_ms, horizon_ms
    rows["expires_ms"] = -(-(rows["time_ms"] + (horizon_ms + SLACK_MS)) // EXPIRY_STEP_MS) * EXPIRY_STEP_MS
    for name, given in (("origin", origins), ("text", texts), ("probabilities", probabilities)):
        rows[f"{name}_size"] = [*map(len, given)]
    rows["digest"] = np.frombuffer(b"".join(digests), "V16")
    rows["prediction"], rows["score"] = prediction, score
    fixed, rest = rows.tobytes(), zip(range(0, rows.nbytes, FIXED), origins, texts, probabilities, strict=True)
    return rows, [fixed[at : at + FIXED] + origin + text + shares for at, origin, text, shares in rest]


times = _TIMES.unpack_from
"""(time, watermark before it, horizon, expiry) of a prediction's row, in milliseconds, and its origin's size."""


def digest(row: bytes) -> bytes:
    """The digest of a prediction's body."""
    return row[_DIGEST]


def origin_of(row: bytes, size: int) -> bytes:
    """The packed origin of a prediction."""
    return row[FIXED : FIXED + size]


def labelled(row: bytes, label: LabelRecord, basis: int) -> bytes | None:
    """The row with another label; None where it has an equal one, whose time and basis stay."""
    told, end = _LABEL.pack(LABELLED, label.time_ms, label.label, label.value, basis), len(row)
    if row[0] == LABELLED:
        end = FIXED + sum(_SIZES.unpack_from(row))
        if told[_SAID] == row[_SAID] and row[end:] == label.text:
            return None
    return told + row[_LABEL_END:end] + label.text


class WaitingLabel(NamedTuple):
    """A label that waits for its prediction."""

    seen_ms: int
    """Its partition's watermark before it."""
    label: LabelRecord


def packed_waiting(label: LabelRecord, seen_ms: int) -> bytes:
    """The value of a waiting label."""
    numbers = (seen_ms, label.time_ms, label.label, label.value, len(label.id), len(label.text))
    return b"".join((_WAITING.pack(*numbers), label.id, label.text, label.payload))


def unpacked_waiting(key: bytes, packed: bytes) -> WaitingLabel:
    """The label of a key and value of the store."""
    seen_ms, time_ms, label, value, id_size, text_size = _WAITING.unpack_from(packed)
    text_at = _WAITING.size + id_size
    payload_at = text_at + text_size
    record = LabelRecord(
        _offset_of(key),
        packed[_WAITING.size : text_at],
        time_ms,
        label,
        packed[payload_at:],
        packed[text_at:payload_at],
        value,
    )
    return WaitingLabel(seen_ms, record)


def waiting_id(packed: bytes) -> bytes:
    """The id of a waiting label's value."""
    return packed[_WAITING.size : _WAITING.size + int.from_bytes(packed[_ID_SIZE], "little")]


def with_reference(row: bytes | None, key: bytes) -> bytes:
    """The row of a prediction that has not come, with one more waiting label."""
    return (row or bytes([WAITING])) + key[1:]


def without_reference(row: bytes, key: bytes) -> bytes | None:
    """The row with one waiting label less; None where it was the last."""
    left = b"".join(other[1:] for other in references(row) if other != key)
    return bytes([WAITING]) + left if left else None


def references(row: bytes) -> Iterator[bytes]:
    """Keys of the labels that wait for a prediction, in offset order."""
    for at in range(1, len(row), _REFERENCE.size):
        yield b"w" + row[at : at + _REFERENCE.size]


def packed_ids(ids: Sequence[bytes]) -> bytes:
    """Ids of up to 65,535 bytes as one value."""
    return struct.pack(f">I{len(ids)}H", len(ids), *map(len, ids)) + b"".join(ids)


def unpacked_ids(packed: bytes) -> Iterator[bytes]:
    """What `packed_ids` packed."""
    (n,) = struct.unpack_from(">I", packed)
    at = 4 + 2 * n
    for size in struct.unpack_from(f">{n}H", packed, 4):
        yield packed[at : at + size]
        at += size
