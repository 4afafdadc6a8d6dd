"""Faults of slots that keep a store on disk: it is deleted or spoilt while no process holds it, or left behind."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from runtime.log.kafka_config import SESSION_TIMEOUT_S
from tests.chaos.faults import Arena, Fault
from tests.chaos.spoiling import spoil


def store_faults(folder_of: Callable[[str], Path], slots: tuple[str, ...]) -> Mapping[str, tuple[Fault, int]]:
    """Name → (fault, weight). `folder_of` a slot is where its stores are, one folder a partition."""

    def deleted(arena: Arena) -> None:
        """The disk is lost, whole or in part."""
        slot = arena.random.choice(slots)
        with arena.workers.down(slot):
            gone = arena.random.choice([folder_of(slot), *_stores(folder_of(slot))])
            shutil.rmtree(gone, ignore_errors=True)

    def spoilt(arena: Arena) -> None:
        """A file of every store is cut off, overwritten in places, or missing."""
        slot = arena.random.choice(slots)
        with arena.workers.down(slot):
            for store in _stores(folder_of(slot)):
                spoil(store, arena.random)

    def moved(arena: Arena) -> None:
        """A slot is away for longer than its session, the others take its partitions over; then it comes back."""
        with arena.workers.down(arena.random.choice(slots)):
            arena.workers.wait(1.5 * SESSION_TIMEOUT_S)

    return {"store deleted": (deleted, 3), "store spoilt": (spoilt, 4), "partitions moved": (moved, 3)}


def _stores(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())
