"""Earlier profiles, read back from the topic: needed only where a transaction was torn."""

from collections.abc import Iterator

from confluent_kafka import Consumer, TopicPartition

from runtime.settings import KafkaSettings
from schemas.profile import Profile

LOOK_BACK = 50_000
"""Offsets of `profiles` looked through; a torn transaction is among the last few of its source partition."""
POLL_S = 5.0


class KafkaHistory:
    """Reads profiles back with a consumer of its own, in no group."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def __call__(self, partition: int, offset: int, model: str, source: str, from_end: int) -> Iterator[Profile]:
        """Profiles of `model` from `source` that stand before `offset` and end beyond the source offset `from_end`."""
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
            consumer.assign([TopicPartition(self._settings.topic("profiles"), partition, start)])
            while (message := consumer.poll(POLL_S)) is not None and message.error() is None:
                at, value = message.offset(), message.value()
                if at is None or at >= offset:
                    return
                if value is not None and message.key() == model.encode():
                    profile = Profile.model_validate_json(value)
                    if profile.source.key == source and profile.source.end > from_end:
                        yield profile
        finally:
            consumer.close()
