"""The transactional producer of one slot: writes records and offsets together, mistrusts doubtful commits.

librdkafka keeps one epoch for many transactions. A request to end one that was given up may still arrive, and
then it decides the next (KAFKA-17754). So after any doubtful commit a new producer takes over: its new epoch
makes the broker refuse what the old one may have left under way.
"""
# ruff: noqa: SLF001  librdkafka's own error codes begin with an underscore

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from runtime.clock import Clock
from runtime.kafka_errors import next_step
from runtime.log.halts import slot_taken, undecided, undeliverable
from runtime.log.kafka_config import SOCKET_TIMEOUT_S, producer_config
from runtime.log.overdue import overdue
from runtime.log.protocol import LogHalted, OutRecord, Rewound
from runtime.settings import KafkaSettings

ATTEMPTS = 5
CALL_TIMEOUT_S = 10.0
OFFSETS_LIMIT_S = 20.0
SLOW_ANSWER_S = 0.8 * SOCKET_TIMEOUT_S
_BY_KEY = -1

_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
    }
)
_UNDELIVERABLE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "create the topics (`driftline up` does), then start again",
    KafkaError._UNKNOWN_TOPIC: "create the topics (`driftline up` does), then start again",
    KafkaError._UNKNOWN_PARTITION: "give the topic the partitions of the catalogue, then start again",
    KafkaError.MSG_SIZE_TOO_LARGE: "raise the topic's max.message.bytes to that of the catalogue",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant the user Write on the topic",
}
"""Aborting and writing again would fail for ever."""

_logger = structlog.get_logger(__name__)


class _Doubts(logging.Handler):
    """Notes when librdkafka logs that a request timed out or a connection broke."""

    def __init__(self, doubt: Callable[[], None]) -> None:
        super().__init__()
        self._doubt = doubt

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "REQTMOUT" in message or "FAIL" in message:
            self._doubt()


class SlotProducer:
    """Writes transactions for one slot of a group. A second one for the same slot fences the first."""

    def __init__(self, settings: KafkaSettings, group: str, slot: str, clock: Clock) -> None:
        self._settings = settings
        self._group = group
        self._slot = slot
        self._clock = clock
        self._doubtful = False
        self._undeliverable: LogHalted | None = None
        self.renewals = 0
        """How often a new producer took over."""
        self._producer = self._connect()

    def transact(self, records: Iterable[OutRecord], offsets: Sequence[TopicPartition], group_metadata: object) -> None:
        """Writes all or nothing; blocks until it is decided.

        Raises Rewound when the transaction was aborted, LogHalted when this process must end. Retries for
        `ATTEMPTS` x `CALL_TIMEOUT_S` seconds when brokers do not answer.
        """
        producer = self._producer
        self._doubtful = False
        self._undeliverable = None
        try:
            producer.begin_transaction()
            for record in records:
                self._produce(record)
            self._send_offsets(offsets, group_metadata)
            asked_s = self._clock.monotonic()
            self._patiently(lambda: producer.commit_transaction(CALL_TIMEOUT_S))
        except KafkaException as failure:
            self._abort(failure.args[0])
            raise Rewound from failure
        producer.poll(0)  # serves what librdkafka logged meanwhile
        if self._doubtful or self._clock.monotonic() - asked_s > SLOW_ANSWER_S:
            self._renew("doubtful commit")

    def close(self) -> None:
        """Closes the client; an open transaction is aborted by the slot's next process, or by its timeout."""
        try:
            self._producer.close()
        except KafkaException as failure:  # a fenced producer says so once more
            _logger.warning("producer_closed_with_error", error=failure.args[0].str())

    def _connect(self) -> Producer:
        logger = logging.Logger("librdkafka")  # noqa: LOG001  one to each producer, outside the tree
        logger.addHandler(_Doubts(self._doubt))
        config: dict[str, Any] = self._settings.client(**producer_config(f"{self._group}-{self._slot}"))
        log_error = config["error_cb"]

        def on_error(error: KafkaError) -> None:
            self._doubt()
            log_error(error)

        producer = Producer(config | {"error_cb": on_error, "on_delivery": self._on_delivery}, logger=logger)
        try:
            self._patiently(lambda: producer.init_transactions(CALL_TIMEOUT_S))
        except KafkaException as failure:
            raise self._halted(failure.args[0]) from failure
        return producer

    def _renew(self, reason: str) -> None:
        old, self._producer = self._producer, self._connect()
        old.close()
        self.renewals += 1
        _logger.warning("producer_renewed", group=self._group, slot=self._slot, reason=reason)

    def _produce(self, record: OutRecord) -> None:
        topic = self._settings.topic(record.topic)
        partition = _BY_KEY if record.partition is None else record.partition
        while True:
            try:
                self._producer.produce(topic, record.value, record.key, partition, headers=list(record.headers) or None)
                break
            except BufferError:  # librdkafka's queue is full: let it deliver some
                self._producer.poll(0.1)

    def _send_offsets(self, offsets: Sequence[TopicPartition], group_metadata: object) -> None:
        # librdkafka forgets the time limit while the group's coordinator is away (its issues 5456 and 5511)
        with overdue(OFFSETS_LIMIT_S, undecided(self._group, OFFSETS_LIMIT_S)):
            self._patiently(
                lambda: self._producer.send_offsets_to_transaction(list(offsets), group_metadata, CALL_TIMEOUT_S)
            )

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and self._undeliverable is None and error.code() in _UNDELIVERABLE:
            step = _UNDELIVERABLE[error.code()]
            self._undeliverable = undeliverable(str(message.topic()), error.str(), step)

    def _doubt(self) -> None:
        self._doubtful = True

    def _patiently(self, call: Callable[[], None]) -> None:
        """Repeats a call that timed out; lets every other error through."""
        for _ in range(ATTEMPTS):
            try:
                return call()
            except KafkaException as failure:
                error = failure.args[0]
                if error.txn_requires_abort() or not error.retriable():
                    raise
                self._doubt()
        raise undecided(self._group, ATTEMPTS * CALL_TIMEOUT_S)

    def _abort(self, error: KafkaError) -> None:
        """Aborts where the error asks for it; raises LogHalted where going on cannot help."""
        if error.code() in _FENCED or not error.txn_requires_abort():
            raise self._halted(error)
        self._producer.poll(0)  # serves delivery reports
        try:
            self._patiently(lambda: self._producer.abort_transaction(CALL_TIMEOUT_S))
        except KafkaException as failure:
            raise self._halted(failure.args[0]) from failure
        if self._undeliverable is not None:
            raise self._undeliverable
        self._renew(f"aborted: {error.str()}")

    def _halted(self, error: KafkaError) -> LogHalted:
        if error.code() in _FENCED:
            return slot_taken(self._group, self._slot)
        return LogHalted(f"a transaction of group {self._group} failed: {error.str()}", next_step(error))
