"""Gaps of a partition are replayed by the plans that it was first read by."""

from pathlib import Path

from runtime.clock import ManualClock
from runtime.log.memory import MemoryBroker
from runtime.log.replay import MemoryReplay
from schemas.examples import examples
from schemas.plan_change import PlanChange
from services.performance.join.history import History, Moment, Sources, written
from services.performance.join.plans import Plans
from tests.drift_stream import Applied
from tests.performance_stream import HOUR_MS, MONITORS, World
from tests.unit.performance_join.stream import source

BINARY = MONITORS["binary"]
PRESENT = 9, 9


def gaps(predictions: tuple[int, int], labels: tuple[int, int], partition: int = 0) -> Sources:
    return (source("predictions", *predictions, partition=partition), source("labels", *labels, partition=partition))


def parts(broker: MemoryBroker, sources: Sources) -> list[tuple[Moment, tuple[int, int], tuple[int, int]]]:
    """(moment, predictions, labels) of each stretch."""
    present = Plans(Applied({}, PRESENT[0]), Applied({}, PRESENT[1]), ManualClock())
    found = History(MemoryReplay(broker), ManualClock()).stretches(sources, present)
    ranges = [[(gap.start, gap.end) for gap in stretch.gaps] for stretch in found]
    return [(stretch.plans.moment, *own) for stretch, own in zip(found, ranges, strict=True)]


def broker_with(*changes: tuple[tuple[int, int], Moment], partition: int = 0) -> MemoryBroker:
    """Changes of a partition at (offset of predictions, offset of labels)."""
    broker = MemoryBroker()
    for (predictions, labels), moment in changes:
        broker.transact([written(gaps((predictions, predictions + 3), (labels, labels), partition), moment, 0)])
    return broker


def test_a_gap_is_cut_where_the_plans_changed() -> None:
    """Offsets of predictions and labels, and how far monitors and baselines were read.

    0/0   1,0 ---- 10/6   2,0 ---- 10/7   2,1 ----
                gap: 5/6 ------------------------- 20/9
    """
    broker = broker_with(((0, 0), (1, 0)), ((10, 6), (2, 0)), ((10, 7), (2, 1)))
    assert parts(broker, gaps((5, 20), (6, 9))) == [
        ((1, 0), (5, 10), (6, 6)),
        ((2, 0), (10, 10), (6, 7)),
        ((2, 1), (10, 20), (7, 9)),
    ]


def test_before_the_first_change_that_is_known_the_same_plans_held() -> None:
    assert parts(broker_with(((10, 4), (1, 0))), gaps((0, 20), (0, 9))) == [((1, 0), (0, 20), (0, 9))]


def test_without_any_change_the_plans_are_those_of_the_present() -> None:
    other = broker_with(((0, 0), (1, 0)), partition=1)
    assert parts(other, gaps((0, 20), (0, 9))) == [(PRESENT, (0, 20), (0, 9))]


def test_changes_beyond_the_gap_do_not_matter_and_an_empty_gap_has_no_part() -> None:
    broker = broker_with(((0, 0), (1, 0)), ((10, 4), (2, 0)))
    assert parts(broker, gaps((0, 10), (0, 4))) == [((1, 0), (0, 10), (0, 4))]
    assert parts(broker, gaps((10, 10), (4, 4))) == []


def test_after_a_reset_of_offsets_what_is_read_anew_replaces_what_followed() -> None:
    broker = broker_with(((0, 0), (1, 0)), ((10, 4), (2, 0)), ((30, 8), (3, 0)), ((5, 6), (4, 0)))
    assert parts(broker, gaps((0, 20), (0, 9))) == [((1, 0), (0, 5), (0, 6)), ((4, 0), (5, 20), (6, 9))]


def test_plans_are_of_what_was_applied_up_to_then() -> None:
    """Also of what was replaced and deleted since; what is no monitor is passed over, as its follower did."""
    broker = broker_with(((0, 0), (1, 0)), ((10, 0), (3, 0)), ((20, 0), (4, 0)))
    quick = BINARY.model_copy(update={"performance": BINARY.performance.model_copy(update={"horizon": HOUR_MS})})
    for value in (BINARY.to_json(), b"{", quick.to_json(), None):
        broker.produce("monitors", value, key=b"binary")
    present = Plans(Applied({}, 4), Applied({}, 0), ManualClock())
    found = History(MemoryReplay(broker), ManualClock()).stretches(gaps((0, 30), (0, 0)), present)
    horizons = [stretch.plans.horizon_ms("binary") for stretch in found]
    assert horizons == [BINARY.performance.horizon, HOUR_MS, present.horizon_ms("binary")]
    assert found[-1].plans is present


def test_every_example_of_a_change_is_known() -> None:
    broker = MemoryBroker()
    for value in examples("plans"):
        broker.produce("plans", value, key=b"")
    first, last, _ = (PlanChange.model_validate_json(value) for value in examples("plans"))
    predictions = first.predictions.model_copy(update={"end": last.predictions.end})
    labels = first.labels.model_copy(update={"end": last.labels.end})
    assert [moment for moment, *_ in parts(broker, (predictions, labels))] == [(3, 1), (5, 1)]


def changes(world: World) -> list[tuple[int, Moment]]:
    """(partition, moment) of each change written."""
    found = [PlanChange.model_validate_json(value) for value in world.read("plans")]
    return [(change.predictions.partition, (change.monitors, change.baselines)) for change in found]


def test_a_change_is_written_once_a_day_and_by_each_process_that_takes_the_partition(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.step()
    first = changes(world)
    assert first == [(partition, (3, 1)) for partition in range(4)]
    world.step()
    assert changes(world) == first
    world.apply(binary=BINARY.model_copy(update={"strict": True}))
    world.follow()
    world.step()
    assert changes(world)[4:] == [(partition, (4, 1)) for partition in range(4)]
    world.wall_ms += 24 * HOUR_MS
    world.step()
    world.kill()
    world.step()
    assert changes(world)[8:] == [(partition, (4, 1)) for partition in range(4)] * 2
    world.stores.close()
