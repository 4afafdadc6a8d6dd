"""A small world of predictions and labels without Kafka: what producers write, and a join that can be killed."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from runtime.cells import unpack
from runtime.clock import ManualClock
from runtime.log.memory import MemoryBroker, MemoryLog, MemoryMessage
from runtime.log.protocol import Batch
from runtime.log.replay import MemoryReplay
from schemas.baseline import Baseline
from schemas.dead_letter import DeadLetter
from schemas.ledger import Ledger
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from schemas.performance import Fairness, Performance, Protected
from schemas.windowing import WindowSpec
from services.drift.reference import columns_of
from services.performance.join.halves import TOPICS
from services.performance.join.handler import JoinHandler
from services.performance.join.plans import Plans
from services.performance.join.stores import Stores
from stats.baseline import Reference, build_column
from tests.drift_stream import Applied

PARTITIONS = 4
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
T0 = 1_700_000_000_000 - 1_700_000_000_000 % DAY_MS
HORIZON_MS = 6 * HOUR_MS
NOW_MS = T0 + 10 * DAY_MS
RULES = Performance(
    pane=HOUR_MS,
    windows=(WindowSpec(size=HOUR_MS),),
    horizon=HORIZON_MS,
    fairness=Fairness(protected=(Protected(name="age", edges=(30.0, 50.0)),)),
)
MONITORS = {
    "binary": Monitor(model="binary", classes=("stay", "leave"), performance=RULES, segments=("region",)),
    "many": Monitor(model="many", classes=("a", "b", "c"), performance=RULES),
    "quantity": Monitor(model="quantity", performance=RULES, segments=()),
}


def quantities() -> dict[str, Baseline]:
    """The baseline of the model whose answers are numbers."""
    rng = np.random.default_rng(5)
    reference = Reference((build_column("prediction", "prediction", "numeric", rng.random(2_000) * 10),))
    made = Baseline(model="quantity", version="1", digest=reference.digest, rows=2_000, columns=columns_of(reference))
    return {"quantity/1": made}


def prediction(number: int, time_ms: int, *, model: str = "binary", **more: Any) -> dict[str, Any]:
    """A valid prediction; its answer, score, segment and age follow from its number."""
    rng = np.random.default_rng(number)
    score = round(float(rng.random()), 6)
    answers: dict[str, dict[str, Any]] = {
        "binary": {"prediction": "leave" if score > 0.5 else "stay", "score": score},
        "many": {"prediction": "abc"[number % 3], "probabilities": {"a": 0.5, "b": 0.3, "c": 0.2}},
        "quantity": {"prediction": score * 10},
    }
    return {
        "schema": "driftline.prediction/1",
        "prediction_id": f"p-{number}",
        "model": model,
        "version": "1",
        "time_ms": time_ms,
        "features": {"age": number % 70, "plan": "plus"},
        "segments": {"region": ("eu", "us")[number % 2], "desk": "7"},
    } | answers[model] | more  # fmt: skip


def label(number: int, time_ms: int, told: float | str, **more: Any) -> dict[str, Any]:
    """A valid label."""
    return {
        "schema": "driftline.label/1", "prediction_id": f"p-{number}", "label": told, "time_ms": time_ms,
    } | more  # fmt: skip


def encoded(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


class StampingBroker(MemoryBroker):
    """Stamps records that come without a time, as a broker does."""

    def produce(self, topic: str, value: bytes | None, **more: Any) -> MemoryMessage:
        return super().produce(topic, value, **{"timestamp_ms": NOW_MS} | more)


@dataclass
class World:
    """Two topics, and a join that reads them; what was committed is on the broker, whatever is killed."""

    folder: Path
    monitors: Mapping[str, Monitor] = field(default_factory=lambda: dict(MONITORS))
    baselines: Mapping[str, Baseline] = field(default_factory=quantities)
    waiting_limit: int = 1_000_000
    clock: ManualClock = field(default_factory=ManualClock)
    broker: MemoryBroker = field(default_factory=StampingBroker)
    slot: str = "0"
    wall_ms: int = NOW_MS
    replayed: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process, that knows what is on the broker and on its disk."""
        self.applied = Applied({}), Applied({})
        self.apply()
        self.follow()
        self.plans = plans = Plans(*self.applied, ManualClock())
        self.stores = Stores(
            self.folder,
            plans,
            MemoryReplay(self.broker),
            self.clock,
            waiting_limit=self.waiting_limit,
            on_replay=self._replay,
        )
        self.handler = JoinHandler(plans, self.stores, PARTITIONS)
        self.log = MemoryLog(self.broker, "performance-join", self.slot, TOPICS)

    def apply(self, **monitors: Monitor) -> None:
        """Writes what is to be applied, these monitors too, where it is not on the broker yet."""
        self.monitors = {**self.monitors, **monitors}
        for topic, values in (("monitors", self.monitors), ("baselines", self.baselines)):
            known = {message.key() or b"": message.value() for message in self.broker.read(topic)}
            wanted = {key.encode(): record.to_json() for key, record in values.items()}
            for key in {**known, **wanted}:
                if known.get(key) != wanted.get(key):
                    self.broker.produce(topic, wanted.get(key), key=key)

    def follow(self) -> None:
        """The process hears of what was applied."""
        topics = ("monitors", self.monitors), ("baselines", self.baselines)
        for applied, (topic, values) in zip(self.applied, topics, strict=True):
            applied.values, applied.generation = values, len(self.broker.topic(topic).partitions[0].log)

    def _replay(self, step: Any) -> None:
        self.replayed += step.records

    def kill(self) -> None:
        """The process ends where it is; another takes its slot."""
        self.stores.close()
        self.start()

    def write(
        self, topic: str, event: Mapping[str, Any] | bytes, *, partition: int | None = None, key: bytes | None = None
    ) -> None:
        value = event if isinstance(event, bytes) else encoded(event)
        own = key if key is not None or isinstance(event, bytes) else event["prediction_id"].encode()
        self.broker.produce(topic, value, key=own, partition=partition, timestamp_ms=self.wall_ms)

    def poll(self, records: int = 10_000) -> Batch:
        while (batch := self.log.poll(records, 0)) is None:
            self.handler.settle("reassigned")
        return batch

    def step(self, records: int = 10_000, *, die: str = "") -> bool:
        """One turn; dies before the transaction (`planned`), after it (`committed`), or not. Says whether it read."""
        batch = self.poll(records)
        out = self.handler.join(batch, self.wall_ms)
        if die != "planned":
            self.log.commit(batch, out)
        if die:
            self.kill()
        else:
            self.handler.settle("committed")
        return batch.moved

    def drain(self, records: int = 10_000) -> None:
        """Reads to the end of both topics, also of what is moved meanwhile."""
        while self.step(records):
            pass

    def read(self, topic: str) -> list[bytes]:
        """Values of a topic's records."""
        return [message.value() or b"" for message in self.broker.read(topic)]

    @property
    def outcomes(self) -> list[Outcome]:
        return [Outcome.model_validate_json(value) for value in self.read("outcomes") if b"driftline.outcome" in value]

    @property
    def dead(self) -> list[DeadLetter]:
        return [DeadLetter.model_validate_json(value) for value in self.read("dead-letters")]

    @property
    def ledger(self) -> list[Ledger]:
        return [Ledger.model_validate_json(value) for value in self.read("ledger")]


def balance(account: Ledger) -> int:
    """Events less all that became of them: 0."""
    judged = sum(account.counted.values()) + sum(account.dead.values()) + sum(account.late.values())
    return account.events - judged - account.duplicate - account.waiting - account.moved - account.refused


Sum = tuple[int, list[int]]
Place = tuple[str, str, str, str, int, str]
"""Model, kind of time, version, segment, start of the pane, digest."""


def summed(outcomes: Iterable[Outcome]) -> dict[Place, Sum]:
    """(n, cells) by place, over all outcomes; places where nothing is left are not there."""
    n: Counter[Place] = Counter()
    cells: dict[Place, Any] = {}
    for outcome in outcomes:
        for part in outcome.slices:
            place = (outcome.model, outcome.by, part.version, part.segment, part.start_ms, part.digest)
            n[place] += part.n
            cells[place] = cells.get(place, 0) + unpack(part.cells)
    return {place: (n[place], sums.tolist()) for place, sums in cells.items() if sums.any() or n[place]}
