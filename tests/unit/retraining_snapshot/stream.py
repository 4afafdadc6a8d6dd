"""A random stream of predictions and labels on a memory broker, and the rows that pandas says a snapshot of it has."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pandas as pd

from runtime.decode.arrow import encode_arrow
from runtime.decode.verdict import FUTURE_MS
from runtime.log.memory_broker import MemoryBroker
from runtime.log.partitioning import partition_of
from runtime.log.protocol import Message
from runtime.log.replay import MemoryReplay
from runtime.moved import KEY, MOVED
from schemas.base import SourceRange
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from schemas.training import SnapshotSpec, Training
from services.retraining.snapshot.plan import TOPICS, Plan
from tests.performance_stream import DAY_MS, HORIZON_MS, HOUR_MS, MONITORS, PARTITIONS, T0, label, prediction

FROM_MS, UNTIL_MS = T0 + DAY_MS, T0 + 3 * DAY_MS
STAMP_MS = T0 + 10 * DAY_MS
MONITOR = MONITORS["binary"]
Event = dict[str, Any]


def monitor_of(rows: int, monitor: Monitor = MONITOR) -> Monitor:
    """With a snapshot of so many rows, fewer than anybody would train on."""
    spec = SnapshotSpec().model_copy(update={"rows": rows})
    return monitor.model_copy(update={"training": Training().model_copy(update={"snapshot": spec})})


def plan_of(broker: MemoryBroker, monitor: Monitor = MONITOR, baseline: Baseline | None = None, **more: Any) -> Plan:
    """Of everything that is on the broker."""
    sources = [
        SourceRange(
            topic=topic,
            topic_id=broker.topic(topic).topic_id,
            partition=number,
            partitions=len(broker.topic(topic).partitions),
            start=partition.start,
            end=len(partition.log),
        )
        for topic in TOPICS
        for number, partition in enumerate(broker.topic(topic).partitions)
    ]
    named = {"trigger_id": "t", "model": monitor.model, "incumbent": "1", "monitor": monitor, "baseline": baseline}
    return Plan.model_validate(
        named | {"sources": tuple(sources), "from_ms": FROM_MS, "until_ms": UNTIL_MS} | more
    )  # fmt: skip


class CutReplay(MemoryReplay):
    """Brings batches of any size."""

    def __init__(self, broker: MemoryBroker, rng: random.Random) -> None:
        super().__init__(broker)
        self._rng = rng

    def replay(self, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        for batch in super().replay(source, end):
            begin = 0
            while begin < len(batch):
                size = self._rng.randint(1, 40)
                yield batch[begin : begin + size]
                begin += size


@dataclass
class Stream:
    """What was written, and the same as pandas has it: valid events on the partition of their id, in order."""

    rng: random.Random
    broker: MemoryBroker = field(default_factory=lambda: MemoryBroker(dict.fromkeys(TOPICS, PARTITIONS)))
    copied: bool = True
    """Records on a wrong partition have been moved; False leaves that to the join."""
    written: dict[str, list[Event]] = field(default_factory=lambda: {topic: [] for topic in TOPICS})

    def write(self, topic: str, event: Event, *, stamp_ms: int = STAMP_MS, valid: bool = True) -> None:
        """Where it belongs; or elsewhere, and its copy where it belongs, now or with others in between."""
        key, value = event["prediction_id"].encode(), json.dumps(event).encode()
        own = partition_of(key, PARTITIONS)
        if self.rng.random() < 0.2:
            wrong = (own + 1) % PARTITIONS
            self.broker.produce(topic, value, key=key, partition=wrong, timestamp_ms=stamp_ms)
            headers = ((MOVED, b"0/0"), (KEY, key))
            if self.copied:
                self.broker.produce(topic, value, partition=own, timestamp_ms=stamp_ms, headers=headers)
        else:
            self.broker.produce(topic, value, key=key, timestamp_ms=stamp_ms)
        if valid:
            self.written[topic].append(event)

    def write_batch(self, events: Sequence[Event]) -> None:
        """As Arrow under any key: rows of other partitions, and a copy of them for each partition."""
        lost = self.rng.randrange(PARTITIONS)
        rows: dict[int, list[Event]] = {}
        for event in events:
            rows.setdefault(partition_of(event["prediction_id"].encode(), PARTITIONS), []).append(event)
        self._produce_batch(events, lost, key=b"any")  # all its rows: whoever reads it takes those that belong there
        self.written["predictions"] += rows.pop(lost, [])
        for partition, own in rows.items() if self.copied else ():
            self._produce_batch(own, partition, headers=((MOVED, b"0/0"), (KEY, b"any")))
            self.written["predictions"] += own

    def _produce_batch(self, events: Sequence[Event], partition: int, **more: Any) -> None:
        value = encode_arrow([Prediction.model_validate(event) for event in events])
        self.broker.produce("predictions", value, partition=partition, timestamp_ms=STAMP_MS, **more)


def stream(rng: random.Random, ids: int = 60) -> Stream:
    """On a broker of its own, from before FROM_MS until after UNTIL_MS."""
    made = Stream(rng)
    fill(made, ids, UNTIL_MS + HOUR_MS)
    return made


def fill(made: Stream, ids: int, until_ms: int) -> None:
    """Ids are used once, or again in conflict, or by another model; labelled, or not, in time, or not."""
    rng = made.rng
    numbers = [rng.randrange(ids) for _ in range(2 * ids)]
    for begin in range(0, len(numbers), 8):
        events = [_prediction(rng, number, until_ms) for number in numbers[begin : begin + 8]]
        if rng.random() < 0.3:
            made.write_batch(events)
            continue
        for event in events:
            made.write("predictions", event)
            if rng.random() < 0.3:
                _refused_prediction(made, _prediction(rng, rng.randrange(ids), until_ms))
    for _ in range(2 * ids):
        made.write("labels", _label(rng, rng.randrange(ids + 10), until_ms))
        if rng.random() < 0.3:
            _refused_label(made, _label(rng, rng.randrange(ids), until_ms))


def _prediction(rng: random.Random, number: int, until_ms: int) -> Event:
    time_ms = rng.randrange(FROM_MS - HOUR_MS, until_ms, HOUR_MS // 4)
    event = prediction(number, time_ms, model=rng.choice(["binary"] * 4 + ["many"]))
    return event | {"version": rng.choice("12"), "variant": rng.choice(["stable", "canary", "shadow"])}


def _label(rng: random.Random, number: int, until_ms: int) -> Event:
    time_ms = rng.randrange(FROM_MS - HOUR_MS, until_ms + 2 * HORIZON_MS, HOUR_MS) + rng.choice([0, 1])
    return label(number, time_ms, rng.choice(["stay", "leave"]), value=rng.choice([1.5, -2.0]))


def _refused_prediction(made: Stream, event: Event) -> None:
    broken: list[Event] = [{"time_ms": "soon"}, {"prediction": "neither"}, {"features": None}, {"score": 2}]
    if made.rng.random() < 0.2:
        made.write("predictions", event, stamp_ms=event["time_ms"] - FUTURE_MS - 1, valid=False)
    else:
        made.write("predictions", event | {"model": "binary"} | made.rng.choice(broken), valid=False)


def _refused_label(made: Stream, told: Event) -> None:
    if made.rng.random() < 0.3:
        made.write("labels", told, stamp_ms=told["time_ms"] - FUTURE_MS - 1, valid=False)
    else:
        made.write("labels", told | made.rng.choice([{"label": None}, {"schema": "x"}, {"value": "much"}]), valid=False)


def expected(written: dict[str, list[Event]], plan: Plan) -> list[Event]:
    """The snapshot's rows by pandas: of each id the first prediction, and of its labels in time the last."""
    first = pd.DataFrame(written["predictions"]).drop_duplicates("prediction_id")
    told = pd.DataFrame(written["labels"])[["prediction_id", "label", "time_ms", "value"]]
    told = told[told["time_ms"].between(plan.from_ms, plan.until_ms)].rename(columns={"time_ms": "label_ms"})
    both = first.merge(told, on="prediction_id")
    both = both[both["label_ms"] - both["time_ms"] <= plan.monitor.performance.horizon]
    both = both.drop_duplicates("prediction_id", keep="last")
    own = both[(both["model"] == plan.model) & (both["variant"] != "shadow")]
    own = own[own["time_ms"].between(plan.from_ms, plan.until_ms)]
    order = own["prediction_id"].map(lambda one: blake2b(one.encode(), digest_size=8).hexdigest()).sort_values()
    kept = own.loc[order.index[: plan.monitor.training.snapshot.rows]].sort_values(["time_ms", "prediction_id"])
    return [_row(event) for event in kept.to_dict("records")]


def _row(event: Event) -> Event:
    age = event["features"]["age"]
    names = ("prediction_id", "time_ms", "label_ms", "version", "variant", "prediction", "score", "label", "value")
    return {name: event[name] for name in names} | {
        "probability:stay": None,
        "probability:leave": None,
        "segment:age": "<= 30" if age <= 30 else "30 - 50" if age <= 50 else "> 50",
        "segment:region": event["segments"]["region"],
        "feature:age": float(age),
        "feature:plan": event["features"]["plan"],
    }
