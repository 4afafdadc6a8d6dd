"""A counting projection as real processes, a known transactional stream for it, and what Kafka has of it in the end."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from runtime.child import spawn
from runtime.clock import SystemClock
from runtime.faust.halt import EXIT_HALTED
from runtime.settings import KafkaSettings
from tests.on_kafka import committed_records

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[3]
KEYS = [f"m{number}" for number in range(12)]
TIMEOUT_S = 60.0
CLOCK = SystemClock()


@dataclass
class Source:
    """One transactional producer of ranges, as a hot worker is; knows what counts."""

    settings: KafkaSettings
    name: str
    end: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        identity = {"transactional.id": self.settings.topic(self.name), "partitioner": "murmur2"}
        self._producer = Producer(self.settings.client(**identity))
        self._producer.init_transactions(TIMEOUT_S)

    def send(self, n: int, keys: list[str] = KEYS, *, abort: bool = False) -> None:
        self._producer.begin_transaction()
        for key in keys:
            body = {"key": key, "source": self.name, "start": self.end, "end": self.end + 1, "n": n}
            self._producer.produce(self.settings.topic("profiles"), json.dumps(body), key=key)
        if abort:
            self._producer.flush(TIMEOUT_S)  # else librdkafka drops them before they are on the topic
            self._producer.abort_transaction(TIMEOUT_S)
            return
        self._producer.commit_transaction(TIMEOUT_S)
        self.end += 1
        for key in keys:
            self.counts[key] = self.counts.get(key, 0) + n


class Workers:
    """Processes of the projection, by slot."""

    def __init__(self, settings: KafkaSettings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, slot: str = "0", **faults: str) -> subprocess.Popen[bytes]:
        env = os.environ | self._settings.environment()
        env |= {"DATA_DIR": str(self._directory), "PYTHONPATH": str(ROOT), **faults}
        with self.log(slot).open("ab") as log:
            process = spawn([sys.executable, str(WORKER), slot], env=env, output=log)
        self._running[slot] = process
        return process

    def log(self, slot: str = "0") -> Path:
        return self._directory / f"worker-{slot}.log"

    def kill(self, slot: str = "0") -> None:
        self._running[slot].kill()
        self._running.pop(slot).wait()

    def alive(self) -> bool:
        return all(process.poll() is None for process in self._running.values())

    def tend(self) -> None:
        """Starts again, as a supervisor does, what halted for want of progress; nothing else may have ended."""
        for slot, process in list(self._running.items()):
            if process.poll() is not None:
                assert process.returncode == EXIT_HALTED, process.returncode
                assert "does not move" in self.log(slot).read_text()
                self.start(slot)

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


def read(settings: KafkaSettings, topic: str) -> list[tuple[int, str, dict[str, object] | None]]:
    """All committed records of a topic (full name): partition, key, value."""
    return [
        (message.partition(), message.key().decode(), None if message.value() is None else json.loads(message.value()))
        for message in committed_records(settings, topic)
    ]


def rows(settings: KafkaSettings) -> dict[str, dict[str, object]]:
    """The projection's rows, from its changelog."""
    found = {}
    for partition, key, value in read(settings, settings.topic("counting") + "-rows-changelog"):
        assert value is not None
        assert value["partition"] == partition, "a row lies in the partition of its events"
        found[key] = value
    return found


def counts(settings: KafkaSettings) -> dict[str, object]:
    return {key: row["n"] for key, row in rows(settings).items()}


def committed(settings: KafkaSettings) -> dict[int, int]:
    """By partition of the source, the group's offset; partitions without one are left out."""
    consumer = Consumer(settings.client(**{"group.id": settings.topic("counting")}))
    wanted = [TopicPartition(settings.topic("profiles"), number) for number in range(4)]
    offsets = {found.partition: found.offset for found in consumer.committed(wanted, TIMEOUT_S) if found.offset >= 0}
    consumer.close()
    return offsets


def wait_for_counts(settings: KafkaSettings, wanted: dict[str, int], workers: Workers) -> None:
    deadline_s = CLOCK.monotonic() + TIMEOUT_S
    found: dict[str, object] = {}
    while CLOCK.monotonic() < deadline_s:
        assert workers.alive(), [workers.log(slot).read_text()[-3_000:] for slot in workers._running]
        try:
            found = counts(settings)
        except KafkaException:  # the first worker has not made the changelog yet
            found = {}
        if found == wanted:
            return
        CLOCK.sleep(0.1)
    raise AssertionError(f"rows are {found}, wanted {wanted}; {workers.log().read_text()[-3_000:]}")
