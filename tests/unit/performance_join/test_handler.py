"""What a batch of predictions and labels becomes, on the way that the service takes."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.decode.arrow import encode_arrow
from runtime.log.memory import MemoryLog
from runtime.log.memory_broker import MemoryMessage
from runtime.log.partitioning import partition_of
from runtime.moved import KEY, MOVED
from runtime.watched import Watched
from schemas.examples import examples
from schemas.ledger import Ledger
from schemas.prediction import Prediction
from schemas.profile import Mark
from services.drift.fold.handler import FoldHandler
from tests.drift_stream import Applied
from tests.performance_stream import (
    DAY_MS,
    HORIZON_MS,
    HOUR_MS,
    MONITORS,
    PARTITIONS,
    T0,
    World,
    balance,
    encoded,
    label,
    prediction,
    summed,
)  # fmt: skip
from tests.unit.performance_join.oracle import Event, expected

TRUTHS: dict[str, tuple[Any, ...]] = {"binary": ("stay", "leave", "else"), "many": ("a", "b"), "quantity": (1.5, 7, -2)}


def stream(rng: random.Random, n: int, model: str) -> tuple[list[Event], list[Event]]:
    """Predictions over a few hours, some twice; labels in any order, some twice, corrected, too late or too many."""
    predictions, labels = [], []
    for number in range(n):
        time_ms = T0 + rng.randrange(5 * HOUR_MS)
        more = {"variant": "shadow"} if rng.random() < 0.1 else {}
        predictions += [prediction(number, time_ms, model=model, **more)] * rng.choice([1, 1, 1, 2])
        for _ in range(rng.choice([0, 1, 1, 2])):
            delay_ms = rng.choice([-1_000, 60_000, HOUR_MS, HORIZON_MS, HORIZON_MS + 1])
            worth = {"value": 2.5} if rng.random() < 0.3 else {}
            labels.append(label(number, time_ms + delay_ms, rng.choice(TRUTHS[model]), **worth))
    labels += [label(n + number, T0, TRUTHS[model][0]) for number in range(5)]
    return rng.sample(predictions, len(predictions)), rng.sample(labels, len(labels))


@pytest.mark.parametrize("model", ["binary", "many", "quantity"])
def test_outcomes_sum_to_a_plain_join_of_all_events(tmp_path: Path, model: str) -> None:
    """However the batches are cut: made, joined and corrected, in every segment and pane, cell by cell."""
    world = World(tmp_path)
    predictions, labels = stream(random.Random(3), 400, model)
    for event in predictions:
        world.write("predictions", event)
    for event in labels:
        world.write("labels", event)
    world.drain(90)
    layout = world.plans.plan(model, "1").layout
    assert layout is not None
    assert summed(world.outcomes) == expected(predictions, labels, {model: layout})
    assert {balance(account) for account in world.ledger} == {0}
    assert Counter(letter.reason for letter in world.dead).keys() <= {"ORPHAN"}


def test_the_source_is_both_topics_and_its_marks_go_to_every_partition(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(20):
        world.write("predictions", prediction(number, T0))
        world.write("labels", label(number, T0, "stay"))
    world.drain(15)
    marks = [Mark.model_validate_json(value) for value in world.read("outcomes") if b"driftline.mark" in value]
    assert {mark.source.topic for mark in marks} == {"predictions+labels"}
    newest = {mark.source.partition: mark for mark in marks}
    assert len(newest) == PARTITIONS
    assert sum(mark.source.end for mark in newest.values()) == 40
    assert all(mark.caught_up for mark in newest.values())
    assert not all(mark.caught_up for mark in marks), "while a topic had more to read, it was not"
    assert len(marks) % PARTITIONS == 0
    for outcome in world.outcomes:
        assert outcome.source.end > outcome.source.start


def test_a_text_is_no_label_of_a_regression_and_takes_the_number_before_it_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("predictions", prediction(1, T0, model="quantity"))
    world.write("labels", label(1, T0, 3.5))
    world.drain()
    world.write("labels", label(1, T0, "n/a"))
    world.drain()
    assert {n for n, _ in summed(world.outcomes).values()} == {0}, "only the prediction is left"
    (letter,) = world.dead
    assert (letter.reason, letter.model, letter.payload) == ("VALUE", "quantity", encoded(label(1, T0, "n/a")))
    assert "a regression is judged by numbers" in letter.detail
    world.write("labels", label(1, T0, 4.5))
    world.drain()
    assert {n for n, _ in summed(world.outcomes).values()} == {1}
    assert {balance(account) for account in world.ledger} == {0}
    assert sum(account.counted.get("quantity", 0) for account in world.ledger) == 1 + 2, "a prediction, two labels"


def test_a_version_of_which_nothing_is_known_is_joined_and_counted_nowhere(tmp_path: Path) -> None:
    world = World(tmp_path, monitors={}, baselines={})
    world.write("predictions", prediction(1, T0))
    world.write("labels", label(1, T0, "stay"))
    world.drain()
    assert world.outcomes == []
    assert [account.counted for account in world.ledger] == [{"binary": 1}, {"binary": 1}]


def test_misplaced_records_are_moved_once_and_joined(tmp_path: Path) -> None:
    """As a producer with another partitioner writes them; bytes and headers stay, and the key is among them."""
    world = World(tmp_path)
    for number in range(40):
        world.broker.produce(
            "predictions", encoded(prediction(number, T0)), key=f"p-{number}".encode(), partition=number % PARTITIONS,
            timestamp_ms=T0, headers=[("trace", b"1")],
        )  # fmt: skip
        world.write("labels", label(number, T0, "stay"), partition=(number + 1) % PARTITIONS)
    world.drain()
    assert sum(n for place, (n, _) in summed(world.outcomes).items() if place[1:4:2] == ("label_time", "")) == 40
    copies = [message for message in world.broker.read("predictions") if header_of(message)]
    wrong = [number for number in range(40) if partition_of(f"p-{number}".encode(), PARTITIONS) != number % PARTITIONS]
    assert sorted(map(header_of, copies)) == sorted(f"p-{number}".encode() for number in wrong)  # type: ignore[type-var]  all have one
    assert {message.key() for message in copies} == {None}
    assert {(m.headers() or [])[0] for m in copies} == {("trace", b"1")}
    assert sum(account.moved for account in world.ledger if account.source.topic == "predictions") == len(wrong)
    assert {balance(account) for account in world.ledger} == {0}
    assert world.dead == []


def header_of(message: MemoryMessage) -> bytes | None:
    return dict(message.headers() or ()).get(KEY)


def test_a_moved_record_that_still_lies_wrong_is_dead_and_not_moved_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    wrong = (partition_of(b"p-1", PARTITIONS) + 1) % PARTITIONS
    for topic, event in (("predictions", prediction(1, T0)), ("labels", label(1, T0, "stay"))):
        world.broker.produce(
            topic, encoded(event), key=None, partition=wrong, timestamp_ms=T0, headers=[(MOVED, b"0/1"), (KEY, b"p-1")]
        )
    world.drain()
    assert [(letter.reason, letter.topic) for letter in world.dead] == [("KEY", "predictions"), ("KEY", "labels")]
    assert {balance(account) for account in world.ledger} == {0}


BAD_LABELS: dict[str, tuple[bytes | None, bytes | None]] = {
    "MALFORMED": (b"{", b"p-1"),
    "SCHEMA": (encoded(label(1, T0, "stay") | {"schema": "driftline.label/2"}), b"p-1"),
    "VALUE": (b'{"schema":"driftline.label/1","prediction_id":"p-1","label":1e999,"time_ms":1700000000000}', b"p-1"),
    "TIME": (encoded(label(1, 1_700_000_000, "stay")), b"p-1"),
    "KEY": (encoded(label(1, T0, "stay")), b"p-2"),
    "FUTURE": (encoded(label(1, T0 + DAY_MS, "stay")), b"p-1"),
}


@pytest.mark.parametrize("reason", BAD_LABELS)
def test_a_bad_label_is_dead_with_its_bytes_and_its_neighbours_count(tmp_path: Path, reason: str) -> None:
    world = World(tmp_path)
    value, key = BAD_LABELS[reason]
    partition = partition_of(b"p-1", PARTITIONS)
    world.write("predictions", prediction(1, T0))
    for body, own in ((value, key), (encoded(label(1, T0, "stay")), b"p-1")):
        world.broker.produce("labels", body, key=own, partition=partition, timestamp_ms=T0)
    world.drain()
    (letter,) = world.dead
    assert (letter.reason, letter.offset, letter.payload, letter.record_key) == (reason, 0, value, key)
    assert sum(n for place, (n, _) in summed(world.outcomes).items() if place[1:4:2] == ("label_time", "")) == 1
    assert {balance(account) for account in world.ledger} == {0}


def test_invalid_predictions_are_refused_and_conflicts_are_dead(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("predictions", prediction(1, T0, score=2.0))
    world.write("predictions", prediction(1, T0, prediction="neither"))
    for score in (0.25, 0.25, 0.5):
        world.write("predictions", prediction(1, T0, score=score))
    world.drain()
    (account,) = (one for one in world.ledger if one.source.topic == "predictions")
    assert (account.events, account.refused, account.counted, account.duplicate) == (5, 2, {"binary": 1}, 1)
    assert account.dead == {"CONFLICT": 1}
    assert [letter.reason for letter in world.dead] == ["CONFLICT"]


def test_labels_beyond_the_limit_are_orphans_at_once(tmp_path: Path) -> None:
    world = World(tmp_path, waiting_limit=3)
    ids = [number for number in range(100) if partition_of(f"p-{number}".encode(), PARTITIONS) == 0][:5]
    for number in ids:
        world.write("labels", label(number, T0, "stay"))
    world.drain(2)
    assert [letter.reason for letter in world.dead] == ["ORPHAN", "ORPHAN"]
    assert "DRIFTLINE_WAITING_LABELS" in world.dead[0].detail
    assert world.stores.open[0].state.waiting == 3
    for number in ids:
        world.write("predictions", prediction(number, T0))
    world.drain()
    assert world.stores.open[0].state.waiting == 0
    assert {balance(account) for account in world.ledger} == {0}


def drift_fold(world: World) -> Any:
    """What the drift fold makes of everything on `predictions`."""
    watched = Watched(Applied(world.monitors, 1), Applied(world.baselines, 1), ManualClock())
    log = MemoryLog(world.broker, "drift-fold", "0", "predictions")
    while (batch := log.poll(10_000, 0)) is None:
        pass
    out = FoldHandler(watched, PARTITIONS).fold(batch, world.wall_ms)
    return [Ledger.model_validate_json(record.value) for record in out if record.topic == "ledger"]


def test_drift_counts_a_moved_prediction_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(20):
        world.write("predictions", prediction(number, T0), partition=0)
    world.drain()
    accounts = drift_fold(world)
    moved = sum(account.moved for account in world.ledger)
    assert moved > 0
    assert sum(account.moved for account in accounts) == moved
    assert sum(account.counted.get("binary", 0) for account in accounts) == 20
    assert {balance(account) for account in accounts} == {0}


def test_rows_of_an_arrow_batch_go_to_their_partitions_and_are_the_same_events_as_json(tmp_path: Path) -> None:
    """Under any key, so that nearly all rows lie wrong; written as JSON as well, they are duplicates."""
    world = World(tmp_path)
    events = [prediction(number, T0 + number, model="many") for number in range(30)]
    rows = [Prediction.model_validate_json(encoded(event)) for event in events]
    world.write("predictions", encode_arrow(rows), key=b"any", partition=1)
    world.drain()
    for event in events:
        world.write("predictions", event)
        world.write("labels", label(int(event["prediction_id"][2:]), T0, "a"))
    world.drain()
    layout = world.plans.plan("many", "1").layout
    assert layout is not None
    labels = [label(number, T0, "a") for number in range(30)]
    assert summed(world.outcomes) == expected(events, labels, {"many": layout})
    predictions = [account for account in world.ledger if account.source.topic == "predictions"]
    assert sum(account.duplicate for account in predictions) == 30
    misplaced = sum(partition_of(f"p-{number}".encode(), PARTITIONS) != 1 for number in range(30))
    assert sum(account.moved for account in predictions) == misplaced
    assert {balance(account) for account in world.ledger} == {0}
    assert world.dead == []
    assert sum(account.moved for account in drift_fold(world)) == PARTITIONS - 1, "records, of many rows each"


def test_every_example_of_both_topics_is_valid_here(tmp_path: Path) -> None:
    """One label comes two months after its prediction, which is beyond the default horizon."""
    world = World(tmp_path, monitors={}, baselines={})
    for topic in ("predictions", "labels"):
        for value in examples(topic):
            key = json.loads(value)["prediction_id"].encode()
            world.broker.produce(topic, value, key=key, timestamp_ms=json.loads(value)["time_ms"])
    world.drain()
    assert {letter.reason for letter in world.dead} <= {"ORPHAN"}
    assert {balance(account) for account in world.ledger} == {0}
    assert sum(account.refused for account in world.ledger) == 0
    assert sum(account.events for account in world.ledger) == len(examples("predictions")) + len(examples("labels"))


def test_a_correction_after_a_new_layout_takes_nothing_away_from_it(tmp_path: Path) -> None:
    """The old pair stays in the cells of the old layout; a pair that was counted nowhere is taken from nowhere."""
    world = World(tmp_path)
    monitors = dict(world.monitors)
    for number in (1, 2):
        world.write("predictions", prediction(number, T0))
    world.write("labels", label(1, T0, "stay"))
    world.drain()
    for classes in (("leave", "stay"), None):
        world.stores.close()
        world.monitors = monitors | {"binary": MONITORS["binary"].model_copy(update={"classes": classes})}
        world.start()
        for number, told in ((1, "leave"), (1, "stay"), (2, str(classes))):
            world.write("labels", label(number, T0, told))
        world.drain()
    found = summed(world.outcomes)
    assert min(min(cells) for _, cells in found.values()) >= 0
    by_digest = Counter[str]()
    for place, (n, _) in found.items():
        if place[1:4:2] == ("label_time", ""):
            by_digest[place[5]] += n
    assert sorted(by_digest.values()) == [1, 2], "the first pair by both, the second by the later layout"
    assert {balance(account) for account in world.ledger} == {0}
    accounts = [account for account in world.ledger if account.source.topic == "labels"]
    assert sum(sum(account.counted.values()) - account.repeated for account in accounts) >= 3
