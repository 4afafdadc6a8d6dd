"""One labelled prediction: folded, while many are held; and unfolded, while its values become columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from schemas.monitor import Monitor
from services.retraining.snapshot.groups import groups_of
from services.retraining.snapshot.labels import Told

_KEPT = frozenset(("version", "variant", "features", "prediction", "score", "probabilities", "segments"))
_AT_ONCE = 5_000


class Row(NamedTuple):
    """A prediction with its label. Rows sort by time, then id."""

    time_ms: int
    id: bytes
    told: Told
    event: bytes
    """What is kept of it, as JSON: a third of the room that Python's objects take."""


class Unfolded(NamedTuple):
    """A row's values."""

    time_ms: int
    id: str
    told: Told
    event: Mapping[str, Any]
    groups: Mapping[str, str]
    """Value by dimension."""


def row_of(prediction_id: bytes, event: Mapping[str, Any], told: Told) -> Row:
    """The row of a valid event."""
    kept = {name: value for name, value in event.items() if name in _KEPT}
    return Row(event["time_ms"], prediction_id, told, to_json(kept))


def unfolded(rows: Sequence[Row], monitor: Monitor) -> Iterator[list[Unfolded]]:
    """The rows' values, in pieces; groups are those that the monitor watches."""
    for begin in range(0, len(rows), _AT_ONCE):
        piece = rows[begin : begin + _AT_ONCE]
        yield [_unfolded(row, from_json(row.event), monitor) for row in piece]


def _unfolded(row: Row, event: Mapping[str, Any], monitor: Monitor) -> Unfolded:
    return Unfolded(row.time_ms, row.id.decode(), row.told, event, groups_of(event, monitor))
