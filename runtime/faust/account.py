"""Which records of the source were handed on and which are finished: the account that commits are made from.

Faust can lose a record between its fetcher and its stream: after recovery it seeks and then clears its queues, while
its fetcher already runs. What was handed on and never came is noticed here, before anything behind it is committed.
"""

from collections import defaultdict, deque
from enum import Enum


class Turn(Enum):
    """What a record is that comes to be processed."""

    NEXT = "next"
    DONE = "done"
    """It was finished before, and is read a second time."""
    EARLY = "early"
    """One before it was handed on and did not come."""


class Account:
    """Of all partitions of one process; offsets are the source's. Not for use from several threads, but for reading."""

    def __init__(self) -> None:
        self.finished: dict[int, int] = {}
        """By partition, the offset behind the last record whose effects went out."""
        self.taken: dict[int, int] = {}
        """By partition, the offset behind the last record that was handed on."""
        self._outstanding: dict[int, deque[int]] = defaultdict(deque)

    def take(self, partition: int, offset: int) -> None:
        """A record was fetched and is handed on. Reading may have gone back: what lies behind will be taken again."""
        outstanding = self._outstanding[partition]
        while outstanding and outstanding[-1] >= offset:
            outstanding.pop()
        if offset >= self.finished.get(partition, 0):
            outstanding.append(offset)
        self.taken[partition] = offset + 1

    def turn(self, partition: int, offset: int) -> Turn:
        """What to do with a record that comes."""
        outstanding = self._outstanding[partition]
        if offset < self.finished.get(partition, 0):
            return Turn.DONE
        return Turn.EARLY if outstanding and outstanding[0] < offset else Turn.NEXT

    def finish(self, partition: int, offset: int) -> None:
        """The effects of the record that was next went out."""
        outstanding = self._outstanding[partition]
        if outstanding and outstanding[0] == offset:
            outstanding.popleft()
        self.finished[partition] = offset + 1

    def forget(self) -> None:
        """The partitions were taken away; if they come back, reading starts from what was committed."""
        self.finished.clear()
        self.taken.clear()
        self._outstanding.clear()
