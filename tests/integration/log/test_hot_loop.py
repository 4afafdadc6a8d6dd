"""The hot loop on the memory backend: when it commits, when it goes on, how it ends."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event

import pytest

from runtime.clock import ManualClock
from runtime.hot_loop import DRAINED, Pace, Step, run
from runtime.log.memory import MemoryBroker, MemoryLog
from runtime.log.overdue import HALTED
from runtime.log.protocol import Batch, OutRecord

SOURCE, OUT = "predictions", "ledger"
PACE = Pace(max_records=10, linger_s=0.001, heartbeat_s=2.0)


def counting(batch: Batch, wall_ms: int) -> Iterator[OutRecord]:
    """One line a batch: how many records, and the wall clock."""
    yield OutRecord(OUT, b"k", b"%d at %d" % (len(batch.messages), wall_ms))


class Loop:
    """A loop on one slot; `steps` says what each turn did."""

    def __init__(self, broker: MemoryBroker, slot: str = "a", topics: Sequence[str] = (SOURCE,)) -> None:
        self.broker = broker
        self.clock = ManualClock(wall_ms=1_700_000_000_000)
        self.stop = Event()
        self.steps: list[Step] = []
        self.log = MemoryLog(broker, "fold", slot, topics)
        self.pace = PACE

    def run(
        self,
        turns: int,
        fold: Callable[[Batch, int], Iterable[OutRecord]] = counting,
        at: dict[int, Callable[[], object]] | None = None,
    ) -> int:
        """Runs for so many turns; `at` says what happens after which of them."""

        def observe(step: Step) -> None:
            self.steps.append(step)
            if at and len(self.steps) in at:
                at[len(self.steps)]()
            if len(self.steps) >= turns:
                self.stop.set()

        return run(self.log, fold, self.stop, self.clock, pace=self.pace, observe=observe)

    @property
    def outcomes(self) -> list[str]:
        return [step.outcome for step in self.steps]

    @property
    def written(self) -> list[bytes | None]:
        return [message.value() for message in self.broker.read(OUT)]


def test_records_are_folded_and_committed_with_what_came_of_them() -> None:
    loop = Loop(MemoryBroker())
    for number in range(3):
        loop.broker.produce(SOURCE, b"%d" % number, partition=0)
    assert loop.run(turns=2) == DRAINED
    assert loop.outcomes == ["reassigned", "committed"]
    assert loop.written == [b"3 at 1700000000000"]
    assert loop.broker.committed("fold", SOURCE) == {0: 3, 1: 0, 2: 0, 3: 0}


def test_a_loop_on_two_topics_folds_and_commits_both_at_once() -> None:
    broker = MemoryBroker()
    broker.produce(SOURCE, b"0", partition=3)
    broker.produce("labels", b"1", partition=3)
    loop = Loop(broker, topics=(SOURCE, "labels"))
    loop.run(turns=3)
    assert loop.outcomes == ["reassigned", "committed", "idle"]
    assert loop.written == [b"2 at 1700000000000"]
    assert [broker.committed("fold", topic) for topic in (SOURCE, "labels")] == [{0: 0, 1: 0, 2: 0, 3: 1}] * 2


def test_an_idle_loop_commits_a_heartbeat_when_it_is_due_and_not_before() -> None:
    loop = Loop(MemoryBroker())
    loop.run(turns=7, at={4: lambda: loop.clock.sleep(1.9), 5: lambda: loop.clock.sleep(0.1)})
    assert loop.outcomes == ["reassigned", "committed", "idle", "idle", "idle", "committed", "idle"]
    assert loop.written == [b"0 at 1700000000000", b"0 at 1700000002000"]


def test_the_end_of_a_partition_is_committed_at_once() -> None:
    loop = Loop(MemoryBroker())
    for number in range(11):  # one more than a batch takes
        loop.broker.produce(SOURCE, b"%d" % number, partition=0)
    loop.run(turns=4)
    assert loop.outcomes == ["reassigned", "committed", "committed", "idle"]
    caught_up = [step.batch.caught_up for step in loop.steps if step.batch]
    assert [0 in partitions for partitions in caught_up] == [False, True]


def test_a_rewound_batch_is_folded_again_and_its_outputs_appear_once() -> None:
    broker = MemoryBroker()
    loop = Loop(broker)
    broker.produce(SOURCE, b"0", partition=0)

    def fold(batch: Batch, wall_ms: int) -> Iterable[OutRecord]:
        if batch.messages and not any(step.outcome == "rewound" for step in loop.steps):
            MemoryLog(broker, "fold", "b", SOURCE).close()  # another slot comes and goes meanwhile
        return counting(batch, wall_ms)

    assert loop.run(turns=4, fold=fold) == DRAINED
    assert loop.outcomes == ["reassigned", "rewound", "committed", "idle"]
    assert loop.written == [b"1 at 1700000000000"]


def test_a_batch_that_is_rewound_again_and_again_ends_the_process() -> None:
    broker = MemoryBroker()
    loop = Loop(broker)
    broker.produce(SOURCE, b"0", partition=0)

    def fold(batch: Batch, wall_ms: int) -> Iterable[OutRecord]:
        MemoryLog(broker, "fold", "b", SOURCE).close()
        return counting(batch, wall_ms)

    assert loop.run(turns=1_000, fold=fold) == HALTED
    assert loop.written == []


def test_a_fenced_process_ends_with_the_exit_code_that_makes_the_supervisor_start_it_again() -> None:
    loop = Loop(MemoryBroker())
    code = loop.run(turns=1_000, at={2: lambda: MemoryLog(loop.broker, "fold", "a", SOURCE)})
    assert code == HALTED


def test_a_stop_during_a_batch_ends_after_its_commit() -> None:
    loop = Loop(MemoryBroker())
    loop.broker.produce(SOURCE, b"0", partition=0)

    def fold(batch: Batch, wall_ms: int) -> Iterable[OutRecord]:
        loop.stop.set()
        return counting(batch, wall_ms)

    assert loop.run(turns=1_000, fold=fold) == DRAINED
    assert loop.outcomes == ["reassigned", "committed"]
    assert loop.written == [b"1 at 1700000000000"]


def test_what_the_fold_raises_ends_the_loop_and_commits_nothing() -> None:
    loop = Loop(MemoryBroker())
    loop.broker.produce(SOURCE, b"0", partition=0)

    def fold(_batch: Batch, _wall_ms: int) -> Iterable[OutRecord]:
        yield OutRecord(OUT, b"k", b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(turns=1_000, fold=fold)
    assert loop.written == []
    assert loop.broker.committed("fold", SOURCE) == {}


def test_the_garbage_collector_works_again_after_the_loop() -> None:
    enabled = []
    Loop(MemoryBroker()).run(turns=1, at={1: lambda: enabled.append(gc.isenabled())})
    assert enabled == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_large_records_make_smaller_batches_and_small_ones_larger_again() -> None:
    """A record may hold a thousand events: batches are bounded by bytes, going by those of the batch before."""
    loop = Loop(MemoryBroker())
    loop.pace = Pace(max_records=10, max_bytes=4_000, linger_s=0.001, heartbeat_s=2.0)
    for body in (*[b"x" * 1_000] * 18, *[b"x"] * 30):
        loop.broker.produce(SOURCE, body, partition=0)
    loop.run(turns=9)
    sizes = [len(step.batch.messages) for step in loop.steps if step.outcome == "committed" and step.batch]
    assert sizes[:3] == [10, 4, 4]
    assert sizes[3:] == [4, 10, 10, 6]
