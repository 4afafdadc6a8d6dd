"""Silent replay: a range of one partition is read once more, by nobody's group, to rebuild what rests on it."""
# ruff: noqa: SLF001  librdkafka's own error codes begin with an underscore

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Protocol, cast

from confluent_kafka import Consumer, KafkaError, TopicPartition

from runtime.admin import end_offsets, start_offsets
from runtime.clock import Clock, SystemClock
from runtime.log.halts import replay_lost, replay_unanswered, source_made_anew
from runtime.log.kafka_config import replay_config
from runtime.log.kafka_reading import LOST_OFFSET, asking, described, pass_over
from runtime.log.memory_broker import MemoryBroker
from runtime.log.protocol import Message
from runtime.settings import KafkaSettings
from schemas.base import SourceRange

BATCH_RECORDS = 10_000
SILENCE_LIMIT_S = 30.0
_POLL_S = 0.1


class Replay(Protocol):
    """Reads ranges again. Moves no group's offsets, and may run beside a TransactionalLog."""

    def replay(self, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        """The committed records of the source's partition from `source.start` up to, not including, `end`.

        In order, in batches of at most `BATCH_RECORDS`, none empty; over gaps, aborted records and markers.
        Nothing is asked before the first batch is. Blocks; raises LogHalted when the beginning is gone, the topic
        has another id than the source, or the brokers do not answer or bring nothing for 30 s (`SILENCE_LIMIT_S`).
        """
        ...

    def oldest(self, topic: str, partition: int) -> int:
        """The oldest offset that retention has left. Raises LogHalted when the topic is gone or nobody answers."""
        ...

    def everything(self, topic: str, partition: int) -> Iterator[Sequence[Message]]:
        """Replays a partition from its oldest offset to its end as it is when the first batch is asked for.

        What was committed before that is among it: it waits for transactions that are open.
        """
        ...


class KafkaReplay:
    """A Replay on Kafka: a consumer of its own for each range."""

    def __init__(
        self, settings: KafkaSettings, clock: Clock | None = None, *, silence_limit_s: float = SILENCE_LIMIT_S
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._silence_limit_s = silence_limit_s

    def replay(self, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        """See Replay."""
        if source.start >= end:
            return
        self._check(source)
        topic = self._settings.topic(source.topic)
        with asking(topic), closing(Consumer(self._settings.client(**replay_config(topic)))) as consumer:
            consumer.assign([TopicPartition(topic, source.partition, source.start)])
            yield from self._read(consumer, source, end)

    def oldest(self, topic: str, partition: int) -> int:
        """See Replay."""
        with asking(self._settings.topic(topic)):
            return start_offsets(self._settings, [topic])[topic][partition]

    def everything(self, topic: str, partition: int) -> Iterator[Sequence[Message]]:
        """See Replay."""
        state = described(self._settings, topic)
        with asking(self._settings.topic(topic)):
            end = end_offsets(self._settings, [topic])[topic][partition]
        start = self.oldest(topic, partition)
        source = SourceRange(
            topic=topic,
            topic_id=state.topic_id,
            partition=partition,
            partitions=state.partitions,
            start=start,
            end=max(start, end),
        )
        yield from self.replay(source, end)

    def _check(self, source: SourceRange) -> None:
        topic = self._settings.topic(source.topic)
        if described(self._settings, source.topic).topic_id != source.topic_id:
            raise source_made_anew(topic)
        if source.start < self.oldest(source.topic, source.partition):
            raise replay_lost(topic, source.partition, source.start)

    def _read(self, consumer: Consumer, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        topic = self._settings.topic(source.topic)
        position, heard_s = source.start, self._clock.monotonic()
        while position < end:
            before, records = position, []
            for message in consumer.consume(min(BATCH_RECORDS, end - position), _POLL_S):
                error, offset = message.error(), cast("int", message.offset())
                if error is None:
                    position = offset + 1
                    if offset < end:
                        records.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    position = max(position, offset)
                elif error.code() in LOST_OFFSET:
                    self._check(source)  # says so where the topic was made anew
                    raise replay_lost(topic, source.partition, position)
                else:
                    pass_over(error, topic)
            if records:
                yield cast("Sequence[Message]", records)
            if position > before:
                heard_s = self._clock.monotonic()
            elif self._clock.monotonic() - heard_s > self._silence_limit_s:
                raise replay_unanswered(topic, source.partition, position, end, self._silence_limit_s)


class MemoryReplay:
    """A Replay on a MemoryBroker. What is not there will not come: it waits for nothing."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def replay(self, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        """See Replay."""
        if source.start >= end:
            return
        with self._broker.changed:
            topic = self._broker.topic(source.topic)
            if topic.topic_id != source.topic_id:
                raise source_made_anew(source.topic)
            partition = topic.partitions[source.partition]
            if source.start < partition.start:
                raise replay_lost(source.topic, source.partition, source.start)
            records = [message for message in partition.log[source.start : end] if message is not None]
            reached = len(partition.log)
        for begin in range(0, len(records), BATCH_RECORDS):
            yield records[begin : begin + BATCH_RECORDS]
        if reached < end:
            raise replay_unanswered(source.topic, source.partition, reached, end, 0)

    def oldest(self, topic: str, partition: int) -> int:
        """See Replay."""
        with self._broker.changed:
            return self._broker.topic(topic).partitions[partition].start

    def everything(self, topic: str, partition: int) -> Iterator[Sequence[Message]]:
        """See Replay."""
        with self._broker.changed:
            found = self._broker.topic(topic)
            start, end = found.partitions[partition].start, len(found.partitions[partition].log)
        source = SourceRange(
            topic=topic,
            topic_id=found.topic_id,
            partition=partition,
            partitions=len(found.partitions),
            start=start,
            end=end,
        )
        yield from self.replay(source, end)
