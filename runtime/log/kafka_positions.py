"""Where a group goes on in each place: at its committed offset, or at the oldest record if it never committed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, TopicPartition

from runtime.admin import TopicState, start_offsets
from runtime.clock import Clock
from runtime.errors import OperatorError
from runtime.kafka_errors import next_step
from runtime.log.halts import offset_lost, topic_made_anew, torn_share, uneven_partitions
from runtime.log.kafka_reading import described
from runtime.log.places import Places
from runtime.log.protocol import LogHalted
from runtime.settings import KafkaSettings
from schemas.base import SourceRange

CALL_TIMEOUT_S = 10.0
ATTEMPTS = 5
"""A dead process's transaction hides the committed offset until the broker ends it, up to 25 s later."""
_PAUSE_S = 0.5

T = TypeVar("T")


class Positions:
    """The starting points of one group in its topics, as these were when last described.

    Everything raises LogHalted when the brokers do not answer, the offsets belong to another topic of that name,
    or the topics do not go together partition by partition.
    """

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str], clock: Clock) -> None:
        """`group` is named with the settings' prefix, `topics` without."""
        self._settings = settings
        self._group = group
        self._names = tuple(topics)
        self._clock = clock
        self._topics: dict[str, TopicState] = {}
        """By name with prefix."""
        self._oldest: dict[int, int] = {}
        """By place, the oldest record when it was assigned: where a group that never committed starts."""
        self.describe()

    def describe(self) -> None:
        """Describes the topics anew: they must be those described before, and have equally many partitions."""
        before = self._topics
        self._topics = {self._settings.topic(name): described(self._settings, name) for name in self._names}
        for topic, state in self._topics.items():
            if topic in before and before[topic].topic_id != state.topic_id:
                raise topic_made_anew(topic, self._group)
        counts = {topic: state.partitions for topic, state in self._topics.items()}
        if len(set(counts.values())) > 1:
            raise uneven_partitions(counts)
        self.places = Places(tuple(counts), counts[next(iter(counts))])

    def at(self, place: int, offset: int = OFFSET_INVALID) -> TopicPartition:
        """A place as librdkafka names it."""
        topic, partition = self.places.split(place)
        return TopicPartition(topic, partition, offset)

    def range(self, place: int, start: int, end: int) -> SourceRange:
        """A range of a place."""
        topic, partition = self.places.split(place)
        source = self._topics[topic]
        return SourceRange(
            topic=source.name,
            topic_id=source.topic_id,
            partition=partition,
            partitions=source.partitions,
            start=start,
            end=end,
        )

    def assigned(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> dict[int, int]:
        """By place, the starting points of what the group just gave to this consumer; describes the topics anew."""
        self.describe()
        self._check_share(partitions)
        if partitions:
            found = self._retrying(lambda: start_offsets(self._settings, self._names))
            self._oldest = {
                self.places.of(self._settings.topic(name), partition): offset
                for name, offsets in found.items()
                for partition, offset in offsets.items()
            }
        starts = self.committed(consumer, partitions)
        for place, start in starts.items():
            if start < self._oldest[place]:
                raise offset_lost(*self.places.split(place), self._group)
        return starts

    def committed(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> dict[int, int]:
        """By place, the starting points of partitions assigned before, as they are after the last transaction."""
        if not partitions:
            return {}
        starts = {}
        for found in self._retrying(lambda: consumer.committed(list(partitions), CALL_TIMEOUT_S)):
            if found.error:
                raise LogHalted(f"no offset for {found}: {found.error.str()}", next_step(found.error))
            if found.offset >= 0 and found.metadata not in {None, "", self._topics[found.topic].topic_id}:
                raise topic_made_anew(found.topic, self._group)
            place = self.places.of(found.topic, found.partition)
            starts[place] = found.offset if found.offset >= 0 else self._oldest[place]
        return starts

    def _check_share(self, partitions: Sequence[TopicPartition]) -> None:
        """Records of one key must all come here, whichever topic they lie in."""
        shares = {topic: {own.partition for own in partitions if own.topic == topic} for topic in self.places.topics}
        if any(own != shares[self.places.topics[0]] for own in shares.values()):
            raise torn_share(self._group, shares)

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
