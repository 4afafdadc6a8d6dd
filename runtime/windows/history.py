"""Earlier partials, read back from their topic: needed only where a transaction was torn."""

from collections.abc import Iterator
from typing import Generic

from confluent_kafka import Consumer, TopicPartition

from runtime.settings import KafkaSettings
from runtime.windows.parts import P

LOOK_BACK = 50_000
"""Offsets of the topic looked through; a torn transaction is among the last few of its source partition."""
POLL_S = 5.0


class KafkaHistory(Generic[P]):
    """Reads partials of one kind back with a consumer of its own, in no group."""

    def __init__(self, settings: KafkaSettings, topic: str, record: type[P]) -> None:
        self._settings = settings
        self._topic = settings.topic(topic)
        self._record = record

    def __call__(self, partition: int, offset: int, model: str, source: str, from_end: int) -> Iterator[P]:
        """Partials of `model` from `source` that stand before `offset` and end beyond the source offset `from_end`."""
        consumer = Consumer(
            self._settings.client(
                **{
                    "group.id": "driftline-history",
                    "enable.auto.commit": False,
                    "isolation.level": "read_committed",
                    "auto.offset.reset": "earliest",
                    "enable.partition.eof": True,
                }
            )
        )
        try:
            start = max(0, offset - LOOK_BACK)
            consumer.assign([TopicPartition(self._topic, partition, start)])
            while (message := consumer.poll(POLL_S)) is not None and message.error() is None:
                at, value = message.offset(), message.value()
                if at is None or at >= offset:
                    return
                if value is not None and message.key() == model.encode():
                    found = self._record.model_validate_json(value)
                    if found.source.key == source and found.source.end > from_end:
                        yield found
        finally:
            consumer.close()
