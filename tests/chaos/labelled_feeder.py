"""Predictions and labels of many ids: late, early, shuffled, corrected, repeated, of nobody, of another partitioner."""

import heapq
import json

from confluent_kafka import KafkaError

from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from tests.chaos.harness import TICK_S, Feeder, sure_producer
from tests.performance_stream import DAY_MS, PARTITIONS, T0, label, prediction
from tests.properties.performance_windows.recount import Event
from tests.properties.performance_windows.stream import Written, events_of

ELSEWHERE = 0.02
"""Share of ids that librdkafka's own partitioner places."""
LATER = (0, 0, 10, 100, 1_000)
"""How many ids after its own an event is written."""
_PARTITIONERS = {False: "murmur2", True: "consistent"}
"""Java's, and librdkafka's CRC32, by `Written.other_partitioner`."""


class LabelledFeeder(Feeder):
    """Writes at an even rate of ids; notes everything it wrote, in order."""

    def __init__(self, settings: KafkaSettings, rate: int, seed: int, step_ms: int) -> None:
        """`step_ms` of event time lie between one id and the next."""
        super().__init__(settings, "predictions", PARTITIONS, rate, seed)
        self.written: list[Written] = []
        self._failed: list[KafkaError] = []
        self._settings = settings
        self._step_ms = step_ms
        self._producers = {
            other: sure_producer(settings, partitioner=partitioner) for other, partitioner in _PARTITIONERS.items()
        }

    def of(self, topic: str) -> list[Event]:
        """All events of a topic, in the order they were written."""
        return [one.event for one in self.written if one.topic == topic]

    def stop(self) -> None:
        """Returns when everything is acknowledged."""
        super().stop()
        assert [producer.flush(60) for producer in self._producers.values()] == [0, 0]
        assert self._failed == []

    def write_the_end(self) -> None:
        """Events so much later, in every partition, that no label waits any more and no prediction is kept."""
        end_ms = T0 + 20 * DAY_MS
        for place in range(PARTITIONS):
            ids = ((number, f"p-{number}".encode()) for number in range(90_000_000, 90_001_000))
            number = next(number for number, key in ids if partition_of(key, PARTITIONS) == place)
            self._write(Written("predictions", prediction(number, end_ms), other_partitioner=False))
            self._write(Written("labels", label(number, end_ms, "stay"), other_partitioner=False))
        self.stop()

    def _feed(self) -> None:
        due: list[tuple[int, int, Written]] = []
        number = noted = 0
        while not self._stop.wait(TICK_S) or due:
            for _ in range(round(self._rate * TICK_S)):
                number += 1
                if not self._stop.is_set():
                    for one in events_of(number, self._random, T0 + number * self._step_ms, ELSEWHERE):
                        noted += 1
                        heapq.heappush(due, (number + self._random.choice(LATER), noted, one))
                while due and due[0][0] <= number:
                    self._write(heapq.heappop(due)[2])
            for producer in self._producers.values():
                producer.poll(0)

    def _write(self, one: Written) -> None:
        self.written.append(one)
        topic, key = self._settings.topic(one.topic), one.event["prediction_id"].encode()
        self._producers[one.other_partitioner].produce(topic, json.dumps(one.event), key, on_delivery=self._delivered)

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failed.append(error)
