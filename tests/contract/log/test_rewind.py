"""A batch that was polled and is not to be committed yet is taken back, on the memory and on the Kafka backend."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from runtime import hot_loop
from runtime.clock import SystemClock
from runtime.hot_loop import Postponed
from tests.contract.log.reading import has_records, poll, values

if TYPE_CHECKING:
    from runtime.log.protocol import Batch, OutRecord
    from tests.contract.log.conftest import Backend


def test_what_was_taken_back_comes_again_and_is_committed_once(backend: Backend) -> None:
    log = backend.log()
    for number in range(20):
        backend.produce(str(number).encode(), partition=0)
    first = poll(log, has_records, 7)
    log.rewind()
    again = poll(log, has_records, 7)
    assert values([again])[: len(values([first]))] == values([first])[: len(values([again]))]
    assert {place: source.start for place, source in again.ranges.items()} == {
        place: source.start for place, source in first.ranges.items()
    }
    log.commit(again, [])


def test_a_fold_that_postpones_is_asked_again_for_the_same_records(backend: Backend) -> None:
    log, stop = backend.log(), Event()
    for number in range(5):
        backend.produce(str(number).encode(), partition=0)
    seen: list[list[bytes | None]] = []
    outcomes: list[str] = []

    def fold(batch: Batch, _wall_ms: int) -> list[OutRecord]:
        if not batch.messages:
            return []
        seen.append(values([batch]))
        if len(seen) < 3:
            raise Postponed
        return []

    def observe(step: hot_loop.Step) -> None:
        outcomes.append(step.outcome)
        if step.outcome == "committed" and step.batch is not None and step.batch.messages:
            stop.set()

    assert hot_loop.run(log, fold, stop, SystemClock(), observe=observe) == hot_loop.DRAINED
    assert seen[0][:1] == seen[1][:1] == seen[2][:1] == [b"0"]
    assert outcomes.count("postponed") == 2
