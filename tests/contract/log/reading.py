"""How tests read a log: until something came, until so much came, and what came."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from runtime.log.protocol import Batch, Rewound, TransactionalLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

POLLS = 200
WAIT_S = 0.1


def poll(log: TransactionalLog, until: Callable[[Batch], bool], max_records: int = 1_000) -> Batch:
    """Polls until a batch is as wanted; batches before it must be empty, for they are dropped."""
    for _ in range(POLLS):
        batch = log.poll(max_records, WAIT_S)
        if batch is not None and until(batch):
            return batch
        assert batch is None or not batch.messages
    raise AssertionError("no such batch came")


def poll_whole(log: TransactionalLog, records: int) -> Batch:
    """One batch of so many records; what came of them too early is taken back, and comes again with the rest."""
    for _ in range(POLLS):
        batch = log.poll(1_000, WAIT_S)
        if batch is not None and len(batch.messages) == records:
            return batch
        if batch is not None and batch.messages:
            log.rewind()
    raise AssertionError(f"{records} records never came at once")


def take(log: TransactionalLog, records: int, max_records: int = 1_000) -> list[Batch]:
    """Polls and commits until so many records are taken."""
    return take_all([log], records, max_records)


def take_all(logs: Iterable[TransactionalLog], records: int, max_records: int = 1_000) -> list[Batch]:
    """The same with several slots in turn."""
    batches: list[Batch] = []
    for _ in range(POLLS):
        for log in logs:
            batch = log.poll(max_records, WAIT_S)
            if batch is None or not batch.moved:
                continue
            try:
                log.commit(batch, [])
            except Rewound:
                continue
            batches.append(batch)
        if len(values(batches)) >= records:
            return batches
    raise AssertionError(f"{len(values(batches))} of {records} records came")


def values(batches: Iterable[Batch]) -> list[bytes | None]:
    return [message.value() for batch in batches for message in batch.messages]


def ranges(batches: Iterable[Batch]) -> dict[int, list[tuple[int, int]]]:
    """By place, the ranges that moved, in order of their starts."""
    found = defaultdict(list)
    for batch in batches:
        for place, source in batch.ranges.items():
            if source.end > source.start:
                found[place].append((source.start, source.end))
    return {place: sorted(spans) for place, spans in found.items()}


def assert_tiles(batches: Iterable[Batch], first: int = 0) -> None:
    for spans in ranges(batches).values():
        assert spans[0][0] == first
        assert all(before[1] == after[0] for before, after in pairwise(spans)), spans


def has_records(batch: Batch) -> bool:
    return bool(batch.messages)
