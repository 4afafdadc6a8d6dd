"""Slices in portions that fit a record of their topic."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from schemas.partial import PartialSlice

CHUNK_BYTES = 400_000
"""Cells in one record; base64 and the other fields keep it well below the topic's limit."""
CHUNK_SLICES = 500

Part = TypeVar("Part", bound=PartialSlice)


def chunks(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Slices in portions that fit a record; at least one, which may be empty."""
    portion: list[Part] = []
    size = 0
    for part in parts:
        if portion and (size + len(part.cells) > CHUNK_BYTES or len(portion) >= CHUNK_SLICES):
            yield portion
            portion, size = [], 0
        portion.append(part)
        size += len(part.cells)
    yield portion
