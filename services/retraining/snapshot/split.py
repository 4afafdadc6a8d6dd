"""A snapshot's table: split by time, as bytes and back, and as those who train and judge take it. No Kafka here."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runtime.training.protocol import Answers
from schemas.training import SnapshotSpec
from services.retraining.snapshot.columns import FEATURE, PROBABILITY
from stats.retraining.snapshot import Snapshot

_UNCOMPRESSED = pa.ipc.IpcWriteOptions(compression=None)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The rows in three parts, the oldest first; any of them may be empty where there are few rows or few times."""

    training: pa.Table
    validation: pa.Table
    holdout: pa.Table


def split(table: pa.Table, spec: SnapshotSpec) -> Split:
    """Splits rows that are sorted by `time_ms`: the newest are the holdout, those before it the validation rows.

    Rows of one time stay together: each cut is the one between two times that comes nearest to the share asked for.
    """
    time_ms = column(table, "time_ms")
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(time_ms)) + 1, [len(time_ms)]))
    second = _nearest(cuts, len(time_ms) * (1 - spec.holdout))
    first = _nearest(cuts, len(time_ms) * (1 - spec.holdout - spec.validation))
    return Split(table.slice(0, first), table.slice(first, second - first), table.slice(second))


def packed(table: pa.Table) -> bytes:
    """The table as an uncompressed Arrow IPC file. Tables of equal content are equal bytes.

    Equal in column names, types and values: every column is built anew, so that neither chunks, slices, dictionaries
    nor what lies under nulls shows.
    """
    columns = {name: _plain(table.column(name)) for name in table.column_names}
    plain = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, plain.schema, options=_UNCOMPRESSED) as writer:
        writer.write_table(plain)
    return bytes(sink.getvalue())


def unpacked(data: bytes) -> pa.Table:
    """What `packed` packed. Raises pyarrow.ArrowInvalid for other bytes."""
    with pa.ipc.open_file(pa.BufferReader(data)) as reader:
        return reader.read_all()


def digest_of(data: bytes) -> str:
    """The name of these bytes in the registry's artifact store (runtime/registry/artifacts.py)."""
    return f"sha256:{sha256(data).hexdigest()}"


def features_of(table: pa.Table) -> pa.Table:
    """The features' columns under their own names."""
    names = [name for name in table.column_names if name.startswith(FEATURE)]
    return table.select(names).rename_columns([name.removeprefix(FEATURE) for name in names])


def label_of(table: pa.Table) -> Sequence[str] | NDArray[np.float64]:
    """[n]: names of classes, or of a regression numbers."""
    label: Sequence[str] | NDArray[np.float64] = column(table, "label")
    return label


def answers_of(table: pa.Table, classes: Sequence[str]) -> Answers:
    """What production answered. `classes` in the task's order, the negative one first of two; none for a regression.

    A class that an event's probabilities do not name has what the others leave of 1 where there are two, else 0. Of two
    classes the score is the positive one's probability, and comes before what the event says class by class. A row
    without either has NaN; where all have, there are no probabilities.
    """
    return Answers(column(table, "prediction"), _probabilities(table, classes) if classes else None)


def as_snapshot(table: pa.Table) -> Snapshot:
    """The rows as the data gate takes them.

    Without ids: each occurs once in a snapshot, so only rows that are alike in time, label and features can be repeats.
    """
    features = features_of(table)
    by_name = {name: column(features, name) for name in features.column_names}
    return Snapshot(by_name, column(table, "label"), column(table, "time_ms"))


def column(table: pa.Table, name: str) -> Any:
    """[n]: an array of numbers, NaN where null; of texts and booleans a list, None where null."""
    values = table.column(name)
    if pa.types.is_int64(values.type):
        return np.asarray(values.to_numpy(), np.int64)
    return np.asarray(values.to_numpy(), np.float64) if pa.types.is_float64(values.type) else values.to_pylist()


def _nearest(cuts: NDArray[np.int64], wanted: float) -> int:
    return int(cuts[np.argmin(np.abs(cuts - wanted))])


def _plain(values: pa.ChunkedArray) -> pa.Array:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return pa.array(values.to_pylist(), kind)


def _probabilities(table: pa.Table, classes: Sequence[str]) -> NDArray[np.float64] | None:
    nothing = np.full(table.num_rows, np.nan)
    names = [PROBABILITY + name for name in classes]
    given = np.column_stack([column(table, name) if name in table.column_names else nothing for name in names])
    if len(classes) == 2:
        score = column(table, "score")
        own = np.where(np.isnan(given[:, 1]), 1 - given[:, 0], given[:, 1])
        positive = np.where(np.isnan(score), own, score)
        found = np.column_stack([1 - positive, positive])
    else:
        found = np.where(np.isnan(given) & ~np.isnan(given).all(1, keepdims=True), 0.0, given)
    return None if np.isnan(found).all() else found
