"""Plans and snapshots on a real broker: what is pinned stays what it was, and equals pandas."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # public, but not declared so

from runtime.admin import create_topics, delete_topics
from runtime.broker import EmbeddedKafka
from runtime.clock import SystemClock
from runtime.decode.arrow import encode_arrow
from runtime.decode.verdict import FUTURE_MS
from runtime.errors import OperatorError
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from schemas.retraining import RetrainingRequest
from services.retraining.snapshot.plan import PREDICTIONS, TOPICS, Plan, pin
from services.retraining.snapshot.reading import PlanLost, read
from services.retraining.snapshot.split import digest_of, packed
from tests.performance_stream import DAY_MS, HOUR_MS, PARTITIONS, label, prediction
from tests.unit.retraining_snapshot.stream import FROM_MS, MONITOR, UNTIL_MS, expected, monitor_of

EVENTS, ROWS = 5_000, 1_000
Event = dict[str, Any]
Written = Mapping[str, list[Event]]


def request(kind: str = "performance", requested_ms: int = UNTIL_MS) -> RetrainingRequest:
    named = {"trigger_id": "t", "model": "binary", "version": "1", "policy": "p", "reason": "drift", "actor": "test"}
    return RetrainingRequest.model_validate(named | {"kind": kind, "requested_ms": requested_ms})


def looking_back(lookback_ms: int, rows: int = ROWS) -> Monitor:
    monitor = monitor_of(rows)
    spec = monitor.training.snapshot.model_copy(update={"lookback": lookback_ms})
    return monitor.model_copy(update={"training": monitor.training.model_copy(update={"snapshot": spec})})


class Writer:
    """Writes predictions and labels in transactions."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._topic = settings.topic
        self._producer = Producer(
            settings.client(partitioner="murmur2_random", **{"transactional.id": "snapshot-test"})
        )
        self._producer.init_transactions(30)

    def transact(
        self, topic: str, events: Sequence[Event], *, commit: bool = True, arrow: bool = False, stamped: bool = False
    ) -> None:
        """All events, or none of them; stamped now, or with their own times."""
        self._producer.begin_transaction()
        for key, value, time_ms, partition in _batches(events) if arrow else _records(events):
            self._producer.produce(self._topic(topic), value, key, partition, timestamp=time_ms if stamped else 0)
            self._producer.poll(0)
        if commit:
            self._producer.commit_transaction(30)
        else:
            self._producer.flush(30)  # the records are in the log, and their end is that they were none
            self._producer.abort_transaction(30)

    def produce(self, topic: str, event: Event, stamp_ms: int) -> None:
        """One record that says it was written then."""
        self._producer.begin_transaction()
        value, key = json.dumps(event).encode(), event["prediction_id"].encode()
        self._producer.produce(self._topic(topic), value, key, timestamp=stamp_ms)
        self._producer.commit_transaction(30)


def _records(events: Sequence[Event]) -> Iterator[tuple[bytes, bytes, int, int]]:
    for event in events:
        yield event["prediction_id"].encode(), json.dumps(event).encode(), event["time_ms"], -1


def _batches(events: Sequence[Event]) -> Iterator[tuple[None, bytes, int, int]]:
    """One a partition, as the join would have moved them."""
    for partition in range(PARTITIONS):
        own = [event for event in events if partition_of(event["prediction_id"].encode(), PARTITIONS) == partition]
        if own:
            value = encode_arrow([Prediction.model_validate(event) for event in own])
            yield None, value, max(event["time_ms"] for event in own), partition


@pytest.fixture
def stamped(kafka: EmbeddedKafka) -> Iterator[KafkaSettings]:
    """Topics whose records have the times that producers say; those of the tests' broker have its own."""
    settings = kafka.settings("stamped.")
    admin = AdminClient(settings.client())
    topic = NewTopic(settings.topic(PREDICTIONS), PARTITIONS, config={"message.timestamp.type": "CreateTime"})
    for answer in admin.create_topics([topic]).values():
        answer.result(30)
    create_topics(settings)
    yield settings
    delete_topics(settings)


def write(settings: KafkaSettings, rng: random.Random) -> Written:
    """Predictions in JSON and Arrow, some sent twice, labels of most; and others in transactions that are aborted."""
    step_ms = (UNTIL_MS - FROM_MS + 2 * HOUR_MS) // EVENTS
    written: dict[str, list[Event]] = {topic: [] for topic in TOPICS}
    writer = Writer(settings)
    for begin in range(0, EVENTS, 250):
        made = [
            prediction(number, FROM_MS - HOUR_MS + number * step_ms, variant=rng.choice(["stable", "canary", "shadow"]))
            for number in range(begin, begin + 250)
        ]
        made += rng.sample(made, 10)
        told = [
            label(rng.randrange(begin, begin + 250), made[0]["time_ms"] + rng.randrange(9 * HOUR_MS), "stay", value=1.0)
            for _ in range(220)
        ]
        undone = [event | {"label": "leave"} for event in told]
        writer.transact("labels", undone, commit=False)
        writer.transact("labels", told)
        writer.transact("predictions", [event | {"version": "undone"} for event in made], commit=False)
        writer.transact("predictions", made, arrow=begin % 500 == 0)
        written["labels"] += told
        written["predictions"] += made
    return written


def test_a_snapshot_is_that_of_pandas_and_stays_it(settings: KafkaSettings) -> None:
    """JSON and Arrow between aborted transactions, read twice, with records behind the plan's ends the second time."""
    rng = random.Random(7)
    written = write(settings, rng)
    plan = pin(settings, request(), looking_back(UNTIL_MS - FROM_MS), None)
    assert (plan.from_ms, plan.until_ms, plan.incumbent) == (FROM_MS, UNTIL_MS, "1")
    assert Plan.model_validate_json(plan.to_json()) == plan
    said: list[str] = []
    table = read(settings, plan, said.append)
    frame = {
        topic: [{"model": "binary", "version": "1"} | event for event in events] for topic, events in written.items()
    }
    assert table.to_pylist() == expected(frame, plan)
    assert table.num_rows == ROWS
    assert said[-1] == "1,000 labelled rows; left out as invalid: none"

    later = Writer(settings)
    later.transact("labels", [event | {"label": "leave"} for event in written["labels"][1_000:2_000]])
    later.transact("predictions", written["predictions"][:100])
    assert digest_of(packed(read(settings, plan, said.append))) == digest_of(packed(table))
    anew = read(settings, pin(settings, request(), plan.monitor, None), said.append)
    assert "leave" in anew.column("label").to_pylist()


def test_a_plan_begins_where_no_event_of_its_time_lies_before(stamped: KafkaSettings) -> None:
    """The times are recent: retention would delete others while the test runs."""
    start_ms = SystemClock().wall_ms() - 3 * DAY_MS
    events = [prediction(number, start_ms + number * HOUR_MS) for number in range(48)]
    ahead = prediction(99, start_ms + 46 * HOUR_MS)
    writer = Writer(stamped)
    writer.transact("predictions", events, stamped=True)
    writer.transact("labels", [label(number, event["time_ms"], "stay") for number, event in enumerate(events)])
    writer.transact("labels", [label(99, ahead["time_ms"], "stay")])
    writer.produce("predictions", ahead, stamp_ms=ahead["time_ms"] - FUTURE_MS)
    until_ms = events[-1]["time_ms"]
    plan = pin(stamped, request(requested_ms=until_ms), looking_back(HOUR_MS), None)
    assert sum(source.start for source in plan.ranges(PREDICTIONS)) >= 46
    assert read(stamped, plan, lambda _: None).column("prediction_id").to_pylist() == ["p-46", "p-99", "p-47"]


def test_a_person_s_request_ends_at_the_newest_event(settings: KafkaSettings) -> None:
    writer = Writer(settings)
    writer.transact("predictions", [prediction(1, FROM_MS), prediction(2, FROM_MS + HOUR_MS, model="many")])
    writer.transact("labels", [label(1, FROM_MS, "stay")])
    monitor = looking_back(DAY_MS)
    assert pin(settings, request("manual", UNTIL_MS), monitor, None).until_ms == FROM_MS
    assert pin(settings, request("manual", FROM_MS - 1), monitor, None).until_ms == FROM_MS - 1
    assert pin(settings, request("drift", UNTIL_MS), looking_back(3 * DAY_MS), None).until_ms == UNTIL_MS


def test_nothing_to_take_is_said_with_the_next_step(settings: KafkaSettings) -> None:
    with pytest.raises(OperatorError, match=r"(?s)no record of the .*see that producers write"):
        pin(settings, request(), MONITOR, None)
    with pytest.raises(OperatorError, match="no valid event of model binary"):
        pin(settings, request("manual"), MONITOR, None)
    delete_topics(settings, ["labels"])
    with pytest.raises(OperatorError, match=r"(?s)labels does not exist.*create the topics"):
        pin(settings, request(), MONITOR, None)
    create_topics(settings)


def test_a_plan_whose_records_are_gone_is_lost(settings: KafkaSettings) -> None:
    writer = Writer(settings)
    writer.transact("predictions", [prediction(1, FROM_MS)])
    writer.transact("labels", [label(1, FROM_MS, "stay")])
    plan = pin(settings, request(requested_ms=FROM_MS), looking_back(DAY_MS), None)
    delete_topics(settings, ["predictions"])
    create_topics(settings)
    with pytest.raises(PlanLost, match=r"(?s)predictions/\d that the run's plan names were deleted.*retention"):
        read(settings, plan, lambda _: None)
