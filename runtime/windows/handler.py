"""A control tier of windows as a pure function: one record of a partials' topic and the rows in, windows and rows out.

It knows no clock: marks bring wall time.
"""

from functools import partial
from typing import Generic

from pydantic import ValidationError

from runtime.faust.projection import BadRecord, Effects, Event, Rows
from runtime.metrics import Metrics
from runtime.windows.partition import WindowedPartition
from runtime.windows.parts import History, P, Parts, R
from schemas.profile import Mark


class WindowsOf(Generic[P, R]):
    """Hands each record to the partition it belongs to; partitions share nothing."""

    def __init__(self, parts: Parts[P, R], history: History[P], metrics: Metrics) -> None:
        self._parts = parts
        self._history = history
        self._metrics = metrics
        self._partitions: dict[int, tuple[int, WindowedPartition[P, R]]] = {}

    def handle(self, event: Event, rows: Rows) -> Effects:
        """Records to publish and row changes to store. Raises BadRecord for a record that is none of ours."""
        try:
            record = self._parts.record.validate_json(event.value)
        except ValidationError as error:
            detail = f"neither a partial of `{self._parts.topic}` nor a mark: {error.errors()[0]['msg']}"
            raise BadRecord("SCHEMA", detail) from error
        generation, partition = self._partitions.get(event.partition, (-1, None))
        if partition is None or generation != rows.generation:
            partition = WindowedPartition(rows, self._parts, self._metrics)
            self._partitions[event.partition] = (rows.generation, partition)
        if isinstance(record, Mark):
            return partition.mark(record)
        return partition.partial(record, partial(self._history, event.partition, event.offset))
