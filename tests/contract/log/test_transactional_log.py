"""What every transactional log promises; one suite, run on the memory and on the Kafka backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runtime.log.partitioning import partition_of
from runtime.log.protocol import Batch, LogHalted, OutRecord, Rewound
from tests.contract.log.reading import (
    POLLS,
    WAIT_S,
    assert_tiles,
    has_records,
    poll,
    poll_whole,
    take,
    take_all,
    values,
)

if TYPE_CHECKING:
    from tests.contract.log.conftest import Backend

PARTITIONS = 4


def all_caught_up(batch: Batch) -> bool:
    return len(batch.caught_up) == PARTITIONS


def test_every_record_comes_once_in_ranges_that_tile(backend: Backend) -> None:
    sent = [b"%d" % number for number in range(40)]
    log = backend.log()
    batches = []
    for start in (0, 20):
        for number in range(start, start + 20):
            backend.produce(sent[number], partition=number % PARTITIONS)
        batches += take(log, 20, max_records=7)
    assert sorted(values(batches)) == sorted(sent)
    assert_tiles(batches)
    for batch in batches:
        for message in batch.messages:
            source = batch.ranges[message.partition()]
            assert source.start <= message.offset() < source.end


def test_runs_part_a_batch_by_partition(backend: Backend) -> None:
    for number in range(20):
        backend.produce(b"%d" % number, partition=number % PARTITIONS)
    batch = poll_whole(backend.log(), 20)
    assert [run.begin for run in batch.runs] == [0, *(run.end for run in batch.runs[:-1])]
    assert batch.runs[-1].end == 20
    for run in batch.runs:
        assert {message.partition() for message in batch.messages[run.begin : run.end]} == {run.place}


def test_ranges_reach_over_aborted_records_and_markers(backend: Backend) -> None:
    backend.transact(1, [b"yes"], commit=True)
    backend.transact(1, [b"no", b"no"], commit=False)
    log = backend.log()
    batches = take(log, 1)
    backend.transact(1, [b"again"], commit=True)
    batches += take(log, 1)
    last = poll(log, all_caught_up)
    log.commit(last, [])
    assert values(batches) == [b"yes", b"again"]
    assert_tiles([*batches, last])
    assert last.ranges[1].end == 7  # four records and three markers


def test_a_batch_names_every_assigned_partition_and_those_read_to_the_end(backend: Backend) -> None:
    backend.produce(b"one", partition=2)
    log = backend.log()
    take(log, 1)
    batch = poll(log, all_caught_up)
    assert {partition: (source.start, source.end) for partition, source in batch.ranges.items()} == {
        0: (0, 0),
        1: (0, 0),
        2: (1, 1),
        3: (0, 0),
    }
    assert {source.partitions for source in batch.ranges.values()} == {PARTITIONS}
    assert log.lag() == dict.fromkeys(range(PARTITIONS), 0)


def test_a_partition_with_more_to_read_is_not_caught_up(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0)
    log = backend.log()
    batch = poll(log, has_records, max_records=4)
    log.commit(batch, [])
    assert 0 not in batch.caught_up
    assert log.lag()[0] == 10 - batch.ranges[0].end


def test_a_batch_without_records_can_be_committed_with_outputs(backend: Backend) -> None:
    log = backend.log()
    batch = poll(log, lambda batch: len(batch.ranges) == PARTITIONS)
    log.commit(batch, [OutRecord("ledger", b"heartbeat", b"1")])
    assert [message.value() for message in backend.read("ledger")] == [b"1"]


def test_outputs_and_offsets_are_committed_together(backend: Backend) -> None:
    backend.produce(b"in", partition=0)
    log = backend.log()
    batch = poll(log, has_records)
    log.commit(batch, [OutRecord("profiles", b"k", b"out"), OutRecord("ledger", b"k", b"line")])
    log.close()
    assert [message.value() for message in backend.read("profiles")] == [b"out"]
    assert [message.value() for message in backend.read("ledger")] == [b"line"]
    after = poll(backend.log(), lambda batch: len(batch.ranges) == PARTITIONS)
    assert after.ranges[0].start == 1


def test_a_batch_never_committed_comes_again_to_the_next_process(backend: Backend) -> None:
    for number in range(5):
        backend.produce(b"%d" % number, partition=number % PARTITIONS)
    first = backend.log()
    poll_whole(first, 5)
    first.close()
    batches = take(backend.log(), 5)
    assert sorted(values(batches)) == [b"0", b"1", b"2", b"3", b"4"]
    assert_tiles(batches)


def test_a_second_process_in_the_same_slot_fences_the_first(backend: Backend) -> None:
    backend.produce(b"in", partition=0)
    first = backend.log()
    batch = poll(first, has_records)
    second = backend.log()
    with pytest.raises(LogHalted, match="slot a"):
        first.commit(batch, [OutRecord("profiles", b"k", b"of the first")])
    again = poll(second, has_records)
    second.commit(again, [OutRecord("profiles", b"k", b"of the second")])
    assert [message.value() for message in backend.read("profiles")] == [b"of the second"]


def test_a_fenced_process_halts_when_it_polls(backend: Backend) -> None:
    first = backend.log()
    poll(first, lambda batch: len(batch.ranges) == PARTITIONS)
    second = backend.log()
    second.poll(10, WAIT_S)
    with pytest.raises(LogHalted, match="slot a"):
        poll(first, lambda _: False)


def test_slots_share_the_partitions(backend: Backend) -> None:
    logs = [backend.log("a"), backend.log("b")]
    for _ in range(POLLS):
        batches = [log.poll(10, WAIT_S) for log in logs]
        owned = [set(batch.ranges) if batch else set() for batch in batches]
        if all(len(partitions) == PARTITIONS // 2 for partitions in owned):
            break
    assert owned[0] | owned[1] == set(range(PARTITIONS))


def test_a_rebalance_in_mid_batch_neither_loses_nor_doubles(backend: Backend) -> None:
    for number in range(40):
        backend.produce(b"%d" % number, partition=number % PARTITIONS)
    first, done = backend.log("a"), []
    batch = poll(first, has_records, max_records=10)
    second = backend.log("b")
    second.poll(10, WAIT_S)
    try:
        first.commit(batch, [OutRecord("ledger", b"k", b"mid")])
        done.append(batch)
    except Rewound:
        pass
    done += take_all([first, second], 40 - len(values(done)), max_records=3)
    assert sorted(values(done)) == sorted(b"%d" % number for number in range(40))
    assert_tiles(done)
    assert len(backend.read("ledger")) == (1 if batch in done else 0)


def test_equal_keys_meet_in_the_partition_that_java_and_faust_would_choose(backend: Backend) -> None:
    keys = [b"", b"a", b"ab", b"abc", b"flight-17", "Zürich".encode(), bytes(range(256))]
    log = backend.log()
    batch = poll(log, lambda batch: len(batch.ranges) == PARTITIONS)
    log.commit(batch, [OutRecord("profiles", key, b"v") for key in keys])
    placed = {message.key(): message.partition() for message in backend.read("profiles")}
    assert placed == {key: partition_of(key, PARTITIONS) for key in keys}


def test_an_explicit_partition_overrules_the_key(backend: Backend) -> None:
    log = backend.log()
    batch = poll(log, lambda batch: len(batch.ranges) == PARTITIONS)
    log.commit(batch, [OutRecord("profiles", b"mark", b"v", partition) for partition in range(PARTITIONS)])
    assert [message.partition() for message in backend.read("profiles")] == [0, 1, 2, 3]


def test_keys_headers_and_tombstones_arrive_as_sent(backend: Backend) -> None:
    headers = (("content-type", b"application/json"), ("ce_id", b"1"), ("ce_id", b"2"))
    backend.produce(b"full", key=b"k", partition=0, headers=headers)
    backend.produce(None, key=b"k", partition=0)
    backend.produce(b"", partition=0)
    batch = poll_whole(backend.log(), 3)
    assert [(message.key(), message.value()) for message in batch.messages] == [
        (b"k", b"full"),
        (b"k", None),
        (None, b""),
    ]
    assert batch.messages[0].headers() == list(headers)
    assert batch.messages[1].headers() is None
    assert all(message.timestamp()[0] in {1, 2} for message in batch.messages)


def test_outputs_carry_headers(backend: Backend) -> None:
    log = backend.log()
    batch = poll(log, lambda batch: len(batch.ranges) == PARTITIONS)
    log.commit(batch, [OutRecord("ledger", b"k", b"v", headers=(("trace", b"1"),))])
    assert backend.read("ledger")[0].headers() == [("trace", b"1")]


def test_large_and_many_outputs_fit_one_transaction(backend: Backend) -> None:
    backend.produce(b"in", partition=0)
    log = backend.log()
    batch = poll(log, has_records)
    big = bytes(range(256)) * 16_384
    log.commit(
        batch, [OutRecord("profiles", b"k", big), *(OutRecord("ledger", b"k", b"%d" % n) for n in range(20_000))]
    )
    assert [message.value() for message in backend.read("profiles")] == [big]
    assert len(backend.read("ledger")) == 20_000


def test_a_group_that_never_committed_begins_with_the_oldest_record(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0)
    backend.delete_records(0, before=4)
    batches = take(backend.log(), 6)
    assert values(batches) == [b"%d" % number for number in range(4, 10)]
    assert_tiles(batches, first=4)


def test_groups_read_independently(backend: Backend) -> None:
    backend.produce(b"in", partition=0)
    assert values(take(backend.log(group="fold"), 1)) == [b"in"]
    assert values(take(backend.log(group="join"), 1)) == [b"in"]


def test_records_deleted_before_they_were_read_halt_the_log(backend: Backend) -> None:
    for number in range(10):
        backend.produce(b"%d" % number, partition=0)
    log = backend.log()
    take(log, 2, max_records=2)
    log.close()
    backend.delete_records(0, before=5)
    with pytest.raises(LogHalted, match="deleted before group"):
        poll(backend.log(), lambda _: False)


def test_a_topic_made_anew_halts_the_process_that_read_the_old_one(backend: Backend) -> None:
    backend.produce(b"old", partition=0)
    log = backend.log()
    take(log, 1)
    backend.make_anew()
    with pytest.raises(LogHalted, match=r"made anew|does not exist"):
        poll(log, lambda _: False)


def test_a_topic_made_anew_is_read_from_its_start_by_the_next_process(backend: Backend) -> None:
    backend.produce(b"old", partition=0)
    log = backend.log()
    (old,) = take(log, 1)
    log.close()
    backend.make_anew()
    backend.produce(b"new", partition=0)
    (new,) = take(backend.log(), 1)
    assert values([new]) == [b"new"]
    assert (new.ranges[0].start, new.ranges[0].end) == (0, 1)
    assert new.ranges[0].topic_id != old.ranges[0].topic_id


def test_a_missing_source_topic_halts_the_log_at_once(backend: Backend) -> None:
    backend.delete_topic()
    with pytest.raises(LogHalted, match="does not exist") as halted:
        backend.log()
    assert "create" in halted.value.next_step


def test_an_output_topic_that_does_not_exist_halts_and_commits_nothing(backend: Backend) -> None:
    backend.produce(b"in", partition=0)
    log = backend.log()
    batch = poll(log, has_records)
    with pytest.raises(LogHalted, match="nowhere"):
        log.commit(batch, [OutRecord("ledger", b"k", b"v"), OutRecord("nowhere", b"k", b"v")])
    assert backend.read("ledger") == []
    assert values(take(backend.log(), 1)) == [b"in"]
