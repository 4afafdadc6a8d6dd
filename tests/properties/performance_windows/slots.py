"""Two slots of the join on one broker in memory, of which each may die, lose its disk, or lose its partitions."""

import random
import shutil
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest

from runtime.clock import ManualClock
from runtime.hot_loop import Postponed
from runtime.log.protocol import Rewound
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from services.performance.join.store import StoreCorruptError
from services.performance.join.stores import REPLAY_S
from tests.chaos.spoiling import spoil
from tests.performance_stream import NOW_MS, PARTITIONS, World
from tests.properties.performance_windows.stream import Written

Fate = Literal["", "planned", "committed", "rewound"]
"""What ends a turn: nothing, death before its transaction, death after it, or a group that changed meanwhile."""
Disk = Literal["closed", "as it was", "damaged", "lost"]
"""What a process that died finds: its store closed in order, as kill -9 leaves it, with a spoilt file, or nothing."""


class Slow(ManualClock):
    """A machine on which every replay takes longer than its turn."""

    def monotonic(self) -> float:
        self.sleep(2 * REPLAY_S)
        return super().monotonic()


class Slots:
    """The second slot is slow and may be away; the first has all partitions then."""

    def __init__(self, folder: Path, monitors: Mapping[str, Monitor], baselines: Mapping[str, Baseline]) -> None:
        self._folder = folder
        first = World(folder / "0", monitors, baselines)
        second = World(folder / "1", monitors, baselines, broker=first.broker, slot="1", clock=Slow())
        self.worlds = [first, second]
        self.broker = first.broker
        self.wall_ms = NOW_MS
        self.away = False
        self.happened: Counter[str] = Counter()
        """Fates and disks."""

    def wait(self, wall_ms: int) -> None:
        """Lets wall time pass."""
        self.wall_ms += wall_ms
        for world in self.worlds:
            world.wall_ms = self.wall_ms

    def write(self, one: Written) -> None:
        """As Java's clients place keys, or as librdkafka's do."""
        partition = zlib.crc32(one.event["prediction_id"].encode()) % PARTITIONS if one.other_partitioner else None
        self.worlds[0].write(one.topic, one.event, partition=partition)

    def step(self, slot: int, records: int, fate: Fate, disk: Disk, rng: random.Random) -> bool:
        """One turn of a slot; returns whether there was anything to do."""
        if slot == 1 and self.away:
            return False
        with suppress(StoreCorruptError):
            return self._turn(self.worlds[slot], records, fate, disk, rng)
        self.happened["met damage"] += 1
        self._end(self.worlds[slot])
        self.worlds[slot].start()
        return True

    def _turn(self, world: World, records: int, fate: Fate, disk: Disk, rng: random.Random) -> bool:
        batch = world.poll(records)
        try:
            out = world.handler.join(batch, world.wall_ms)
        except Postponed:
            self.happened["postponed"] += 1
            world.log.rewind()
            world.handler.settle("postponed")
            return True
        self.happened[fate] += 1
        if fate == "rewound":
            self.broker.group("performance-join").generation += 1
            with pytest.raises(Rewound):
                world.log.commit(batch, out)
            world.handler.settle("rewound")
            return True
        if fate != "planned":
            world.log.commit(batch, out)
        if fate:
            self._die(world, disk, rng)
        else:
            world.handler.settle("committed")
        return batch.moved or bool(fate)

    def _end(self, world: World) -> None:
        """The process ends, whatever its stores say to that."""
        for store in world.stores.open.values():
            with suppress(StoreCorruptError):
                store.close()

    def _die(self, world: World, disk: Disk, rng: random.Random) -> None:
        self.happened[disk] += 1
        before, after = world.folder, self._folder / f"after death {self.happened.total()}"
        if disk in {"as it was", "damaged"} and before.exists():
            shutil.copytree(before, after, ignore=shutil.ignore_patterns("LOCK"))
        self._end(world)
        if disk != "closed":
            shutil.rmtree(before, ignore_errors=True)
            world.folder = after
        if disk == "damaged":
            spoil(after, random.Random(rng.random()))  # files differ from run to run, and draw more or less
        world.start()

    def leave(self) -> None:
        """The second slot's process stops for longer than its session."""
        if not self.away:
            self.away = True
            self._end(self.worlds[1])
            self.worlds[1].log.close()

    def come_back(self) -> None:
        """It starts again, with the stores it had."""
        if self.away:
            self.away = False
            self.worlds[1].start()

    def drain(self, rng: random.Random) -> None:
        """Reads both topics to the end, also what is moved meanwhile; then the partitions are silent."""
        self.come_back()
        while any(self.step(slot, 1_000, "", "closed", rng) for slot in range(len(self.worlds))):
            pass

    def close(self) -> None:
        """Closes all stores."""
        for world in self.worlds:
            self._end(world)
