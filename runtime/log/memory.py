"""The transactional log in memory: the same promises as Kafka's, for tests of services without a broker."""

from collections.abc import Iterable, Mapping, Sequence

from runtime.log.halts import offset_lost, slot_taken, topic_made_anew, torn_share, uneven_partitions
from runtime.log.memory_broker import MemoryBroker, MemoryGroup, MemoryMessage, MemoryPartition
from runtime.log.places import Places
from runtime.log.protocol import Batch, OutRecord, Rewound
from schemas.base import SourceRange

__all__ = ["MemoryBroker", "MemoryLog", "MemoryMessage"]


class MemoryLog:
    """One slot of a group on a MemoryBroker; a TransactionalLog."""

    def __init__(self, broker: MemoryBroker, group: str, slot: str, topics: str | Sequence[str]) -> None:
        self._broker = broker
        self._name = group
        self._slot = slot
        self._topics = (topics,) if isinstance(topics, str) else tuple(topics)
        self._generation = 0
        self._positions: dict[int, int] = {}
        """By place: where the next batch starts."""
        self._turns = 0
        with broker.changed:
            self._topic_ids = {topic: broker.topic(topic).topic_id for topic in self._topics}
            self._places = self._numbered()
            members = broker.group(group)
            self._epoch = members.epochs[slot] = members.epochs.get(slot, 0) + 1
            members.topics[slot] = self._topics
            members.generation += 1

    def poll(self, max_records: int, timeout_s: float) -> Batch | None:
        """See TransactionalLog."""
        with self._broker.changed:
            self._check_not_fenced()
            self._check_topics()
            if self._generation != self._broker.group(self._name).generation:
                self._rewind()
                return None
            self._broker.changed.wait_for(
                lambda: any(len(self._partition(place).log) > at for place, at in self._positions.items()), timeout_s
            )
            self._check_topics()  # others went on while this waited
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
            for place, source in batch.ranges.items():
                group.offsets[source.topic, source.partition] = source.end
                self._positions[place] = source.end

    def rewind(self) -> None:
        """See TransactionalLog. Positions only rise with a commit."""

    def lag(self) -> Mapping[int, int]:
        """See TransactionalLog."""
        with self._broker.changed:
            return {place: len(self._partition(place).log) - at for place, at in self._positions.items()}

    def close(self) -> None:
        """Leaves the group at once, unless another process took the slot over."""
        with self._broker.changed:
            group = self._broker.group(self._name)
            if group.epochs.get(self._slot) == self._epoch:
                del group.epochs[self._slot]
                group.generation += 1

    def _numbered(self) -> Places:
        counts = {topic: len(self._broker.topic(topic).partitions) for topic in self._topics}
        if len(set(counts.values())) > 1:
            raise uneven_partitions(counts)
        return Places(self._topics, counts[self._topics[0]])

    def _partition(self, place: int) -> MemoryPartition:
        topic, partition = self._places.split(place)
        return self._broker.topic(topic).partitions[partition]

    def _check_not_fenced(self) -> None:
        if self._broker.group(self._name).epochs.get(self._slot) != self._epoch:
            raise slot_taken(self._name, self._slot)

    def _check_topics(self) -> None:
        for topic, topic_id in self._topic_ids.items():
            if self._broker.topic(topic).topic_id != topic_id:
                raise topic_made_anew(topic, self._name)

    def _rewind(self) -> None:
        """Takes the share of the current generation, at the committed offsets."""
        group = self._broker.group(self._name)
        self._generation = group.generation
        shares = {topic: self._share(group, topic) for topic in self._topics}
        if any(share != shares[self._topics[0]] for share in shares.values()):
            raise torn_share(self._name, shares)
        self._positions = {}
        for topic, share in shares.items():
            for partition in share:
                place = self._places.of(topic, partition)
                self._positions[place] = group.offsets.get((topic, partition), self._partition(place).start)

    def _share(self, group: MemoryGroup, topic: str) -> list[int]:
        """This slot's partitions of a topic: dealt in turn to the slots that read it."""
        slots = sorted(slot for slot in group.epochs if topic in group.topics[slot])
        return list(range(slots.index(self._slot), self._places.partitions, len(slots)))

    def _take(self, max_records: int) -> Batch:
        messages: list[MemoryMessage] = []
        ends = dict(self._positions)
        for place in self._in_turn():
            partition, start = self._partition(place), self._positions[place]
            if start < partition.start:
                raise offset_lost(*self._places.split(place), self._name)
            end = start
            while end < len(partition.log) and len(messages) < max_records:
                message = partition.log[end]
                end += 1
                if message is not None:
                    messages.append(message)
            ends[place] = end
        ranges = {place: self._range(place, start, ends[place]) for place, start in self._positions.items()}
        caught_up = frozenset(place for place, end in ends.items() if end == len(self._partition(place).log))
        return Batch(messages, ranges, caught_up)

    def _in_turn(self) -> list[int]:
        """The places, another one first each time: a backlog that fills every batch starves nobody for ever."""
        places = list(self._positions)
        if not places:
            return []
        turn = self._turns % len(places)
        self._turns += 1
        return places[turn:] + places[:turn]

    def _range(self, place: int, start: int, end: int) -> SourceRange:
        topic, partition = self._places.split(place)
        return SourceRange(
            topic=topic,
            topic_id=self._topic_ids[topic],
            partition=partition,
            partitions=self._places.partitions,
            start=start,
            end=end,
        )
