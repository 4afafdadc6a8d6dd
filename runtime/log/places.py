"""Numbers the partitions of one topic, or of several that share their keys; protocol.py says what a place is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """The places of `topics`, each of so many partitions."""

    topics: tuple[str, ...]
    partitions: int

    @property
    def first(self) -> dict[str, int]:
        """By topic, the place of its partition 0."""
        return {topic: number * self.partitions for number, topic in enumerate(self.topics)}

    def of(self, topic: str, partition: int) -> int:
        """The place of a partition."""
        return self.topics.index(topic) * self.partitions + partition

    def split(self, place: int) -> tuple[str, int]:
        """(topic, partition) of a place."""
        number, partition = divmod(place, self.partitions)
        return self.topics[number], partition
