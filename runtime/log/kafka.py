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
from runtime.log.halts import offset_lost, slot_taken
from runtime.log.kafka_config import consumer_config
from runtime.log.kafka_positions import Positions
from runtime.log.kafka_producer import SlotProducer
from runtime.log.kafka_reading import LOST_OFFSET, pass_over
from runtime.log.protocol import Batch, LogHalted, Message, OutRecord, Rewound, runs_of
from runtime.settings import KafkaSettings

_logger = structlog.get_logger(__name__)


class _Consumed(Message, Protocol):
    """What consume() returns: a record, or an event of the partition or the client."""

    def error(self) -> KafkaError | None: ...


_error_of = cast("Callable[[_Consumed], KafkaError | None]", KafkaMessage.error)
"""As a function, so that map() makes 25 ns a record of it."""


class KafkaLog:
    """One slot of a consumer group on Kafka; a TransactionalLog.

    Connects when made: raises LogHalted when a topic is missing, topics differ in their number of partitions, or
    the brokers do not answer. An older process in the same slot is fenced, and its open transaction aborted.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, slot: str, topics: str | Sequence[str], *, clock: Clock | None = None
    ) -> None:
        """`topics` (one, or several that share their keys) and `group` are named without the settings' prefix."""
        self._settings = settings
        self._group = settings.topic(group)
        self._slot = slot
        names = (topics,) if isinstance(topics, str) else tuple(topics)
        self._read = " and ".join(map(settings.topic, names))
        self._clock = clock or SystemClock()
        self._committed = Positions(settings, self._group, names, self._clock)
        self._positions: dict[int, int] = {}
        """By assigned place: where the next batch starts."""
        self._caught_up: frozenset[int] = frozenset()
        self._reassigned = False
        self._failure: Exception | None = None
        self._producer = SlotProducer(settings, self._group, slot, self._clock)
        self._consumer = self._connect()
        self._consumer.subscribe(
            list(map(settings.topic, names)),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
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
            TopicPartition(self._settings.topic(source.topic), source.partition, source.end, metadata=source.topic_id)
            for source in batch.ranges.values()
        ]
        records = list(out)
        try:
            # the group's generation as it is now: an owner that was replaced is refused
            self._producer.transact(records, offsets, self._consumer.consumer_group_metadata())
        except Rewound:
            with self._halting("rewind"):
                # asked for, not remembered: a delayed request may have decided the transaction after all
                partitions = [self._committed.at(place) for place in self._positions]
                self._positions = self._committed.committed(self._consumer, partitions)
                self._rewind()
            raise
        self._positions.update((place, source.end) for place, source in batch.ranges.items())

    def rewind(self) -> None:
        """See TransactionalLog."""
        with self._halting("rewind"):
            self._rewind()

    def lag(self) -> Mapping[int, int]:
        """See TransactionalLog."""
        lags = {}
        for place, position in self._positions.items():
            _, high = self._consumer.get_watermark_offsets(self._committed.at(place), cached=True)
            lags[place] = 0 if place in self._caught_up else max(0, high - position)
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
        runs = runs_of(messages, self._committed.places.first)
        ends = dict(self._positions)
        for run in runs:
            if messages[run.begin].offset() < ends[run.place]:
                topic, partition = self._committed.places.split(run.place)
                raise LogHalted(
                    f"{topic}/{partition} went back before offset {ends[run.place]} unasked",
                    "start again: reading goes on from the committed offset",
                )
            ends[run.place] = messages[run.end - 1].offset() + 1
        reached = {place: offset for place, offset in at_end.items() if offset >= ends.get(place, offset + 1)}
        ends.update(reached)
        self._caught_up = self._caught_up.difference(run.place for run in runs).union(reached)
        ranges = {place: self._committed.range(place, start, ends[place]) for place, start in self._positions.items()}
        return Batch(messages, ranges, self._caught_up, runs)

    def _sort_out(self, messages: Sequence[_Consumed]) -> tuple[list[_Consumed], dict[int, int]]:
        """Parts records from events: the records, and by place read to its end the offset of that end."""
        records: list[_Consumed] = []
        at_end: dict[int, int] = {}
        for message in messages:
            error = message.error()
            if error is None:
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end[self._committed.places.of(message.topic(), message.partition())] = message.offset()
            else:
                self._judge(error, message)
        return records, at_end

    def _judge(self, error: KafkaError, message: Message) -> None:
        """Lets pass what librdkafka mends by itself; raises LogHalted for the rest."""
        topic = message.topic() or self._read  # an error of the client has none
        if error.code() in LOST_OFFSET:
            self._committed.describe()  # says so where the topic was made anew
            raise offset_lost(topic, message.partition(), self._group)
        if error.code() in _FENCED:
            raise slot_taken(self._group, self._slot)
        pass_over(error, topic)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._reassigned = True
        try:
            self._positions = self._committed.assigned(consumer, partitions)
            consumer.assign([self._committed.at(place, offset) for place, offset in self._positions.items()])
        except (LogHalted, KafkaException) as failure:  # an exception does not get through librdkafka whole
            self._failure = failure

    def _on_revoke(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._reassigned = True
        self._positions = {}

    def _rewind(self) -> None:
        self._caught_up = frozenset()
        starts = [self._committed.at(place, offset) for place, offset in self._positions.items()]
        for start in starts:
            self._seek(start)
        offsets = {f"{start.topic}/{start.partition}": start.offset for start in starts}
        _logger.info("positions", slot=self._slot, offsets=offsets)

    def _seek(self, start: TopicPartition) -> None:
        for _ in range(50):
            try:
                self._consumer.seek(start)
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError._STATE:
                    raise
                self._clock.sleep(0.1)  # just assigned, not yet fetched from
            else:
                return
        raise LogHalted(f"could not go to {start}", "start again: reading goes on from the committed offset")

    @contextmanager
    def _halting(self, what: str) -> Iterator[None]:
        try:
            yield
        except KafkaException as failure:
            error = failure.args[0]
            if error.fatal() or error.code() in _FENCED:
                raise slot_taken(self._group, self._slot) from failure
            raise LogHalted(f"could not {what} {self._read}: {error.str()}", next_step(error)) from failure


_FENCED = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})
"""Nothing else is fatal to a consumer."""
