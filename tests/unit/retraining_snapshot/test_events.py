"""Which predictions are valid and wanted, what is looked at for it, and how far a model's have come."""

from typing import Any

import pytest

from runtime.decode.arrow import CONTINUATION, encode_arrow
from runtime.log.memory_broker import MemoryBroker, MemoryMessage
from runtime.log.replay import MemoryReplay
from schemas.prediction import Prediction
from services.performance.join.attributes import Attributes
from services.retraining.snapshot.events import EventReader
from services.retraining.snapshot.groups import groups_of
from services.retraining.snapshot.newest import TAIL, newest_ms
from tests.performance_stream import HOUR_MS, MONITORS, NOW_MS, T0, encoded, prediction
from tests.unit.retraining_snapshot.stream import plan_of

MONITOR = MONITORS["binary"]


def json_of(event: dict[str, Any], key: bytes | None = None) -> MemoryMessage:
    return MemoryMessage(encoded(event), key=key or event["prediction_id"].encode(), timestamp_ms=NOW_MS)


def arrow_of(*events: dict[str, Any]) -> MemoryMessage:
    value = encode_arrow([Prediction.model_validate(event) for event in events])
    return MemoryMessage(value, key=b"any", timestamp_ms=NOW_MS)


def found(reader: EventReader, *messages: MemoryMessage, ids: str = "123") -> list[tuple[bytes, Any]]:
    return [(own, event["time_ms"]) for own, event in reader.wanted(messages, {f"p-{one}".encode() for one in ids})]


def test_json_cloud_events_and_arrow_are_read_in_order() -> None:
    reader = EventReader(MONITOR, None, NOW_MS)
    wrapped = {"specversion": "1.0", "id": "x", "data": prediction(2, T0)}
    messages = [
        json_of(prediction(1, T0)),
        arrow_of(prediction(9, T0), prediction(3, T0 + 1), prediction(1, T0 + 2)),
        MemoryMessage(encoded(wrapped), key=b"p-2", timestamp_ms=NOW_MS),
        json_of(prediction(8, T0)),
    ]
    assert found(reader, *messages) == [(b"p-1", T0), (b"p-3", T0 + 1), (b"p-1", T0 + 2), (b"p-2", T0)]
    assert not reader.refused


def test_only_what_is_wanted_is_looked_at() -> None:
    reader = EventReader(MONITOR, None, NOW_MS)
    invalid = {"prediction": "neither"}
    assert found(reader, json_of(prediction(7, T0) | invalid), arrow_of(prediction(8, T0) | invalid)) == []
    assert not reader.refused
    unreadable = MemoryMessage(CONTINUATION + b"x", timestamp_ms=NOW_MS)
    assert found(reader, json_of(prediction(1, T0) | invalid), json_of(prediction(4, T0), b"p-2"), unreadable) == []
    assert dict(reader.refused) == {"VALUE": 1, "KEY": 1, "MALFORMED": 1}


def test_other_models_are_held_to_the_contract_alone() -> None:
    reader = EventReader(MONITOR.model_copy(update={"strict": True}), None, NOW_MS)
    other = prediction(1, T0, model="many", prediction="neither")
    assert found(reader, json_of(other), json_of(prediction(2, T0))) == [(b"p-1", T0)]
    assert dict(reader.refused) == {"SCHEMA": 1}


@pytest.mark.parametrize("segments", [None, (), ("region", "desk", "variant")])
@pytest.mark.parametrize("age", [1, 30, 30.5, 51, None, "old", True])
def test_groups_are_those_of_the_performance_windows(segments: tuple[str, ...] | None, age: Any) -> None:
    monitor = MONITOR.model_copy(update={"segments": segments})
    for given in (None, {"variant": "x"}, {"age": "young", "desk": ""}, {f"s{n:02}": "x" for n in range(40)}):
        event = prediction(1, T0, features={"age": age}, segments=given)
        assert tuple(sorted(groups_of(event, monitor).items())) == Attributes(monitor).of(event)


def test_the_newest_event_is_looked_for_until_one_of_the_model_is_found() -> None:
    broker = MemoryBroker({"predictions": 2, "labels": 2})
    for number in range(TAIL + 500):
        event = prediction(number, T0 + number, model="binary" if number < 400 else "many")
        broker.produce(
            "predictions", encoded(event), key=event["prediction_id"].encode(), partition=0, timestamp_ms=NOW_MS
        )
    broker.produce(
        "predictions", arrow_of(prediction(1, T0 + HOUR_MS, model="many")).value(), partition=1, timestamp_ms=NOW_MS
    )
    sources = plan_of(broker).ranges("predictions")
    assert newest_ms(MemoryReplay(broker), sources, EventReader(MONITOR, None, NOW_MS)) == T0 + 399
    assert newest_ms(MemoryReplay(broker), sources, EventReader(MONITORS["quantity"], None, NOW_MS)) is None
