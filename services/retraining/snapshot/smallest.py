"""A sample that does not depend on the order it is drawn in: of all ids, those with the smallest hashes."""

from hashlib import blake2b
from typing import Generic, TypeVar

T = TypeVar("T")

FIRST, END = b"", b"\xff" * 9
"""Before and behind every hash."""
_SLACK = 1.25
"""How far the limit is passed before values are dropped, so that dropping is rare."""


def hash_of(prediction_id: bytes) -> bytes:
    """8 bytes of BLAKE2b, in the order of which ids are taken. Ids do not choose it, so it is as good as a lot."""
    return blake2b(prediction_id, digest_size=8).digest()


class Smallest(Generic[T]):
    """Values by id, at most `limit` of them once settled: those of the smallest hashes in [begin, end).

    `end` falls when values are dropped: none of it or beyond has a place any more, though it come again.
    """

    def __init__(self, limit: int, begin: bytes = FIRST, end: bytes = END) -> None:
        self.values: dict[bytes, tuple[bytes, T]] = {}
        """(hash, value) by id."""
        self.begin, self.end = begin, end
        self._limit = limit

    def has_place(self, hashed: bytes) -> bool:
        """Whether a value of this hash would be kept."""
        return self.begin <= hashed < self.end

    def put(self, prediction_id: bytes, hashed: bytes, value: T) -> None:
        """Keeps a value that has a place; may drop others, or this one."""
        self.values[prediction_id] = (hashed, value)
        if len(self.values) > self._limit * _SLACK:
            self.settle()

    def settle(self) -> None:
        """Drops what is beyond the limit."""
        if len(self.values) > self._limit:
            self.end = sorted(hashed for hashed, _ in self.values.values())[self._limit]
            self.values = {own: entry for own, entry in self.values.items() if entry[0] < self.end}
