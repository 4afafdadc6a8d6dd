"""How a snapshot is read: in passes where labels are many, and with words on how far it is."""

from collections.abc import Iterator, Sequence

from runtime.clock import ManualClock
from runtime.log.protocol import Message
from runtime.log.replay import MemoryReplay
from schemas.base import SourceRange
from services.retraining.snapshot.reading import Reading
from services.retraining.snapshot.smallest import Smallest, hash_of
from tests.performance_stream import HOUR_MS, label, prediction
from tests.unit.retraining_snapshot.stream import FROM_MS, Stream, expected, monitor_of, plan_of


class Steady:
    """Draws nothing: every record is written where it belongs."""

    def random(self) -> float:
        return 0.5


def orphans(ids: int, labels: int) -> Stream:
    """Predictions, and many more labels that belong to nobody."""
    made = Stream(Steady())  # type: ignore[arg-type]  all that writing asks of it
    for number in range(labels):
        made.write("labels", label(number, FROM_MS + HOUR_MS, "stay", value=1.0))
    for number in range(0, labels, labels // ids):
        made.write("predictions", prediction(number, FROM_MS, variant="stable"))
    return made


class SlowReplay(MemoryReplay):
    """Every batch takes 0.7 s."""

    def __init__(self, made: Stream, clock: ManualClock) -> None:
        super().__init__(made.broker)
        self._clock = clock

    def replay(self, source: SourceRange, end: int) -> Iterator[Sequence[Message]]:
        for batch in super().replay(source, end):
            for begin in range(0, len(batch), 20):
                self._clock.sleep(0.7)
                yield batch[begin : begin + 20]


def test_labels_that_do_not_fit_at_once_are_read_in_passes() -> None:
    made = orphans(ids=40, labels=400)
    plan = plan_of(made.broker, monitor_of(30))
    reading = Reading(MemoryReplay(made.broker), plan, lambda _: None, ManualClock(), labels_at_once=1)
    assert reading.table().to_pylist() == expected(made.written, plan)
    assert 3 < reading.passes <= 400 // 60 + 1


def test_it_says_once_a_second_how_far_it_is_and_then_what_it_left_out() -> None:
    made, clock, said = orphans(ids=2, labels=400), ManualClock(), list[str]()
    made.write("labels", label(7, FROM_MS, "stay") | {"schema": "x"}, valid=False)
    Reading(SlowReplay(made, clock), plan_of(made.broker), said.append, clock).table()
    assert said[:-1]
    assert len(said) <= clock.monotonic() + 1
    assert said[0].startswith("labels: read 40 of 401 records")
    assert said[-1] == "2 labelled rows; left out as invalid: labels SCHEMA: 1"


def test_what_was_dropped_has_no_place_though_it_comes_again() -> None:
    ids = [b"%d" % number for number in range(100)]
    kept: Smallest[None] = Smallest(10)
    for own in ids:
        if kept.has_place(hash_of(own)):
            kept.put(own, hash_of(own), None)
    kept.settle()
    assert sorted(kept.values) == sorted(sorted(ids, key=hash_of)[:10])
    assert [own for own in ids if kept.has_place(hash_of(own))] == [own for own in ids if own in kept.values]
