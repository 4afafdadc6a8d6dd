"""What a silent replay promises; one suite, run on the memory and on the Kafka backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runtime.clock import ManualClock
from runtime.log.protocol import LogHalted
from runtime.log.replay import BATCH_RECORDS, SILENCE_LIMIT_S
from tests.contract.log.reading import poll, take, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runtime.log.protocol import Message
    from schemas.base import SourceRange
    from tests.contract.log.conftest import Backend


def source_of(backend: Backend, partition: int, start: int, topic: str = "labels") -> SourceRange:
    """A range as the log names it, from `start` on."""
    log = backend.log(group="names", topics=topic)
    source = poll(log, lambda batch: partition in batch.ranges).ranges[partition]
    return source.model_copy(update={"start": start})


def read(batches: Iterator[Sequence[Message]]) -> list[tuple[int | None, bytes | None]]:
    return [(message.offset(), message.value()) for batch in batches for message in batch]


def test_a_range_is_read_in_order_and_no_further(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=2, topic="labels")
        backend.produce(b"other", partition=1, topic="labels")
    source = source_of(backend, 2, start=3)
    assert read(backend.replay().replay(source, 7)) == [(n, b"%d" % n) for n in range(3, 7)]


def test_the_end_of_a_range_may_be_the_end_of_the_topic(backend: Backend) -> None:
    for number in range(5):
        backend.produce(b"%d" % number, partition=0, topic="labels")
    source = source_of(backend, 0, start=0)
    assert read(backend.replay().replay(source, 5)) == [(n, b"%d" % n) for n in range(5)]


def test_replay_reaches_over_markers_and_aborted_records(backend: Backend) -> None:
    """m is a transaction's marker.

    offset  0    1  2   3   4  5      6
            yes  m  no  no  m  again  m
    """
    backend.transact(1, [b"yes"], commit=True, topic="labels")
    backend.transact(1, [b"no", b"no"], commit=False, topic="labels")
    backend.transact(1, [b"again"], commit=True, topic="labels")
    source = source_of(backend, 1, start=0)
    replay = backend.replay()
    assert read(replay.replay(source, 7)) == [(0, b"yes"), (5, b"again")]
    assert read(replay.replay(source, 5)) == [(0, b"yes")]
    within = source.model_copy(update={"start": 2})
    assert read(replay.replay(within, 5)) == []
    assert read(replay.replay(within, 7)) == [(5, b"again")]


def test_an_empty_range_gives_nothing(backend: Backend) -> None:
    backend.produce(b"one", partition=0, topic="labels")
    source = source_of(backend, 0, start=1)
    assert list(backend.replay().replay(source, 1)) == []
    assert list(backend.replay().replay(source, 0)) == []


def test_batches_are_bounded_and_never_empty(backend: Backend) -> None:
    many = BATCH_RECORDS * 2 + 1
    backend.transact(0, (b"%d" % number for number in range(many)), commit=True, topic="labels")
    source = source_of(backend, 0, start=0)
    batches = list(backend.replay().replay(source, many + 1))
    assert all(0 < len(batch) <= BATCH_RECORDS for batch in batches)
    assert [message.value() for batch in batches for message in batch] == [b"%d" % number for number in range(many)]


def test_replay_moves_no_group(backend: Backend) -> None:
    for number in range(6):
        backend.produce(b"%d" % number, partition=0)
    log = backend.log()
    batches = take(log, 3, max_records=3)
    moved = next(batch.ranges[0] for batch in batches if batch.messages)
    assert len(read(backend.replay().replay(moved, 3))) == 3
    batches += take(log, 6 - len(values(batches)))
    assert values(batches) == [b"%d" % number for number in range(6)]


def test_a_start_that_retention_took_halts(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0, topic="labels")
    source = source_of(backend, 0, start=3)
    backend.delete_records(0, before=5, topic="labels")
    with pytest.raises(LogHalted, match=r"labels/0 from offset 3 on were deleted"):
        list(backend.replay().replay(source, 8))


def test_the_oldest_offset_is_what_retention_left(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0, topic="labels")
    replay = backend.replay()
    assert replay.oldest("labels", 0) == 0
    backend.delete_records(0, before=5, topic="labels")
    assert (replay.oldest("labels", 0), replay.oldest("labels", 1)) == (5, 0)
    source = source_of(backend, 0, start=replay.oldest("labels", 0))
    assert [offset for offset, _ in read(replay.replay(source, 10))] == [5, 6, 7, 8, 9]


def test_a_topic_made_anew_halts(backend: Backend) -> None:
    backend.produce(b"old", partition=0, topic="labels")
    source = source_of(backend, 0, start=0)
    backend.make_anew("labels")
    backend.produce(b"new", partition=0, topic="labels")
    with pytest.raises(LogHalted, match="made anew"):
        list(backend.replay().replay(source, 1))


def test_a_topic_that_is_gone_halts(backend: Backend) -> None:
    backend.produce(b"old", partition=0)
    source = source_of(backend, 0, start=0, topic="predictions")
    backend.delete_topic()
    with pytest.raises(LogHalted, match="does not exist"):
        list(backend.replay().replay(source, 1))
    with pytest.raises(LogHalted, match="does not exist"):
        backend.replay().oldest("predictions", 0)
    with pytest.raises(LogHalted, match="does not exist"):
        list(backend.replay().everything("predictions", 0))


def test_everything_is_read_from_the_oldest_record_to_the_newest_that_is_committed(backend: Backend) -> None:
    """Whatever was deleted, aborted, or written to other partitions."""
    for number in range(4):
        backend.produce(b"%d" % number, partition=1, topic="labels")
        backend.produce(b"other", partition=0, topic="labels")
    backend.delete_records(1, 2, topic="labels")
    backend.transact(1, [b"no"], commit=False, topic="labels")
    backend.transact(1, [b"yes"], commit=True, topic="labels")
    replay = backend.replay()
    assert read(replay.everything("labels", 1)) == [(2, b"2"), (3, b"3"), (6, b"yes")]
    assert read(replay.everything("labels", 2)) == []


class Impatient(ManualClock):
    """Stands still; once told to, each look at it takes as long as silence is borne."""

    hurries = False

    def monotonic(self) -> float:
        if self.hurries:
            self.sleep(SILENCE_LIMIT_S)
        return super().monotonic()


def test_a_range_that_does_not_come_halts_after_the_limit(backend: Backend) -> None:
    backend.produce(b"one", partition=0, topic="labels")
    source = source_of(backend, 0, start=0)
    clock = Impatient()
    batches = backend.replay(clock).replay(source, 2)
    assert read(iter([next(batches)])) == [(0, b"one")]
    clock.hurries = True
    with pytest.raises(LogHalted, match="from offset 1 to 2"):
        next(batches)
