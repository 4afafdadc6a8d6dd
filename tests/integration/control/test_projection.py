import random
import signal
from collections import Counter

from confluent_kafka import Producer

from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from tests.ending import asked_to_end
from tests.integration.control.harness import (
    CLOCK,
    KEYS,
    TIMEOUT_S,
    Source,
    Workers,
    committed,
    read,
    rows,
    wait_for_counts,
)

EXIT_HALTED = 70


def test_sums_are_exact_after_kill_9_with_aborted_transactions_in_between(
    settings: KafkaSettings, workers: Workers
) -> None:
    dice = random.Random(7)
    sources = [Source(settings, name) for name in "abc"]
    workers.start()
    for kill in range(4):
        if kill:
            workers.kill()
            workers.start()
        stop_s = CLOCK.monotonic() + 3
        while CLOCK.monotonic() < stop_s:
            for source in sources:
                source.send(dice.randint(1, 50), dice.sample(KEYS, 6), abort=dice.random() < 0.2)
            CLOCK.sleep(0.02)
    wanted = sum((Counter(source.counts) for source in sources), Counter())
    wait_for_counts(settings, dict(wanted), workers)


def test_commits_keep_up_with_transactions_of_one_record(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    partition = partition_of(KEYS[0].encode(), 4)
    workers.start()
    for number in range(60):
        source.send(1, KEYS[:1], abort=number % 3 == 0)
    wait_for_counts(settings, source.counts, workers)
    until_s = CLOCK.monotonic() + 10  # Faust's own account takes half a second for each transaction, thirty for all
    while committed(settings) != {partition: 119} and CLOCK.monotonic() < until_s:
        CLOCK.sleep(0.1)
    assert committed(settings) == {partition: 119}, "60 records and 60 markers: the last record has offset 118"


def test_a_handler_that_raises_ends_the_process_and_its_event_comes_again(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    source.send(1)
    source.send(13)
    source.send(2)
    process = workers.start(RAISE_ON="13")
    assert process.wait(TIMEOUT_S) == EXIT_HALTED
    assert "the handler has a fault" in workers.log().read_text()
    assert "next_step" in workers.log().read_text()
    workers.start()
    wait_for_counts(settings, source.counts, workers)


def test_output_is_before_state_and_is_repeated_when_killed_in_between(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    source.send(1)
    source.send(13, KEYS[:1])
    process = workers.start(KILL_ON="13")
    assert process.wait(TIMEOUT_S) == -signal.SIGKILL
    assert rows(settings).get(KEYS[0], {"n": 1})["n"] == 1, "the row does not know of the event"
    workers.start()
    wait_for_counts(settings, source.counts, workers)
    written = [value["n"] for _, key, value in read(settings, settings.topic("windows")) if key == KEYS[0] and value]
    assert written.count(14) == 2, "its output went out once before the kill and once after"


def test_a_bad_record_is_dead_lettered_and_the_next_one_counts(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    producer = Producer(settings.client(partitioner="murmur2"))
    for value in (b"{", None):
        producer.produce(settings.topic("profiles"), value, key=KEYS[0])
    producer.flush(TIMEOUT_S)
    source.send(1)
    workers.start()
    wait_for_counts(settings, source.counts, workers)
    letters = [value for _, _, value in read(settings, settings.topic("dead-letters")) if value]
    assert {(letter["reason"], letter["offset"], letter["payload_size"]) for letter in letters} == {
        ("MALFORMED", 0, 1),
        ("MALFORMED", 1, 0),
    }
    assert {letter["service"] for letter in letters} == {"counting"}


def test_sigterm_commits_what_is_finished_and_exits_0(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    process = workers.start()
    source.send(1)
    wait_for_counts(settings, source.counts, workers)
    source.send(2)
    wait_for_counts(settings, source.counts, workers)
    process.terminate()
    assert process.wait(TIMEOUT_S) == 0
    before = committed(settings)
    assert sum(before.values()) > 0
    workers.start()
    source.send(3)
    wait_for_counts(settings, source.counts, workers)
    assert all(row["skipped"] == 0 for row in rows(settings).values()), "nothing that was committed came again"


def test_sigterm_while_it_starts_ends_it_too(workers: Workers) -> None:
    assert asked_to_end([process := workers.start()])
    assert process.returncode == 0
    assert '"ready"' not in workers.log().read_text()


def test_partitions_move_between_two_processes_and_back_with_their_rows(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    """The worker asserts, at every event, that its index is that of the rows: a stale generation would end it."""

    def send_until_slots_are(wanted: set[str]) -> None:
        deadline_s = CLOCK.monotonic() + TIMEOUT_S
        while {row["slot"] for row in rows(settings).values()} != wanted:
            workers.tend()
            assert CLOCK.monotonic() < deadline_s, f"partitions never were with {wanted}"
            source.send(1)
            CLOCK.sleep(0.2)
        wait_for_counts(settings, source.counts, workers)

    workers.start("0")
    source.send(1)
    wait_for_counts(settings, source.counts, workers)
    workers.start("1")
    send_until_slots_are({"0", "1"})
    workers.kill("1")  # after the session timeout its partitions go back
    send_until_slots_are({"0"})
    workers.start("1")
    send_until_slots_are({"0", "1"})


def test_a_process_that_was_suspended_past_its_session_writes_nothing_more(
    settings: KafkaSettings, workers: Workers, source: Source
) -> None:
    process = workers.start("0")
    source.send(1)
    wait_for_counts(settings, source.counts, workers)
    process.send_signal(signal.SIGSTOP)
    source.send(2)
    CLOCK.sleep(7)
    process.send_signal(signal.SIGCONT)
    assert process.wait(TIMEOUT_S) == EXIT_HALTED
    assert "did not run for" in workers.log().read_text()
    workers.start("0")
    wait_for_counts(settings, source.counts, workers)
