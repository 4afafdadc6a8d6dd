"""Where a group goes on in each partition: at its committed offset, or at the oldest record if it never committed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.admin import TopicState, describe, start_offsets
from runtime.clock import Clock
from runtime.errors import OperatorError
from runtime.kafka_errors import next_step
from runtime.log.halts import no_topic, offset_lost, topic_made_anew
from runtime.log.protocol import LogHalted
from runtime.settings import KafkaSettings

CALL_TIMEOUT_S = 10.0
ATTEMPTS = 5
"""A dead process's transaction hides the committed offset until the broker ends it, up to 25 s later."""
_PAUSE_S = 0.5

T = TypeVar("T")


class Positions:
    """The starting points of one group in one topic, which is `source` as last described.

    Everything raises LogHalted when the brokers do not answer, or the offsets belong to another topic of that name.
    """

    def __init__(self, settings: KafkaSettings, group: str, topic: str, clock: Clock) -> None:
        """`group` is named with the settings' prefix, `topic` without."""
        self._settings = settings
        self._group = group
        self._topic = topic
        self._clock = clock
        self._oldest: dict[int, int] = {}
        """By partition, the oldest record when it was assigned: where a group that never committed starts."""
        self.source = self.describe()

    def describe(self) -> TopicState:
        """The topic as it is now."""
        try:
            return describe(self._settings, [self._topic])[self._topic]
        except OperatorError as error:
            cause = error.__cause__
            if isinstance(cause, KafkaException) and cause.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise no_topic(self._settings.topic(self._topic)) from error
            raise LogHalted(error.what, error.next_step) from error

    def assigned(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> dict[int, int]:
        """Starting points of partitions the group just gave to this consumer; describes the topic anew."""
        before, self.source = self.source, self.describe()
        if before.topic_id != self.source.topic_id:
            raise topic_made_anew(self._settings.topic(self._topic), self._group)
        if partitions:
            self._oldest = self._retrying(lambda: start_offsets(self._settings, [self._topic])[self._topic])
        starts = self.committed(consumer, partitions)
        for partition, start in starts.items():
            if start < self._oldest[partition]:
                raise offset_lost(self._settings.topic(self._topic), partition, self._group)
        return starts

    def committed(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> dict[int, int]:
        """Starting points of partitions assigned before, as they are after the last transaction."""
        if not partitions:
            return {}
        starts = {}
        for place in self._retrying(lambda: consumer.committed(list(partitions), CALL_TIMEOUT_S)):
            if place.error:
                raise LogHalted(f"no offset for {place}: {place.error.str()}", next_step(place.error))
            if place.offset >= 0 and place.metadata not in {None, "", self.source.topic_id}:
                raise topic_made_anew(self._settings.topic(self._topic), self._group)
            starts[place.partition] = place.offset if place.offset >= 0 else self._oldest[place.partition]
        return starts

    def _retrying(self, call: Callable[[], T]) -> T:
        """Calls until brokers that just started, lead anew, or wait for a dead process's transaction answer."""
        what, step = "", ""
        for _ in range(ATTEMPTS):
            try:
                return call()
            except OperatorError as error:
                what, step = error.what, error.next_step
            except KafkaException as failure:
                what, step = failure.args[0].str(), next_step(failure.args[0])
            self._clock.sleep(_PAUSE_S)
        raise LogHalted(f"the offsets of group {self._group} cannot be had: {what}", step)
