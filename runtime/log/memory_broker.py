"""Topics, consumer groups and transactions in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Condition

from runtime.log.halts import no_topic
from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from schemas.topics import TOPICS


class MemoryMessage:
    """One record, read as a confluent-kafka message is."""

    __slots__ = ("_headers", "_key", "_offset", "_partition", "_timestamp_ms", "_topic", "_value")

    def __init__(
        self,
        value: bytes | None,
        *,
        key: bytes | None = None,
        topic: str = "",
        partition: int = 0,
        offset: int = 0,
        timestamp_ms: int = 0,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        self._value = value
        self._key = key
        self._topic = topic
        self._partition = partition
        self._offset = offset
        self._timestamp_ms = timestamp_ms
        self._headers = list(headers) or None

    def value(self) -> bytes | None:
        """The record's value; None in a tombstone."""
        return self._value

    def key(self) -> bytes | None:
        """The record's key."""
        return self._key

    def topic(self) -> str:
        """The topic it lies in."""
        return self._topic

    def partition(self) -> int:
        """The partition it lies in."""
        return self._partition

    def offset(self) -> int:
        """Its offset."""
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        """(1, milliseconds): stamped by its producer."""
        return 1, self._timestamp_ms

    def headers(self) -> list[tuple[str, bytes]] | None:
        """Its headers."""
        return self._headers


@dataclass(slots=True)
class MemoryPartition:
    """One partition's records."""

    log: list[MemoryMessage | None] = field(default_factory=list)
    """By offset. None: a transaction marker or an aborted record; takes an offset and is never read."""
    start: int = 0
    """What lies before was deleted."""


@dataclass(slots=True)
class MemoryTopic:
    """One topic; made anew it has another id."""

    topic_id: str
    partitions: list[MemoryPartition]


@dataclass(slots=True)
class MemoryGroup:
    """One consumer group."""

    generation: int = 0
    epochs: dict[str, int] = field(default_factory=dict)
    """By slot: rises with each process that takes the slot over."""
    topics: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By slot: what it reads."""
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    """By topic and partition: the offset committed."""


class MemoryBroker:
    """Topics, groups and transactions in memory. Safe to use from several threads."""

    def __init__(self, topics: Mapping[str, int] | None = None) -> None:
        """Creates `topics` (name → partitions); the whole catalogue by default."""
        self.changed = Condition()
        self._topics: dict[str, MemoryTopic] = {}
        self._groups: dict[str, MemoryGroup] = {}
        self._numbers = count(1)
        chosen = {topic.name: topic.partitions for topic in TOPICS.values()} if topics is None else topics
        for name, partitions in chosen.items():
            self.create_topic(name, partitions)

    def create_topic(self, name: str, partitions: int) -> None:
        """Makes an empty topic with a new id."""
        with self.changed:
            self._topics[name] = MemoryTopic(
                f"memory-{next(self._numbers)}", [MemoryPartition() for _ in range(partitions)]
            )

    def delete_topic(self, name: str) -> None:
        """Removes a topic with its records, and every group's offsets in it."""
        with self.changed:
            del self._topics[name]
            for group in self._groups.values():
                group.offsets = {place: offset for place, offset in group.offsets.items() if place[0] != name}

    def topic(self, name: str) -> MemoryTopic:
        """The topic. Raises LogHalted when there is none."""
        if name not in self._topics:
            raise no_topic(name)
        return self._topics[name]

    def group(self, name: str) -> MemoryGroup:
        """The consumer group, made when first named."""
        return self._groups.setdefault(name, MemoryGroup())

    def produce(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int = 0,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> MemoryMessage:
        """Appends one record and returns it as stored. Without key and partition it goes to any partition."""
        with self.changed:
            partitions = self.topic(topic).partitions
            if partition is None:
                partition = next(self._numbers) % len(partitions) if key is None else partition_of(key, len(partitions))
            log = partitions[partition].log
            message = MemoryMessage(
                value,
                key=key,
                topic=topic,
                partition=partition,
                offset=len(log),
                timestamp_ms=timestamp_ms,
                headers=headers,
            )
            log.append(message)
            self.changed.notify_all()
            return message

    def transact(self, records: Sequence[OutRecord], *, commit: bool = True) -> None:
        """Appends all records and their markers. Aborted ones take offsets, too, but are never read."""
        with self.changed:
            places = [self.topic(record.topic) for record in records]  # all exist, or nothing is written
            touched: list[MemoryPartition] = []
            for record, place in zip(records, places, strict=True):
                message = self.produce(
                    record.topic,
                    record.value,
                    key=record.key,
                    partition=record.partition,
                    headers=record.headers,
                )
                partition = place.partitions[message.partition()]
                if not commit:
                    partition.log[message.offset()] = None
                if partition not in touched:
                    touched.append(partition)
            for partition in touched:
                partition.log.append(None)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records before an offset, as retention does."""
        with self.changed:
            self.topic(topic).partitions[partition].start = before

    def read(self, topic: str) -> list[MemoryMessage]:
        """Every committed record of a topic, partition by partition."""
        with self.changed:
            return [
                message
                for partition in self.topic(topic).partitions
                for message in partition.log[partition.start :]
                if message is not None
            ]

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Offsets the group committed, by partition."""
        with self.changed:
            offsets = self.group(group).offsets.items()
            return {partition: offset for (name, partition), offset in offsets if name == topic}
