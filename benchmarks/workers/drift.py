"""One measured process of benchmarks/drift_service.py: `workers/drift.py {consume|fold}`; prints one JSON line.

CPU seconds are the whole process's, librdkafka's threads included, from the end of its first batch on.
"""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field

from confluent_kafka import Consumer

from runtime.hot_loop import Step
from runtime.log.kafka_config import consumer_config
from runtime.settings import KafkaSettings
from services.drift import wiring

SILENCE_S = 3.0
"""Nothing more after this long: the topic is read."""
PATIENCE_S = 60.0
"""Nothing at all after this long, joining the group included: others have read it."""


@dataclass
class Meter:
    """Records taken since the first batch, and what they cost."""

    records: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    begun: tuple[float, float] | None = None
    made_s: float = field(default_factory=time.monotonic)

    def take(self, records: int) -> None:
        """Notes a batch."""
        now = time.process_time(), time.monotonic()
        if self.begun is None:
            self.begun = now
        elif records:
            self.records += records
            self.cpu_s, self.wall_s = now[0] - self.begun[0], now[1] - self.begun[1]

    @property
    def is_over(self) -> bool:
        """Whether the topic is read."""
        if self.begun is None:
            return time.monotonic() - self.made_s > PATIENCE_S
        return time.monotonic() - self.begun[1] - self.wall_s > SILENCE_S

    def report(self) -> None:
        """Prints the figures."""
        print(json.dumps({"records": self.records, "cpu_s": self.cpu_s, "wall_s": self.wall_s}))


def consume(meter: Meter) -> None:
    """The least that any consumer does: takes batches and touches every value."""
    settings = KafkaSettings()
    as_the_service = consumer_config("bare", str(os.getpid()))
    consumer = Consumer(
        settings.client(**as_the_service | {"auto.offset.reset": "earliest", "enable.partition.eof": False})
    )
    consumer.subscribe([settings.topic("predictions")])
    while not meter.is_over:
        messages = consumer.consume(10_000, 0.4)
        for message in messages:
            message.value()
        if messages:
            meter.take(len(messages))
    consumer.close()


def fold(meter: Meter) -> None:
    """The real service, as it is deployed."""

    def observe(step: Step) -> None:
        if step.outcome == "committed" and step.batch is not None and step.batch.messages:
            meter.take(len(step.batch.messages))
        elif meter.is_over:
            os.kill(os.getpid(), signal.SIGTERM)

    wiring.fold(observe)


if __name__ == "__main__":
    measured = Meter()
    {"consume": consume, "fold": fold}[sys.argv[1]](measured)
    measured.report()
