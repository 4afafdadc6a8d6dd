"""What a log of several topics that share their keys promises; one suite, on the memory and on the Kafka backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runtime.log.memory import MemoryBroker, MemoryLog, MemoryMessage
from runtime.log.protocol import Batch, LogHalted, OutRecord, Rewound, Run, runs_of
from schemas.base import SourceRange
from tests.contract.log.reading import (
    POLLS,
    WAIT_S,
    assert_tiles,
    has_records,
    poll,
    poll_whole,
    ranges,
    take,
    take_all,
    values,
)

if TYPE_CHECKING:
    from tests.contract.log.conftest import Backend

TOPICS = ("predictions", "labels")
P = 4


def whole(batch: Batch) -> bool:
    return len(batch.ranges) == 2 * P


def fill(backend: Backend, records: int) -> list[bytes]:
    """So many records in each topic, dealt to the partitions in turn."""
    sent = []
    for topic in TOPICS:
        for number in range(records):
            sent.append(f"{topic} {number}".encode())
            backend.produce(sent[-1], partition=number % P, topic=topic)
    return sent


def test_records_of_both_topics_come_once_in_ranges_that_tile_place_by_place(backend: Backend) -> None:
    log = backend.log(topics=TOPICS)
    sent, batches = [], []
    for _ in range(2):
        sent += fill(backend, 12)
        batches += take(log, 24, max_records=7)
    assert sorted(values(batches)) == sorted(sent)
    assert ranges(batches).keys() == set(range(2 * P))
    assert_tiles(batches)


def test_a_place_is_topic_number_times_partitions_plus_partition(backend: Backend) -> None:
    batch = poll(backend.log(topics=TOPICS), whole)
    named = {place: (source.topic, source.partition) for place, source in batch.ranges.items()}
    assert named == {number * P + p: (topic, p) for number, topic in enumerate(TOPICS) for p in range(P)}
    assert len({source.topic_id for source in batch.ranges.values()}) == 2


def test_runs_are_of_one_topic_and_partition(backend: Backend) -> None:
    fill(backend, 8)
    for batch in take(backend.log(topics=TOPICS), 16):
        assert [run.begin for run in batch.runs] == [0, *(run.end for run in batch.runs[:-1])]
        for run in batch.runs:
            own = batch.messages[run.begin : run.end]
            source = batch.ranges[run.place]
            assert {message.partition() for message in own} == {source.partition}
            assert {str(message.topic()).endswith(source.topic) for message in own} == {True}


def test_neighbours_of_equal_partition_and_different_topic_are_different_runs() -> None:
    messages = [MemoryMessage(b"", topic=topic, partition=p) for topic in TOPICS for p in (0, 3, 3)]
    expected = (Run(0, 0, 1), Run(3, 1, 3), Run(4, 3, 4), Run(7, 4, 6))
    assert runs_of(messages, {"predictions": 0, "labels": P}) == expected
    source = {"topic_id": "t", "partitions": P, "start": 0, "end": 9}
    made = {place: SourceRange(topic=TOPICS[place // P], partition=place % P, **source) for place in (0, 3, 4, 7)}
    assert Batch(messages, made, frozenset()).runs == expected


def test_places_are_caught_up_and_lag_topic_by_topic(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=1, topic="labels")
    log = backend.log(topics=TOPICS)
    batch = poll(log, has_records, max_records=4)
    log.commit(batch, [])
    assert P + 1 not in batch.caught_up
    assert log.lag()[P + 1] == 10 - batch.ranges[P + 1].end
    rest = take(log, 10 - len(batch.messages))
    end = poll(log, lambda batch: len(batch.caught_up) == 2 * P)
    assert log.lag() == dict.fromkeys(range(2 * P), 0)
    assert_tiles([batch, *rest, end])


def test_offsets_of_both_topics_are_committed_together(backend: Backend) -> None:
    log = backend.log(topics=TOPICS)
    poll(log, lambda batch: len(batch.caught_up) == 2 * P)
    fill(backend, 1)
    batch = poll_whole(log, 2)
    log.commit(batch, [OutRecord("outcomes", b"k", b"joined")])
    log.close()
    after = poll(backend.log(topics=TOPICS), whole)
    assert (after.ranges[0].start, after.ranges[P].start) == (1, 1)
    assert [message.value() for message in backend.read("outcomes")] == [b"joined"]


def test_a_rewound_batch_leaves_the_offsets_of_neither_topic(backend: Backend) -> None:
    fill(backend, 40)
    first, done = backend.log("a", topics=TOPICS), []
    batch = poll(first, has_records, max_records=20)
    second = backend.log("b", topics=TOPICS)
    second.poll(10, WAIT_S)
    try:
        first.commit(batch, [OutRecord("ledger", b"k", b"mid")])
        done.append(batch)
    except Rewound:
        pass
    done += take_all([first, second], 80 - len(values(done)), max_records=7)
    expected = [f"{topic} {number}".encode() for topic in TOPICS for number in range(40)]
    assert sorted(values(done)) == sorted(expected)
    assert_tiles(done)
    assert len(backend.read("ledger")) == (1 if batch in done else 0)


def test_slots_own_the_same_partitions_of_both_topics(backend: Backend) -> None:
    logs = [backend.log("a", topics=TOPICS), backend.log("b", topics=TOPICS)]
    for _ in range(POLLS):
        batches = [log.poll(10, WAIT_S) for log in logs]
        owned = [set(batch.ranges) if batch else set() for batch in batches]
        if all(len(places) == P for places in owned):
            break
    assert owned[0] | owned[1] == set(range(2 * P))
    for places in owned:
        assert {place for place in places if place >= P} == {place + P for place in places if place < P}


def test_a_slot_that_is_given_other_partitions_of_one_topic_than_of_another_halts(backend: Backend) -> None:
    """As where a process of the group reads one of the topics only: range then shares the other alone."""
    both = backend.log("a", topics=TOPICS)
    poll(both, whole)
    one = backend.log("b", topics="predictions")

    def others_in_turn(_: Batch) -> bool:
        one.poll(10, WAIT_S)
        return False

    with pytest.raises(LogHalted, match="different partitions of topics that are read together") as halted:
        poll(both, others_in_turn)
    assert "same topics" in halted.value.next_step


def test_topics_of_unequal_partition_counts_halt_the_log_at_once(backend: Backend) -> None:
    backend.make_anew("labels", partitions=P - 1)
    with pytest.raises(LogHalted, match=r"predictions has 4, \S*labels has 3") as halted:
        backend.log(topics=TOPICS)
    assert "equally many" in halted.value.next_step


def test_the_second_topic_made_anew_halts_the_process_that_read_the_old_one(backend: Backend) -> None:
    fill(backend, 4)
    log = backend.log(topics=TOPICS)
    take(log, 8)
    backend.make_anew("labels")
    with pytest.raises(LogHalted, match=r"labels (was deleted and made anew|does not exist)"):
        poll(log, lambda _: False)


def test_records_of_the_second_topic_deleted_before_they_were_read_halt_the_log(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0, topic="labels")
    log = backend.log(topics=TOPICS)
    take(log, 2, max_records=2)
    log.close()
    backend.delete_records(0, before=5, topic="labels")
    with pytest.raises(LogHalted, match=r"labels/0 were deleted before group"):
        poll(backend.log(topics=TOPICS), lambda _: False)


def test_a_backlog_of_one_place_does_not_starve_the_others() -> None:
    """In memory; librdkafka sees to it by itself."""
    broker = MemoryBroker()
    log = MemoryLog(broker, "join", "a", TOPICS)
    poll(log, whole)
    broker.transact([OutRecord("predictions", None, b"prediction", 0)] * 1_000)
    broker.produce("labels", b"label", partition=3)
    batches = take(log, 10 * 2 * P, max_records=10)
    assert b"label" in values(batches)
    assert log.lag()[0] > 0
