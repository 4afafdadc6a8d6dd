"""The drift service's hot tier on a real broker, exactly once: `python benchmarks/drift_service.py [--quick]`.

Events of 20 numeric and 5 categorical features, as JSON and as Arrow batches of 1,000; one process and two. The limit
it is held against is a bare consume of the same records in the same run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from runtime.admin import create_topics, delete_topics
from runtime.broker import EmbeddedKafka
from runtime.decode.arrow import encode_arrow
from runtime.settings import KafkaSettings
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from services.drift.reference import columns_of
from stats.baseline import build_column
from stats.reference import Reference

RESULTS = Path(__file__).parent / "results"
NUMERIC, CODED = 20, 5
START_MS = 1_700_000_000_000
ARROW_ROWS = 1_000


def event(number: int, rng: np.random.Generator) -> dict[str, Any]:
    """One prediction of about 865 bytes as JSON."""
    features: dict[str, Any] = {f"num_{j}": float(x) for j, x in enumerate(rng.normal(size=NUMERIC))}
    features |= {f"cat_{j}": f"category-{c}" for j, c in enumerate(rng.integers(0, 10, CODED))}
    return {
        "schema": "driftline.prediction/1",
        "prediction_id": uuid.UUID(bytes=rng.bytes(16)).hex,
        "model": "bench",
        "version": "1",
        "time_ms": START_MS + number // 100,
        "features": features,
        "prediction": int(rng.integers(0, 2)),
        "score": float(rng.random()),
        "latency_ms": float(rng.lognormal(2)),
        "status": 200,
    }


def baseline() -> Baseline:
    """Of the features of `event`, from 100,000 rows."""
    rng = np.random.default_rng(5)
    columns = [build_column(f"num_{j}", "feature", "numeric", rng.normal(size=100_000)) for j in range(NUMERIC)]
    values = [f"category-{c}" for c in rng.integers(0, 10, 100_000)]
    columns += [build_column(f"cat_{j}", "feature", "categorical", values) for j in range(CODED)]
    columns.append(build_column("prediction", "prediction", "numeric", rng.integers(0, 2, 100_000).astype(float)))
    columns.append(build_column("score", "score", "numeric", rng.random(100_000)))
    reference = Reference(tuple(columns))
    return Baseline(model="bench", version="1", digest=reference.digest, rows=100_000, columns=columns_of(reference))


def records(kind: str, count: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of every record; ids are all different, the rest repeats after 20,000 events."""
    rng = np.random.default_rng(1)
    events = [event(number, rng) for number in range(20_000)]
    if kind == "arrow":
        checked = [Prediction.model_validate(e) for e in events]
        batches = [encode_arrow(checked[i : i + ARROW_ROWS]) for i in range(0, len(events), ARROW_ROWS)]
        for number in range(count // ARROW_ROWS):
            yield str(number).encode(), batches[number % len(batches)]
        return
    halves = [json.dumps(e, separators=(",", ":")).encode().split(e["prediction_id"].encode()) for e in events]
    for number in range(count):
        head, tail = halves[number % len(halves)]
        key = f"{number:032x}".encode()
        yield key, head + key + tail


def fill(settings: KafkaSettings, kind: str, count: int) -> int:
    """Writes the topic; returns the mean size of a record."""
    producer = Producer(settings.client(**{"linger.ms": 20, "compression.type": "lz4", "message.max.bytes": 8_000_000}))
    for topic, key, value in (
        ("monitors", b"bench", Monitor(model="bench").to_json()),
        ("baselines", b"bench/1", baseline().to_json()),
    ):
        producer.produce(settings.topic(topic), value, key)
    headers = [("content-type", b"application/vnd.apache.arrow.stream")] if kind == "arrow" else None
    size = written = 0
    for key, value in records(kind, count):
        while True:
            try:
                producer.produce(settings.topic("predictions"), value, key, headers=headers)
                break
            except BufferError:
                producer.poll(0.05)
        size, written = size + len(value), written + 1
    producer.flush()
    return size // written


def forget_groups(settings: KafkaSettings) -> None:
    """Lets the next worker read from the beginning; static members leave only when their session has timed out."""
    admin = AdminClient(settings.client())
    while groups := [group.group_id for group in admin.list_consumer_groups().result().valid]:
        for future in admin.delete_consumer_groups(groups).values():
            if future.exception() is not None:
                time.sleep(1)


def measure(settings: KafkaSettings, work: str, processes: int = 1) -> dict[str, float]:
    """Runs workers over the whole topic; sums their records and CPU seconds, the slowest one's wall seconds."""
    forget_groups(settings)
    script = Path(__file__).parent / "workers" / "drift.py"
    running = [
        subprocess.Popen(
            [sys.executable, script, work],
            env=os.environ
            | {
                "KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
                "DRIFTLINE_TOPIC_PREFIX": settings.topic_prefix,
                "DRIFTLINE_SLOT": str(slot),
                "PYTHONPATH": str(script.parents[2]),
            },
            stdout=subprocess.PIPE,
        )
        for slot in range(processes)
    ]
    found = [json.loads(process.communicate(timeout=600)[0].splitlines()[-1]) for process in running]
    total = {name: sum(f[name] for f in found) for name in ("records", "cpu_s")}
    return total | {"wall_s": max(f["wall_s"] for f in found)}


def main() -> None:
    """Fills the topics, runs every arrangement, prints the table, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    count = 100_000 if parser.parse_args().quick else 1_000_000
    rows = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder)) as kafka:
        for kind, factor in (("json", 1), ("arrow", ARROW_ROWS)):
            settings = kafka.settings(f"{kind}.")
            create_topics(settings)
            size = fill(settings, kind, count * (5 if kind == "arrow" else 1))
            bare = measure(settings, "consume")
            for work, processes in (("consume", 0), ("fold", 1), ("fold", 2)):
                cost = bare if work == "consume" else measure(settings, work, processes)
                events = cost["records"] * factor
                per_event, floor = cost["cpu_s"] / events, bare["cpu_s"] / bare["records"] / factor
                rows.append(
                    {
                        "events": kind, "bytes a record": size, "what": work, "processes": processes or 1,
                        "events/s": events / cost["wall_s"], "events per CPU second": 1 / per_event,
                        "CPU µs an event": per_event * 1e6, "× bare consume": per_event / floor,
                    }
                )  # fmt: skip
                print(" | ".join(f"{k} {v:,.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()))
            delete_topics(settings)
    RESULTS.mkdir(exist_ok=True)
    machine = {"cores": psutil.cpu_count(), "python": sys.version.split()[0]}
    (RESULTS / "drift_service.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
