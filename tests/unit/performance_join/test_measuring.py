"""Metrics and health tell what was committed, and what is going on before."""

from pathlib import Path

from runtime.health import Health
from runtime.hot_loop import Step
from runtime.metrics import Metrics
from runtime.process import Instruments
from services.performance.join.measuring import JoinMeter
from services.performance.join.stores import Replayed
from tests.performance_stream import T0, World, label, prediction


def lines(metrics: Metrics, name: str) -> list[str]:
    """The samples of a metric, without their first label."""
    text = metrics.text().decode().splitlines()
    return [line.replace('service="performance-join"', "") for line in text if line.startswith(f"driftline_{name}{{")]


def metered(world: World, meter: JoinMeter, outcome: str) -> None:
    """One turn, of which the meter hears what the loop tells it."""
    batch = world.poll()
    world.handler._note = meter.note
    out = world.handler.join(batch, world.wall_ms)
    meter.joined(out)
    if outcome == "committed":
        world.log.commit(batch, out)
    world.handler.settle(outcome)
    meter.observe(Step(outcome, batch), world.log.lag, world.stores.open)  # type: ignore[arg-type]  one of its words


def test_what_is_committed_counts_and_what_is_rewound_does_not(tmp_path: Path) -> None:
    world, metrics = World(tmp_path), Metrics("performance-join")
    health = Health(world.clock)
    meter = JoinMeter(Instruments(metrics, health), world.clock)
    for number in range(8):
        world.write("predictions", prediction(number, T0), partition=0)
        world.write("labels", label(number, T0, "stay"))
        world.write("labels", label(number, T0, "leave"))
    world.write("labels", label(99, T0, "stay"))
    metered(world, meter, "rewound")
    assert lines(metrics, "pairs_joined_total") == []
    assert not health.ready_answer()[0]
    for _ in range(2):
        metered(world, meter, "committed")
    assert health.ready_answer()[0]
    assert lines(metrics, "pairs_joined_total") == ["driftline_pairs_joined_total{} 8.0"]
    assert lines(metrics, "pairs_corrected_total") == ["driftline_pairs_corrected_total{} 8.0"]
    (moved,) = (line for line in lines(metrics, "events_moved_total") if 'topic="predictions"' in line)
    assert float(moved.split()[-1]) == sum(one.moved for one in world.ledger if one.source.topic == "predictions") > 0
    assert sum(float(line.split()[-1]) for line in lines(metrics, "labels_waiting")) == 1
    assert all(float(line.split()[-1]) > 0 for line in lines(metrics, "store_bytes"))
    assert len(lines(metrics, "lag_records")) == 8


def test_a_replay_is_no_hang_and_says_how_far_it_is(tmp_path: Path) -> None:
    world, metrics = World(tmp_path), Metrics("performance-join")
    health = Health(world.clock, stale_s=30)
    meter = JoinMeter(Instruments(metrics, health), world.clock)
    for left in (3_000_000, 2_000_000, 1_000_000):
        world.clock.sleep(20)
        meter.replayed(Replayed(partition=2, records=1_000, left=left))
    alive, _ = health.alive_answer()
    ready, why = health.ready_answer()
    assert (alive, ready) == (True, False)
    assert why["waiting_for"] == "partition 2 is read again: 1,000,000 offsets to go"
    assert lines(metrics, "records_replayed_total") == ["driftline_records_replayed_total{} 3000.0"]
