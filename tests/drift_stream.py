"""A small world without Kafka: batches cut anywhere, and a shell that can be killed between any two writes."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runtime.clock import ManualClock
from runtime.faust.projection import Effects, Event, Rows
from runtime.log.memory_broker import MemoryMessage
from runtime.log.protocol import Batch, OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from schemas.base import SourceRange
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.profile import Profile
from schemas.window import Window
from services.drift.fold.handler import FoldHandler
from services.drift.reference import columns_of, reference_of
from services.drift.windows.handler import WindowsHandler
from services.drift.windows.publishing import Publisher
from stats.baseline import Reference, build_column
from stats.detector.season import learn
from stats.fold import Columns, fold
from stats.layout import Layout

T0 = 1_700_000_000_000 - 1_700_000_000_000 % 604_800_000


@dataclass
class Applied:
    """What a follower would hold."""

    values: Mapping[str, Any]
    generation: int = 0


def event(i: int, time_ms: int, *, version: str = "1", model: str = "m", **more: Any) -> dict[str, Any]:
    """A valid prediction."""
    rng = np.random.default_rng(i)
    return {
        "schema": "driftline.prediction/1", "prediction_id": f"id-{i}", "model": model, "version": version,
        "time_ms": time_ms, "features": {"x": float(rng.normal()), "c": "abc"[i % 3]}, "prediction": i % 2,
        "score": float(rng.random()), "latency_ms": float(rng.lognormal()), "status": 200,
    } | more  # fmt: skip


def messages(
    events: Sequence[tuple[int, dict[str, Any]]], read: Mapping[int, int] | None = None
) -> list[MemoryMessage]:
    """Events with their partitions, as records in order, after what was read of them before."""
    offsets = dict(read or {})
    made = []
    stamp_ms = max(body["time_ms"] for _, body in events)
    for partition, body in events:
        offset = offsets.get(partition, 0)
        offsets[partition] = offset + 1
        key = body["prediction_id"].encode()
        made.append(
            MemoryMessage(json.dumps(body).encode(), key=key, partition=partition, offset=offset, timestamp_ms=stamp_ms)
        )
    return made


def baseline(model: str = "m", version: str = "1", seed: int = 7) -> Baseline:
    """A baseline of the columns of `event`."""
    rng = np.random.default_rng(seed)
    reference = Reference((
        build_column("x", "feature", "numeric", rng.normal(size=2_000)),
        build_column("c", "feature", "categorical", [str(c) for c in rng.choice(list("abc"), 2_000)]),
        build_column("prediction", "prediction", "numeric", rng.integers(0, 2, 2_000).astype(float)),
        build_column("score", "score", "numeric", rng.random(2_000)),
    ))  # fmt: skip
    return Baseline(model=model, version=version, digest=reference.digest, rows=2_000, columns=columns_of(reference))


def seasoned(of: Baseline, panes: int = 400, size: int = 60) -> Baseline:
    """The baseline with a season of minutes that are like its own rows."""
    layout = Layout(reference_of(of))
    rng = np.random.default_rng(11)
    cells = []
    for _ in range(panes):
        columns = Columns(
            values=np.vstack((rng.normal(size=size), rng.integers(0, 2, size), rng.random(size))),
            codes=rng.integers(0, 3, (1, size)).astype(np.int32),
            status=np.full(size, 200, np.int16),
            latency_ms=np.ones(size),
            score=rng.random(size),
        )
        cells.append(fold(layout, columns, np.zeros(size, np.int64), 1)[0])
    season = learn(layout, ((T0 - (panes - i) * 60_000, c) for i, c in enumerate(cells)), 60_000)
    return of.model_copy(update={"season": season.to_bytes()})


@dataclass
class World:
    """One source topic of `partitions`, the fold, and one partition of `profiles`."""

    monitor: Monitor
    baselines: Mapping[str, Baseline]
    partitions: int = 2
    profiles: list[OutRecord] = field(default_factory=list)
    ledger: list[OutRecord] = field(default_factory=list)
    dead: list[OutRecord] = field(default_factory=list)
    read: dict[int, int] = field(default_factory=dict)
    """How far each partition was folded."""

    def watched(self) -> Watched:
        return Watched(Applied({self.monitor.model: self.monitor}), Applied(self.baselines), ManualClock())

    def source(self, partition: int, start: int, end: int) -> SourceRange:
        return SourceRange(
            topic="predictions",
            topic_id="T",
            partition=partition,
            partitions=self.partitions,
            start=start,
            end=end,
        )

    def fold(self, batches: Sequence[Sequence[MemoryMessage]], wall_ms: int, *, silence_ms: int = 0) -> None:
        """Folds batches one after another, a second apart; then the partitions stay silent."""
        handler = FoldHandler(self.watched(), 1)
        position = self.read = dict.fromkeys(range(self.partitions), 0) | self.read
        for number, batch in enumerate(batches):
            ranges = {}
            for partition in position:
                end = max((m.offset() + 1 for m in batch if m.partition() == partition), default=position[partition])
                ranges[partition] = self.source(partition, position[partition], end)
                position[partition] = end
            ordered = sorted(batch, key=MemoryMessage.partition)
            self._take(handler.fold(Batch(ordered, ranges, frozenset()), wall_ms + 1_000 * number))
        if silence_ms:
            last = {p: self.source(p, end, end) for p, end in position.items()}
            idle = Batch((), last, frozenset(position))
            self._take(handler.fold(idle, wall_ms + 1_000 * len(batches) + silence_ms))

    def _take(self, records: Sequence[OutRecord]) -> None:
        topics = {"profiles": self.profiles, "ledger": self.ledger, "dead-letters": self.dead}
        for record in records:
            topics[record.topic].append(record)

    def history(self, _partition: int, offset: int, model: str, source: str, from_end: int) -> Iterator[Profile]:
        for record in self.profiles[:offset]:
            if record.key == model.encode():
                profile = Profile.model_validate_json(record.value)
                if profile.source.key == source and profile.source.end > from_end:
                    yield profile


@dataclass
class Control:
    """The control tier under a shell that may be killed. Rows survive, memory does not."""

    world: World
    rows: Rows = field(default_factory=lambda: Rows(0, 1))
    out: list[OutRecord] = field(default_factory=list)
    offset: int = 0
    handler: WindowsHandler = field(init=False)

    def __post_init__(self) -> None:
        self.restart(0)

    def restart(self, offset: int) -> None:
        """A new process: what the rows hold is all it knows; it reads again from the committed offset."""
        watched = self.world.watched()
        metrics = Metrics("drift-windows")
        self.handler = WindowsHandler(watched, Publisher(watched, 4, metrics), self.world.history, metrics)
        self.rows.generation += 1
        self.offset = offset

    def step(self) -> Effects:
        """What the next record leads to; nothing is kept yet."""
        record = self.world.profiles[self.offset]
        return self.handler.handle(Event("profiles", 0, self.offset, record.key, record.value, 0), self.rows)

    def keep(self, effects: Effects, *, out: int | None = None, writes: int | None = None) -> None:
        """Publishes the first `out` records and stores the first `writes` rows (None: all)."""
        self.out += list(effects.out)[:out]
        for key, value in list(effects.writes.items())[:writes]:
            self.rows.put(key, value)

    def run(self) -> None:
        """To the end of `profiles`."""
        while self.offset < len(self.world.profiles):
            self.keep(self.step())
            self.offset += 1

    def windows(self) -> dict[str, Window]:
        """The greatest revision of every window; of equal ones the later."""
        newest: dict[str, Window] = {}
        for record in self.out:
            if record.topic == "windows":
                window = Window.model_validate_json(record.value)
                if window.window_id not in newest or window.revision >= newest[window.window_id].revision:
                    newest[window.window_id] = window
        return newest


def cut(rng: random.Random, records: list[MemoryMessage]) -> list[list[MemoryMessage]]:
    """Batches of random sizes."""
    cuts = sorted(rng.sample(range(1, len(records)), rng.randrange(2, 12)))
    return [records[a:b] for a, b in zip([0, *cuts], [*cuts, len(records)], strict=True)]


def killed(made: World, rng: random.Random) -> Control:
    """The control tier, killed at random: it reads again from a committed offset, with a beginning of its last writes.

    It dies either before all is published, with no row stored, or after that, with some of them.
    """
    control = Control(made)
    committed = 0
    while control.offset < len(made.profiles):
        effects = control.step()
        fate = rng.random()
        if fate < 0.15:
            control.keep(effects, out=rng.randint(0, len(effects.out)), writes=0)
            control.restart(committed)
        elif fate < 0.3:
            control.keep(effects, writes=rng.randint(0, len(effects.writes)))
            control.restart(committed)
        else:
            control.keep(effects)
            control.offset += 1
            if rng.random() < 0.4:
                committed = rng.randint(committed, control.offset)
    return control
