"""The table behind a projection: rows in memory by partition, each partition knowing how far its changelog is in it.

Faust's own in-memory store keeps one dictionary for all partitions and forgets how far it is: rows of partitions that
went elsewhere stay, and a rebalance that is overtaken by another leaves rows out of step with what is read next.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, cast

import faust
from faust.stores.base import Store
from faust.types import TP, EventT

from runtime.faust.halt import halt
from runtime.faust.projection import Rows

NOTHING_READ = -1


class RowStore(Store[bytes, bytes]):
    """Rows of the partitions this process holds. Lives on Faust's event loop; the watchdog reads counts."""

    def __post_init__(self) -> None:
        self.applied = 0
        """Changelog records read so far."""
        self._partitions: dict[int, Rows] = {}
        self._offsets: dict[int, int] = {}
        self._generations = itertools.count(1)

    def rows(self, partition: int) -> Rows:
        """The rows of a partition, for a handler."""
        rows = self._partitions.get(partition)
        if rows is None:
            rows = self._partitions[partition] = Rows(partition, next(self._generations))
        return rows

    def count(self) -> int:
        """Rows held."""
        return sum(map(len, list(self._partitions.values())))

    def persisted_offset(self, tp: TP) -> int:
        """The last changelog offset that is in the rows: recovery goes on behind it."""
        return self._offsets.get(tp.partition, NOTHING_READ)

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Notes that an own write was acknowledged."""
        self._offsets[tp.partition] = max(offset, self._offsets.get(tp.partition, NOTHING_READ))

    def apply_changelog_batch(
        self, batch: Iterable[EventT[bytes]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Reads changelog records into the rows. Faust would log an error and go on: this ends the process."""
        del to_key, to_value  # raw bytes
        try:
            for event in batch:
                message = event.message
                rows = self.rows(message.partition)
                rows.put(cast("bytes", message.key), message.value)
                rows.generation = next(self._generations)
                self._offsets[message.partition] = message.offset
                self.applied += 1
        except Exception as error:  # noqa: BLE001  whatever it is, rows would be missing
            halt(
                f"cannot read the rows back from the changelog of {self.table_name}: {error!r}",
                "look at the record with a console consumer; delete the changelog and the group's offsets to rebuild",
            )

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Forgets partitions that others hold now."""
        del standby_tps  # there are none
        held = {tp.partition for tp in active_tps}
        for partition in self._partitions.keys() - held:
            del self._partitions[partition]
            self._offsets.pop(partition, None)

    def reset_state(self) -> None:
        """Nothing is on disk."""

    async def backup_partition(self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1) -> None:  # noqa: FBT001, FBT002  faust's signature
        """Nothing is on disk."""

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:  # noqa: FBT001, FBT002  faust's signature
        """Nothing is on disk."""


class RowTable(faust.Table[bytes, bytes]):
    """A Faust table for its changelog and recovery only: the shell writes, a handler reads `Rows`."""

    def _new_store(self) -> RowStore:
        return RowStore("memory://", self.app, self, table_name=self.name, loop=self.loop)
