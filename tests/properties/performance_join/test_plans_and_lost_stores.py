"""Plans change at any moment, stores are lost at any moment: what is told is what a join tells that never lost one."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.log.protocol import Batch, OutRecord
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from schemas.performance import Fairness, Protected
from stats.performance.contradiction import contradicts
from tests.performance_stream import (
    HOUR_MS,
    MONITORS,
    PARTITIONS,
    T0,
    World,
    label,
    prediction,
    quantities,
    summed,
)  # fmt: skip
from tests.unit.performance_join.test_handler import TRUTHS

if TYPE_CHECKING:
    from stats.performance.layout import OutcomeLayout

IDS = 30


def changed(rng: random.Random, monitor: Monitor) -> Monitor:
    """The monitor with another way to read predictions, or to count pairs."""
    protected = (), (Protected(name="age", edges=(20.0, 40.0)),), (Protected(name="plan"),)
    updates: list[dict[str, Any]] = [
        {"segments": rng.choice([None, (), ("region",), ("desk", "region")])},
        {"classes": rng.choice([None, ("stay", "leave"), ("leave", "stay"), ("a", "b", "c")])},
        {"strict": not monitor.strict},
    ]
    rules: list[dict[str, Any]] = [
        {"fairness": Fairness(protected=rng.choice(protected))},
        {"horizon": rng.choice([HOUR_MS, 6 * HOUR_MS, 40 * HOUR_MS])},
        {"pane": rng.choice([HOUR_MS // 2, HOUR_MS])},
    ]
    if rng.random() < 0.5:
        return monitor.model_copy(update=rng.choice(updates))
    return monitor.model_copy(update={"performance": monitor.performance.model_copy(update=rng.choice(rules))})


class Twins:
    """Two slots that share the partitions and lose their stores, and one that is given what they committed."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.rng = rng
        first = World(folder / "0")
        self.slots = [first, World(folder / "1", broker=first.broker, slot="1")]
        self.unharmed = World(folder / "unharmed")
        self.out: list[OutRecord] = []
        self.layouts: dict[str, OutcomeLayout] = {}
        self.clock_ms = T0

    @property
    def worlds(self) -> list[World]:
        return [*self.slots, self.unharmed]

    def write(self) -> None:
        """A prediction or a label of few ids: repeated, in conflict, corrected, early, late, as the day goes on."""
        rng, number = self.rng, self.rng.randrange(IDS)
        self.clock_ms += rng.choice([0, 60_000, HOUR_MS // 2])
        model = ("binary", "quantity", "many")[number % 3]
        when_ms = self.clock_ms - rng.choice([0, 60_000, 9 * HOUR_MS])
        one = number + IDS * max((when_ms - T0) // (40 * HOUR_MS), 0)
        if rng.random() < 0.4:
            self.slots[0].write("predictions", prediction(one, when_ms - when_ms % HOUR_MS, model=model))
        else:
            self.slots[0].write("labels", label(one, self.clock_ms, rng.choice(TRUTHS[model])))

    def change(self) -> None:
        """Something is applied; a slot may hear of it later than the other."""
        model = self.rng.choice(list(MONITORS))
        monitor = changed(self.rng, self.slots[0].monitors[model])
        baselines = self.rng.choice([quantities(), quantities(), {}])
        for world in self.worlds:
            world.baselines = baselines
            world.apply(**{model: monitor})
        self.rng.choice(self.slots).follow()

    def turn(self) -> None:
        """A slot reads a batch; it may die before or after it commits, and lose stores."""
        rng = self.rng
        world, die = rng.choice(self.slots), rng.choice(["", "", "", "planned", "committed"])
        world.wall_ms += rng.choice([0, 30 * HOUR_MS])
        batch = world.poll(rng.randint(1, 40))
        told = world.handler.join(batch, world.wall_ms)
        if die != "planned":
            world.log.commit(batch, told)
            self.compare(world, batch, told)
        if not die:
            world.handler.settle("committed")
        if die or rng.random() < 0.1:
            world.stores.close()
            for partition in rng.sample(range(PARTITIONS), rng.randrange(PARTITIONS)):
                shutil.rmtree(world.folder / str(partition), ignore_errors=True)
            world.start()

    def compare(self, world: World, batch: Batch, told: list[OutRecord]) -> None:
        """The unharmed one is given a batch, and what its reader had heard of."""
        for mine, theirs in zip(self.unharmed.applied, world.applied, strict=True):
            mine.values, mine.generation = theirs.values, theirs.generation
        expected = self.unharmed.handler.join(batch, world.wall_ms)
        self.unharmed.handler.settle("committed")
        assert without_changes(told) == without_changes(expected)
        self.out += told
        layouts = (world.plans.plan(model, "1").layout for model in MONITORS)
        self.layouts |= {layout.digest: layout for layout in layouts if layout is not None}


def without_changes(told: list[OutRecord]) -> list[OutRecord]:
    """Whoever takes a partition states its plans; all else must be alike."""
    return [record for record in told if record.topic != "plans"]


@contextmanager
def twins(seed: int) -> Iterator[Twins]:
    with TemporaryDirectory() as folder:
        found = Twins(Path(folder), random.Random(seed))
        yield found
        for world in found.worlds:
            world.stores.close()


@given(st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_a_rebuilt_store_takes_pairs_away_from_where_they_were_added(seed: int) -> None:
    """Byte by byte, batch by batch; and no count ever falls below zero."""
    with twins(seed) as found:
        for _ in range(40):
            for _ in range(found.rng.randint(0, 16)):
                found.write()
            if found.rng.random() < 0.2:
                found.change()
            found.turn()
        outcomes = [record.value for record in found.out if b"driftline.outcome" in record.value]
        cells = summed(map(Outcome.model_validate_json, outcomes))
        assert cells
        for place, (n, counted) in cells.items():
            assert n >= 0
            assert not contradicts(found.layouts[place[5]], np.array(counted))
