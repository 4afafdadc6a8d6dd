"""The windows process behind the join, on one broker in memory, under a shell that may be killed."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from runtime.clock import ManualClock
from runtime.faust.projection import Effects, Event, Rows
from runtime.log.memory import MemoryBroker
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from schemas.performance_window import PerformanceWindow
from services.performance.windows.handler import WindowsHandler
from services.performance.windows.publishing import Publisher
from tests.drift_stream import Applied
from tests.performance_stream import PARTITIONS

_generations = count(1)


@dataclass
class WindowsTier:
    """Rows survive, memory does not."""

    broker: MemoryBroker
    monitors: Mapping[str, Monitor]
    baselines: Mapping[str, Baseline]
    rows: list[Rows] = field(default_factory=lambda: [Rows(number) for number in range(PARTITIONS)])
    out: list[OutRecord] = field(default_factory=list)
    reached: Counter[int] = field(default_factory=Counter)
    """By partition of `outcomes`, the offset to handle next."""
    committed: Counter[int] = field(default_factory=Counter)
    """Where a new process begins."""
    deaths: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process: what the rows hold is all it knows, and it reads again from the committed offsets."""
        watched = Watched(Applied(self.monitors), Applied(self.baselines), ManualClock())
        metrics = Metrics("performance-windows")
        publisher = Publisher(watched, ManualClock(), PARTITIONS, metrics)
        self.handler = WindowsHandler(watched, publisher, self.history, metrics)
        self.reached = Counter(self.committed)
        for rows in self.rows:
            rows.generation = next(_generations)

    def history(self, partition: int, offset: int, model: str, source: str, from_end: int) -> Iterator[Outcome]:
        for message in self.broker.topic("outcomes").partitions[partition].log[:offset]:
            if message is not None and message.key() == model.encode():
                outcome = Outcome.model_validate_json(message.value() or b"")
                if outcome.source.key == source and outcome.source.end > from_end:
                    yield outcome

    def step(self, partition: int, fate: str, rng: random.Random) -> bool:
        """Handles a record, or dies while it does; returns whether there was one.

        It dies before all is published, with no row stored (`publishing`), or after that with some (`storing`).
        """
        log, at = self.broker.topic("outcomes").partitions[partition].log, self.reached[partition]
        if at >= len(log):
            return False
        message = log[at]
        if message is not None:
            event = Event("outcomes", partition, at, message.key(), message.value() or b"", 0)
            effects = self.handler.handle(event, self.rows[partition])
            out = rng.randint(0, len(effects.out)) if fate == "publishing" else len(effects.out)
            writes = {"publishing": 0, "storing": rng.randint(0, len(effects.writes))}.get(fate, len(effects.writes))
            self._keep(effects, partition, out, writes)
            if fate:
                self.deaths += 1
                self.start()
                return True
        self.reached[partition] = at + 1
        if rng.random() < 0.3:
            self.committed[partition] = rng.randint(self.committed[partition], at + 1)
        return True

    def _keep(self, effects: Effects, partition: int, out: int, writes: int) -> None:
        self.out += list(effects.out)[:out]
        for key, value in list(effects.writes.items())[:writes]:
            self.rows[partition].put(key, value)

    def drain(self, rng: random.Random) -> None:
        """Reads `outcomes` to the end."""
        for partition in range(PARTITIONS):
            while self.step(partition, "", rng):
                pass

    def windows(self) -> list[PerformanceWindow]:
        """The greatest revision of every window."""
        newest: dict[str, PerformanceWindow] = {}
        for value in self.published():
            window = PerformanceWindow.model_validate_json(value)
            if window.window_id not in newest or window.revision >= newest[window.window_id].revision:
                newest[window.window_id] = window
        return list(newest.values())

    def published(self) -> list[bytes]:
        """Windows as they were written, revision by revision."""
        return [record.value for record in self.out if record.topic == "windows"]
