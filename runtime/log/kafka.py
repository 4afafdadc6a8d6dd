"""The transactional log on Kafka: a consumer and a transactional producer of one slot of a group."""
# ruff: noqa: SLF001  librdkafka's own error codes begin with an underscore

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from runtime.clock import Clock, SystemClock
from runtime.kafka_errors import next_step
from runtime.log.halts import no_topic, offset_lost, slot_taken, topic_made_anew
from runtime.log.kafka_config import consumer_config
from runtime.log.kafka_positions import Positions
from runtime.log.kafka_producer import SlotProducer
from runtime.log.protocol import Batch, LogHalted, Message, OutRecord, Rewound, runs_of
from runtime.settings import KafkaSettings
from schemas.base import SourceRange

_logger = structlog.get_logger(__name__)


class _Consumed(Message, Protocol):
    """What consume() returns: a record, or an event of the partition or the client."""

    def error(self) -> KafkaError | None: ...


_error_of = cast("Callable[[_Consumed], KafkaError | None]", KafkaMessage.error)
"""As a function, so that map() makes 25 ns a record of it."""


class KafkaLog:
    """One slot of a consumer group on Kafka; a TransactionalLog.

    Connects when made: raises LogHalted when the topic is missing or the brokers do not answer. An older
    process in the same slot is fenced, and its open transaction aborted.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, slot: str, topic: str, *, clock: Clock | None = None
    ) -> None:
        """`topic` and `group` are named without the settings' prefix."""
        self._settings = settings
        self._group = settings.topic(group)
        self._slot = slot
        self._name = topic
        self._topic = settings.topic(topic)
        self._clock = clock or SystemClock()
        self._committed = Positions(settings, self._group, topic, self._clock)
        self._positions: dict[int, int] = {}
        """By assigned partition: where the next batch starts."""
        self._caught_up: frozenset[int] = frozenset()
        self._reassigned = False
        self._failure: Exception | None = None
        self._producer = SlotProducer(settings, self._group, slot, self._clock)
        self._consumer = self._connect()
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )

    @property
    def renewals(self) -> int:
        """How often a doubtful or aborted transaction made a new producer take over."""
        return self._producer.renewals

    def poll(self, max_records: int, timeout_s: float) -> Batch | None:
        """See TransactionalLog."""
        with self._halting("read"):
            messages = cast("Sequence[_Consumed]", self._consumer.consume(max_records, timeout_s))
            if self._failure is not None:
                raise self._failure
            if self._reassigned:  # the batch may hold records of partitions that are gone
                self._reassigned = False
                self._rewind()
                return None
        at_end: dict[int, int] = {}
        if any(map(_error_of, messages)):
            messages, at_end = self._sort_out(messages)
        return self._batch(messages, at_end)

    def commit(self, batch: Batch, out: Iterable[OutRecord]) -> None:
        """See TransactionalLog."""
        offsets = [
            TopicPartition(self._topic, partition, source.end, metadata=source.topic_id)
            for partition, source in batch.ranges.items()
        ]
        records = list(out)
        try:
            # the group's generation as it is now: an owner that was replaced is refused
            self._producer.transact(records, offsets, self._consumer.consumer_group_metadata())
        except Rewound:
            with self._halting("rewind"):
                # asked for, not remembered: a delayed request may have decided the transaction after all
                places = [TopicPartition(self._topic, partition) for partition in self._positions]
                self._positions = self._committed.committed(self._consumer, places)
                self._rewind()
            raise
        self._positions.update((partition, source.end) for partition, source in batch.ranges.items())

    def lag(self) -> Mapping[int, int]:
        """See TransactionalLog."""
        lags = {}
        for partition, position in self._positions.items():
            place = TopicPartition(self._topic, partition)
            _, high = self._consumer.get_watermark_offsets(place, cached=True)
            lags[partition] = 0 if partition in self._caught_up else max(0, high - position)
        return lags

    def close(self) -> None:
        """See TransactionalLog."""
        self._consumer.close()
        self._producer.close()

    def _connect(self) -> Consumer:
        config = self._settings.client(**consumer_config(self._group, self._slot))
        log_error = config["error_cb"]

        def on_error(error: KafkaError) -> None:
            if error.fatal():  # consume() says so once, and nothing for ever after
                self._failure = slot_taken(self._group, self._slot)
            log_error(error)

        return Consumer(config | {"error_cb": on_error})

    def _batch(self, messages: Sequence[Message], at_end: Mapping[int, int]) -> Batch:
        runs = runs_of(messages)
        ends = dict(self._positions)
        for run in runs:
            if messages[run.begin].offset() < ends[run.partition]:
                raise LogHalted(
                    f"{self._topic}/{run.partition} went back before offset {ends[run.partition]} unasked",
                    "start again: reading goes on from the committed offset",
                )
            ends[run.partition] = messages[run.end - 1].offset() + 1
        for partition, offset in at_end.items():
            ends[partition] = max(ends[partition], offset)
        self._caught_up = self._caught_up.difference(run.partition for run in runs).union(at_end)
        ranges = {
            partition: SourceRange(
                topic=self._name,
                topic_id=self._committed.source.topic_id,
                partition=partition,
                partitions=self._committed.source.partitions,
                start=start,
                end=ends[partition],
            )
            for partition, start in self._positions.items()
        }
        return Batch(messages, ranges, self._caught_up, runs)

    def _sort_out(self, messages: Sequence[_Consumed]) -> tuple[list[_Consumed], dict[int, int]]:
        """Parts records from events: the records, and by partition read to its end the offset of that end."""
        records: list[_Consumed] = []
        at_end: dict[int, int] = {}
        for message in messages:
            error = message.error()
            if error is None:
                records.append(message)
                at_end.pop(message.partition(), None)
            elif error.code() != KafkaError._PARTITION_EOF:
                self._judge(error, message.partition())
            elif message.partition() in self._positions:
                at_end[message.partition()] = message.offset()
        return records, at_end

    def _judge(self, error: KafkaError, partition: int) -> None:
        """Lets pass what librdkafka mends by itself; raises LogHalted for the rest."""
        code = error.code()
        if code in _LOST_OFFSET:
            if self._committed.describe().topic_id != self._committed.source.topic_id:
                raise topic_made_anew(self._topic, self._group)
            raise offset_lost(self._topic, partition, self._group)
        if code in _FENCED:
            raise slot_taken(self._group, self._slot)
        if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise no_topic(self._topic)
        if code != KafkaError._MAX_POLL_EXCEEDED and not error.retriable():
            raise LogHalted(f"reading {self._topic} failed: {error.str()}", next_step(error))
        _logger.warning("consumer_error", topic=self._topic, error=error.str())

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._reassigned = True
        try:
            self._positions = self._committed.assigned(consumer, partitions)
            places = [TopicPartition(self._topic, p, offset) for p, offset in self._positions.items()]
            consumer.assign(places)
        except (LogHalted, KafkaException) as failure:  # an exception does not get through librdkafka whole
            self._failure = failure

    def _on_revoke(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._reassigned = True
        self._positions = {}

    def _rewind(self) -> None:
        self._caught_up = frozenset()
        for partition, offset in self._positions.items():
            self._seek(TopicPartition(self._topic, partition, offset))
        _logger.info("positions", topic=self._topic, slot=self._slot, offsets=self._positions)

    def _seek(self, place: TopicPartition) -> None:
        for _ in range(50):
            try:
                self._consumer.seek(place)
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError._STATE:
                    raise
                self._clock.sleep(0.1)  # just assigned, not yet fetched from
            else:
                return
        raise LogHalted(f"could not go to {place}", "start again: reading goes on from the committed offset")

    @contextmanager
    def _halting(self, what: str) -> Iterator[None]:
        try:
            yield
        except KafkaException as failure:
            error = failure.args[0]
            if error.fatal() or error.code() in _FENCED:
                raise slot_taken(self._group, self._slot) from failure
            raise LogHalted(f"could not {what} {self._topic}: {error.str()}", next_step(error)) from failure


_FENCED = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})
"""Nothing else is fatal to a consumer."""
_LOST_OFFSET = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._NO_OFFSET})
