"""Stores follow the committed offsets, whatever became of them: what they lack is read again, in silence."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.errors import OperatorError
from runtime.hot_loop import Postponed
from runtime.log import replay
from services.performance.join.quiet import PATIENCE_MS
from services.performance.join.rows import SLACK_MS
from services.performance.join.stores import REPLAY_S
from tests.performance_stream import (
    DAY_MS,
    HORIZON_MS,
    HOUR_MS,
    PARTITIONS,
    T0,
    World,
    balance,
    label,
    prediction,
    summed,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Forty predictions joined with their labels, on all partitions."""
    world = World(tmp_path / "join")
    for number in range(40):
        world.write("predictions", prediction(number, T0))
        world.write("labels", label(number, T0, "stay"))
    world.drain(30)
    yield world
    world.stores.close()


def correct_all(world: World) -> None:
    """Corrects every label: only who knows the old pairs can take them away."""
    for number in range(40):
        world.write("labels", label(number, T0 + 1, "leave"))
    world.drain()
    assert {n for place, (n, _) in summed(world.outcomes).items() if place[1:4:2] == ("prediction_time", "")} == {40}
    assert {balance(account) for account in world.ledger} == {0}


def test_a_lost_disk_is_made_anew_without_a_word(world: World) -> None:
    before = world.outcomes
    world.stores.close()
    shutil.rmtree(world.folder)
    world.kill()
    world.step()
    assert world.replayed == 80
    assert world.outcomes == before
    correct_all(world)


def test_a_partition_that_went_away_is_closed_and_caught_up_when_it_comes_back(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", broker=world.broker, slot="1")
    for each in (world, other):
        each.poll()
    assert world.stores.open == {}, "another process may need them"
    for number in range(40):
        world.write("labels", label(number, T0 + 1, "else"))
    for each in (world, other):
        each.drain()
    assert set(world.stores.open) | set(other.stores.open) == set(range(PARTITIONS))
    assert not set(world.stores.open) & set(other.stores.open)
    assert other.replayed == 40, "two partitions of both topics, new to it"
    other.log.close()
    other.stores.close()
    world.poll()
    correct_all(world)
    assert world.replayed == 20, "labels that the other took meanwhile"


def test_a_store_ahead_of_the_committed_offsets_is_made_anew(world: World) -> None:
    group = world.broker.group("performance-join")
    group.offsets = dict.fromkeys(group.offsets, 0)
    world.kill()
    with capture_logs() as logs:
        world.drain()
    assert {entry["reason"] for entry in logs if entry["event"] == "join_store_made"} == {"committed offsets went back"}
    joined = [account for account in world.ledger if account.source.topic == "labels" and account.counted]
    assert sum(account.counted["binary"] for account in joined) == 80, "read twice, as was asked for"


def test_a_store_that_lacks_deleted_records_is_made_anew_from_the_oldest(world: World, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    world.stores.close()
    shutil.copytree(world.folder, kept)
    world.start()
    for number in range(40, 80):
        world.write("predictions", prediction(number, T0))
    world.drain()
    world.stores.close()
    shutil.rmtree(world.folder)
    shutil.move(kept, world.folder)
    for partition in range(PARTITIONS):
        end = len(world.broker.topic("predictions").partitions[partition].log)
        world.broker.delete_records("predictions", partition, end - 1)
    world.start()
    with capture_logs() as logs:
        world.step()
    reasons = {entry["reason"] for entry in logs if entry["event"] == "join_store_made"}
    assert reasons == {"records that it lacks were deleted"}
    for store in world.stores.open.values():
        assert sum(1 for _ in store.scan(b"d", b"e")) == 1, "the one prediction that is left"


def test_a_replay_tells_how_far_it_has_come(world: World) -> None:
    steps: list[tuple[int, int]] = []
    world.stores.close()
    shutil.rmtree(world.folder / "0")
    world.start()
    world.stores._on_replay = lambda step: steps.append((step.partition, step.left))
    world.step()
    assert {partition for partition, _ in steps} == {0}
    assert steps[-1] == (0, 0)
    assert steps == sorted(steps, reverse=True)


def test_a_store_in_use_is_not_opened_twice(world: World) -> None:
    second = World(world.folder)
    for number in range(4):
        second.write("predictions", prediction(number, T0))
    with pytest.raises(OperatorError, match="run one process a slot"):
        second.step()


def rows(world: World) -> int:
    return sum(1 for store in world.stores.open.values() for _ in store.scan(b"i", b"j"))


def test_without_labels_the_stores_do_not_grow_for_ever(tmp_path: Path) -> None:
    """Thirty days of twelve predictions each: those of the horizon, the slack and the time of patience are kept."""
    world = World(tmp_path)
    held = []
    for day in range(30):
        world.wall_ms = T0 + (day + 1) * DAY_MS
        for number in range(12):
            world.write("predictions", prediction(day * 12 + number, T0 + day * DAY_MS + number * HOUR_MS // 4))
        world.drain()
        held.append(rows(world))
    days = (HORIZON_MS + SLACK_MS + 2 * PATIENCE_MS) / DAY_MS + 1
    assert 24 <= min(held[5:]) <= max(held) <= 12 * (days + 1), held
    assert world.dead == []
    world.stores.close()


def test_labels_loaded_within_a_day_find_every_prediction_however_fast_the_stream_was(tmp_path: Path) -> None:
    """A year of predictions at once, then all labels: silence alone loses none."""
    world = World(tmp_path)
    world.wall_ms = T0 + 366 * DAY_MS
    for number in range(100):
        world.write("predictions", prediction(number, T0 + number * 3 * DAY_MS))
    world.drain(20)
    world.wall_ms += PATIENCE_MS - 1
    world.drain()
    for number in range(100):
        world.write("labels", label(number, T0 + number * 3 * DAY_MS, "stay"))
    world.drain(20)
    assert sum(n for place, (n, _) in summed(world.outcomes).items() if place[1:4:2] == ("label_time", "")) == 100
    world.stores.close()


def test_a_long_replay_is_postponed_and_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step takes longer than a turn may: a partition of two steps is done with the second turn."""
    monkeypatch.setattr(replay, "BATCH_RECORDS", 3)
    before = world.outcomes
    world.stores.close()
    shutil.rmtree(world.folder)
    world.start()
    world.stores._on_replay = lambda _: world.clock.sleep(REPLAY_S + 1)
    turns = 0
    while True:
        batch = world.poll()
        try:
            out = world.handler.join(batch, world.wall_ms)
        except Postponed:
            world.handler.settle("postponed")
            turns += 1
            continue
        world.log.commit(batch, out)
        world.handler.settle("committed")
        break
    assert turns > PARTITIONS
    assert world.outcomes == before
    correct_all(world)
