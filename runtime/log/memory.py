"""The transactional log in memory: the same promises as Kafka's, for tests of services without a broker."""

from collections.abc import Iterable, Mapping

from runtime.log.halts import offset_lost, slot_taken, topic_made_anew
from runtime.log.memory_broker import MemoryBroker, MemoryMessage
from runtime.log.protocol import Batch, OutRecord, Rewound
from schemas.base import SourceRange

__all__ = ["MemoryBroker", "MemoryLog", "MemoryMessage"]


class MemoryLog:
    """One slot of a group on a MemoryBroker; a TransactionalLog."""

    def __init__(self, broker: MemoryBroker, group: str, slot: str, topic: str) -> None:
        self._broker = broker
        self._name = group
        self._slot = slot
        self._topic = topic
        self._generation = 0
        self._positions: dict[int, int] = {}
        """By partition: where the next batch starts."""
        with broker.changed:
            self._topic_id = broker.topic(topic).topic_id
            members = broker.group(group)
            self._epoch = members.epochs[slot] = members.epochs.get(slot, 0) + 1
            members.generation += 1

    def poll(self, max_records: int, timeout_s: float) -> Batch | None:
        """See TransactionalLog."""
        with self._broker.changed:
            self._check_not_fenced()
            if self._generation != self._broker.group(self._name).generation:
                self._rewind()
                return None
            topic = self._broker.topic(self._topic)
            if topic.topic_id != self._topic_id:
                raise topic_made_anew(self._topic, self._name)
            partitions = topic.partitions
            self._broker.changed.wait_for(
                lambda: any(len(partitions[p].log) > at for p, at in self._positions.items()), timeout_s
            )
            return self._take(max_records)

    def commit(self, batch: Batch, out: Iterable[OutRecord]) -> None:
        """See TransactionalLog."""
        records = list(out)
        with self._broker.changed:
            self._check_not_fenced()
            group = self._broker.group(self._name)
            stale = self._generation != group.generation
            self._broker.transact(records, commit=not stale)
            if stale:
                self._rewind()
                raise Rewound
            for partition, source in batch.ranges.items():
                group.offsets[self._topic, partition] = source.end
                self._positions[partition] = source.end

    def lag(self) -> Mapping[int, int]:
        """See TransactionalLog."""
        with self._broker.changed:
            partitions = self._broker.topic(self._topic).partitions
            return {number: len(partitions[number].log) - at for number, at in self._positions.items()}

    def close(self) -> None:
        """Leaves the group at once, unless another process took the slot over."""
        with self._broker.changed:
            group = self._broker.group(self._name)
            if group.epochs.get(self._slot) == self._epoch:
                del group.epochs[self._slot]
                group.generation += 1

    def _check_not_fenced(self) -> None:
        if self._broker.group(self._name).epochs.get(self._slot) != self._epoch:
            raise slot_taken(self._name, self._slot)

    def _rewind(self) -> None:
        """Takes the share of the current generation, at the committed offsets."""
        group = self._broker.group(self._name)
        topic = self._broker.topic(self._topic)
        slots = sorted(group.epochs)
        self._generation = group.generation
        self._positions = {}
        for number, partition in enumerate(topic.partitions):
            if slots[number % len(slots)] != self._slot:
                continue
            self._positions[number] = group.offsets.get((self._topic, number), partition.start)

    def _take(self, max_records: int) -> Batch:
        topic = self._broker.topic(self._topic)
        messages: list[MemoryMessage] = []
        ranges: dict[int, SourceRange] = {}
        for number, start in self._positions.items():
            partition = topic.partitions[number]
            if start < partition.start:
                raise offset_lost(self._topic, number, self._name)
            end = start
            while end < len(partition.log) and len(messages) < max_records:
                message = partition.log[end]
                end += 1
                if message is not None:
                    messages.append(message)
            ranges[number] = SourceRange(
                topic=self._topic,
                topic_id=topic.topic_id,
                partition=number,
                partitions=len(topic.partitions),
                start=start,
                end=end,
            )
        caught_up = frozenset(p for p, source in ranges.items() if source.end == len(topic.partitions[p].log))
        return Batch(messages, ranges, caught_up)
