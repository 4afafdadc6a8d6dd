"""From event to updated window: `python benchmarks/latency.py [--rate 50000] [--seconds 60] [--quick]`.

Events are written at an even rate with the present as their time; a reader of `windows` notes when the count of the
longest window says that an event is in it. The broker, the producer and both drift services share the machine.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from pathlib import Path
from threading import Event, Thread

import numpy as np
from confluent_kafka import Consumer, Producer
from drift_service import RESULTS, baseline, event

from runtime.admin import create_topics
from runtime.broker import EmbeddedKafka
from runtime.clock import SystemClock
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.windowing import WindowSpec

CLOCK = SystemClock()
WARM_UP_S = 15.0
SAMPLE = 50
"""Every so many events one is timed."""
LONGEST = WindowSpec(size=86_400_000 * 7)


def start(settings: KafkaSettings, process: str) -> subprocess.Popen[bytes]:
    """One of the drift service's processes, as it is deployed."""
    environment = os.environ | settings.environment() | {"DRIFTLINE_SLOT": "0", "PYTHONPATH": str(RESULTS.parents[1])}
    return subprocess.Popen([sys.executable, "-m", "services.drift", process], env=environment, stdout=sys.stderr)


def produce(settings: KafkaSettings, rate: int, stop: Event, sent_s: list[float]) -> None:
    """Writes events until told to stop; `sent_s` gets the time of every SAMPLE-th."""
    producer = Producer(settings.client(**{"linger.ms": 20, "compression.type": "lz4"}))
    rng = np.random.default_rng(1)
    bodies = []
    for number in range(5_000):
        body = event(number, rng)
        text = json.dumps(body, separators=(",", ":"))
        bodies.append(text.replace(str(body["time_ms"]), "%d").replace(body["prediction_id"], "%s").encode())
    topic, number, begun = settings.topic("predictions"), 0, time.monotonic()
    while not stop.is_set():
        for _ in range(int((time.monotonic() - begun) * rate) - number):
            key = b"%032x" % number
            now_s = CLOCK.wall_ms() / 1_000
            parts = bodies[number % len(bodies)]
            producer.produce(topic, parts.replace(b"%s", key).replace(b"%d", b"%d" % (now_s * 1_000)), key)
            number += 1
            if number % SAMPLE == 0:
                sent_s.append(now_s)
        producer.poll(0)
        time.sleep(0.005)
    producer.flush()


def watch(settings: KafkaSettings, stop: Event, seen: list[tuple[int, float]]) -> None:
    """Notes (events counted, time) at every revision of the longest window."""
    consumer = Consumer(settings.client(**{"group.id": "latency", "auto.offset.reset": "earliest"}))
    consumer.subscribe([settings.topic("windows")])
    while not stop.is_set():
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            window = json.loads(message.value() or b"{}")
            if window["size_ms"] == LONGEST.size:
                seen.append((window["n"], CLOCK.wall_ms() / 1_000))
    consumer.close()


def latencies(sent_s: list[float], seen: list[tuple[int, float]], after_s: float) -> list[float]:
    """Seconds from each timed event to the first revision that counts at least as many."""
    counts = np.maximum.accumulate([n for n, _ in seen]).tolist()
    found = []
    for number, at_s in enumerate(sent_s, start=1):
        place = bisect_left(counts, number * SAMPLE)
        if at_s >= after_s and place < len(counts):
            found.append(seen[place][1] - at_s)
    return found


def main() -> None:
    """Runs the stream, prints the quantiles, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--quick", action="store_true", help="20 seconds at 5,000 a second")
    arguments = parser.parse_args()
    rate, seconds = (5_000, 20.0) if arguments.quick else (arguments.rate, arguments.seconds)
    monitor = Monitor(model="bench", windows=(*Monitor(model="bench").windows[:3], LONGEST))
    with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder)) as kafka:
        settings = kafka.settings()
        create_topics(settings)
        applied = Producer(settings.client())
        applied.produce(settings.topic("monitors"), monitor.to_json(), b"bench")
        applied.produce(settings.topic("baselines"), baseline().to_json(), b"bench/1")
        applied.flush()
        services = [start(settings, process) for process in ("fold", "windows")]
        stop = Event()
        sent_s: list[float] = []
        seen: list[tuple[int, float]] = []
        threads = [
            Thread(target=produce, args=(settings, rate, stop, sent_s)),
            Thread(target=watch, args=(settings, stop, seen)),
        ]
        try:
            for thread in threads:
                thread.start()
            while not seen:  # the services are starting, their backlog waits
                time.sleep(0.1)
            time.sleep(WARM_UP_S)
            begun_s = CLOCK.wall_ms() / 1_000
            time.sleep(seconds)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for service in services:
                service.send_signal(signal.SIGTERM)
                service.wait(30)
    found = latencies(sent_s, seen, begun_s)
    levels = np.quantile(found, (0.5, 0.95, 0.99, 1.0)).round(2).tolist()
    row = {
        "events/s": rate,
        "timed": len(found),
        **dict(zip(("p50_s", "p95_s", "p99_s", "max_s"), levels, strict=True)),
    }
    print(" | ".join(f"{name} {value}" for name, value in row.items()))
    (RESULTS / "latency.json").write_text(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
