"""A model that guesses, and labels that say so."""

import json
import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pyarrow as pa
from confluent_kafka import Producer

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.parts import Parts
from runtime.settings import KafkaSettings
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest
from schemas.training import Case, DataRules, Training

MODEL, VERSION = "churn", "1"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TIMES_OF_LEAVING = {"free": 0.7, "plus": 0.3, "pro": 0.1}
MONITOR = Monitor(
    model=MODEL,
    classes=("stay", "leave"),
    segments=("region",),
    training=Training(
        trainer="rates",
        data=DataRules(rows=500),
        cases=(Case(features={"age": 40.0, "plan": "pro", "desk": "1"}, label="stay"),),
    ),
)


def events(now_ms: int, n: int = 3_000, seed: int = 3, first: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Predictions of the ten days before, each with its label an hour later: (topic, event), by time of prediction."""
    rng = random.Random(seed)
    for number in range(first, first + n):
        time_ms = now_ms - 10 * DAY_MS + (number - first) * (10 * DAY_MS - 2 * HOUR_MS) // n
        plan, score = rng.choice(list(TIMES_OF_LEAVING)), round(rng.uniform(0.2, 0.8), 3)
        yield (
            "predictions",
            {
                "schema": "driftline.prediction/1",
                "prediction_id": f"p-{number}",
                "model": MODEL,
                "version": VERSION,
                "time_ms": time_ms,
                "features": {"age": float(rng.randrange(18, 90)), "plan": plan, "desk": str(rng.randrange(5))},
                "prediction": "leave" if score > 0.5 else "stay",
                "score": score,
                "segments": {"region": rng.choice(["eu", "us"])},
            },
        )
        label = "leave" if rng.random() < TIMES_OF_LEAVING[plan] else "stay"
        told = {"schema": "driftline.label/1", "prediction_id": f"p-{number}", "label": label}
        yield "labels", told | {"time_ms": time_ms + HOUR_MS}


def baseline() -> Baseline:
    """Of two thousand rows as the model was trained on, and what it answered to them."""
    made, labels = {}, {}
    for topic, event in events(1_700_000_000_000, 2_000, seed=9):
        (made if topic == "predictions" else labels)[event["prediction_id"]] = event
    rows = [
        {**event["features"], "prediction": event["prediction"], "score": event["score"], "label": labels[key]["label"]}
        for key, event in made.items()
    ]
    parts = Parts(prediction="prediction", score="score", label="label")
    return build(Dataset("rows", pa.Table.from_pylist(rows)), MODEL, VERSION, parts)


def produce(settings: KafkaSettings, some: Iterator[tuple[str, dict[str, Any]]]) -> None:
    """Writes events where their keys belong."""
    producer = Producer(settings.client(partitioner="murmur2_random"))
    for topic, event in some:
        producer.produce(settings.topic(topic), json.dumps(event), event["prediction_id"].encode())
        producer.poll(0)
    assert producer.flush(30) == 0


def request(name: str, requested_ms: int, **changes: Any) -> RetrainingRequest:
    """What the policy `name` asks for; its id is made of the name."""
    fields: dict[str, Any] = {
        "trigger_id": sha256(name.encode()).hexdigest()[:32],
        "model": MODEL,
        "version": VERSION,
        "policy": name,
        "kind": "performance",
        "reason": "accuracy is 0.5",
        "requested_ms": requested_ms,
        "actor": "triggers",
    }
    return RetrainingRequest(**fields | changes)
