"""The topics of a projection as the broker has them: the source must be there, the changelog is made to fit it."""

from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # the client does not export what it has
    AdminClient,
    NewTopic,
    OffsetSpec,
)

from runtime.clock import Clock
from runtime.errors import OperatorError
from runtime.faust.projection import Projection
from runtime.kafka_errors import next_step
from runtime.settings import KafkaSettings

TIMEOUT_S = 20.0
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client has no types for it
ASK_EVERY_S = 5.0
_DAY_MS = "86400000"
CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": _DAY_MS,  # what was written last can be looked at
    "delete.retention.ms": _DAY_MS,
    "max.message.bytes": "8388608",
}


def prepare(projection: Projection, settings: KafkaSettings, clock: Clock) -> int:
    """Creates the changelog if it is missing; returns the number of partitions of source and changelog.

    Blocks up to TIMEOUT_S a request. Raises OperatorError when the source is missing, the two do not fit each other,
    or no broker answers.
    """
    admin = AdminClient(settings.client())
    source, changelog = settings.topic(projection.source), projection.changelog(settings)
    partitions = _partitions(admin, source)
    if not partitions:
        raise OperatorError(
            f"{projection.service} reads topic {source}, which does not exist",
            "create the topics first: `driftline up`",
        )
    if not _partitions(admin, changelog):
        _create(admin, NewTopic(changelog, partitions, settings.replication_factor, config=CHANGELOG_CONFIG))
    deadline_s = clock.monotonic() + TIMEOUT_S
    while not (found := _partitions(admin, changelog)):  # the controller is ahead of the broker that is asked
        if clock.monotonic() > deadline_s:
            raise OperatorError(
                f"{changelog} was made, but has no leader", "look at the health of the cluster's brokers"
            )
        clock.sleep(0.05)
    if found != partitions:
        raise OperatorError(
            f"{changelog} has {found} partitions, {source} has {partitions}: rows would not be found again",
            f"stop {projection.service}, delete {changelog} and consumer group {settings.topic(projection.service)}, "
            "and start it again: it rebuilds its rows from what the source still has",
        )
    return partitions


def _partitions(admin: AdminClient, topic: str) -> int:
    """How many it has; 0 when it is not there."""
    try:
        metadata = admin.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
    except KafkaException as error:
        raise OperatorError(f"the cluster does not answer: {error.args[0].str()}", next_step(error.args[0])) from error
    return 0 if metadata.error else len(metadata.partitions)


def _create(admin: AdminClient, topic: NewTopic) -> None:
    try:
        admin.create_topics([topic])[topic.topic].result(TIMEOUT_S)
    except KafkaException as error:
        cause: KafkaError = error.args[0]
        if cause.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another slot was first
            raise OperatorError(f"cannot create {topic.topic}: {cause.str()}", next_step(cause)) from error


class EndOffsets:
    """Where committed records end, asked for every ASK_EVERY_S without waiting. One thread uses it.

    Independent of Faust's connections, so that a fetcher that stopped is noticed. While the broker does not answer, the
    last known ends hold: that is not the fault of this process.
    """

    def __init__(self, settings: KafkaSettings, topic: str, partitions: int, clock: Clock) -> None:
        """`topic` by its full name."""
        self._admin = AdminClient(settings.client())
        self._request = {TopicPartition(topic, number): _LATEST for number in range(partitions)}
        self._clock = clock
        self._asked_s = -ASK_EVERY_S
        self._answers: dict[TopicPartition, Any] = {}
        self._ends: dict[int, int] = {}

    def now(self) -> dict[int, int]:
        """By partition, the newest that is known."""
        for partition, answer in self._answers.items():
            if answer.done() and answer.exception() is None:
                self._ends[partition.partition] = answer.result().offset
        if self._clock.monotonic() - self._asked_s >= ASK_EVERY_S:
            self._asked_s = self._clock.monotonic()
            level = IsolationLevel.READ_COMMITTED
            self._answers = self._admin.list_offsets(self._request, isolation_level=level, request_timeout=ASK_EVERY_S)
        return self._ends
