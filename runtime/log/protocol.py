"""A transactional log as the hot loop sees it: batches in, outputs and offsets out, all or nothing.

A log reads one topic, or several that share their keys and their number of partitions P; a slot has the same
partitions of each. A *place* is one partition of one of them: topic number x P + partition. Of one topic the place
is the partition; of ("predictions", "labels") partition p is place p in the first and P + p in the second.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np

from runtime.errors import OperatorError
from schemas.base import SourceRange


class Message(Protocol):
    """One record, as confluent-kafka hands it out."""

    def value(self) -> bytes | None:
        """The record's value."""
        ...

    def key(self) -> bytes | None:
        """The record's key."""
        ...

    def topic(self) -> str:
        """The source topic, as the broker names it (with the settings' prefix)."""
        ...

    def partition(self) -> int:
        """The source partition."""
        ...

    def offset(self) -> int:
        """The record's offset."""
        ...

    def timestamp(self) -> tuple[int, int]:
        """(kind, milliseconds): when the broker or producer stamped it."""
        ...

    def headers(self) -> list[tuple[str, bytes]] | None:
        """The record's headers."""
        ...


class Run(NamedTuple):
    """Neighbours in a batch that come from one place: `messages[begin:end]`, in offset order."""

    place: int
    begin: int
    end: int


def runs_of(messages: Sequence[Message], first: Mapping[str, int] = MappingProxyType({})) -> tuple[Run, ...]:
    """The runs of a batch, in order: whatever is done once a run instead of once a record costs nothing.

    `first` has the place of partition 0 by topic; 0 where it does not name the topic. All messages are of one class.
    """
    if not messages:
        return ()
    kind = type(messages[0])  # its methods as functions: map() makes half the nanoseconds of a generator
    place = np.fromiter(map(kind.partition, messages), np.int32, len(messages))
    if any(first.values()):
        topics = np.fromiter(map(kind.topic, messages), object, len(messages))
        for topic, base in first.items():
            if base:
                place[topics == topic] += base
    begins = [0, *(np.flatnonzero(np.diff(place)) + 1).tolist()]
    ends = [*begins[1:], len(messages)]
    return tuple(Run(int(place[begin]), begin, end) for begin, end in zip(begins, ends, strict=True))


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of each assigned place, in order within a place.

    `ranges` names every assigned place; start == end where nothing came. They tile: a place's range
    starts where the one committed before it ended, over gaps and transaction markers.
    `caught_up` holds the places that had nothing more to read when the batch was taken.
    """

    messages: Sequence[Message]
    ranges: Mapping[int, SourceRange]
    caught_up: frozenset[int]
    runs: Sequence[Run] = ()
    """Made from the messages where not given."""

    def __post_init__(self) -> None:
        if self.messages and not self.runs:
            first = {source.topic: place - source.partition for place, source in self.ranges.items()}
            object.__setattr__(self, "runs", runs_of(self.messages, first))

    @property
    def moved(self) -> bool:
        """Whether any place's position rises with this batch."""
        return any(source.end > source.start for source in self.ranges.values())


@dataclass(frozen=True, slots=True)
class OutRecord:
    """One record to write. `topic` is the catalogue's name, without prefix."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    """None: by the key, as runtime/log/partitioning.py places it."""
    headers: tuple[tuple[str, bytes], ...] = ()


class Rewound(Exception):  # noqa: N818  an event, not an error
    """The transaction was aborted and the log is back where it last committed: drop what the batch made."""


class LogHalted(OperatorError):  # noqa: N818  says what happened to the log
    """The process must end; the error tells the operator why, and what to do."""


class TransactionalLog(Protocol):
    """One slot of a consumer group with its transactional producer. Not for use from several threads."""

    def poll(self, max_records: int, timeout_s: float) -> Batch | None:
        """Takes up to `max_records` records, collecting and blocking for at most `timeout_s`.

        Returns None after partitions were assigned or taken away: what had been read is dropped, and comes
        again from the committed offsets. Raises LogHalted when going on would lose or repeat records.
        """
        ...

    def commit(self, batch: Batch, out: Iterable[OutRecord]) -> None:
        """Writes `out` and the ends of the batch's ranges in one transaction; blocks until it is decided.

        Retries what can be retried. Raises Rewound when it was aborted, LogHalted when this process must end
        and be started again. A batch is committed before the next is polled, or never.
        """
        ...

    def rewind(self) -> None:
        """Takes back the batch that was polled and not committed: its records are polled again. Blocks for a moment."""
        ...

    def lag(self) -> Mapping[int, int]:
        """By assigned place: records still to read, as last heard. Does not block."""
        ...

    def close(self) -> None:
        """Closes both clients. The slot keeps its partitions until its session times out."""
        ...
