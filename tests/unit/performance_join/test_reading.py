"""What the join takes from a prediction: its body's digest, its part of the traffic, and drift's word on it."""

import json
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.log.memory_broker import MemoryMessage
from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from services.performance.join.attributes import Attributes
from services.performance.join.body import digest_of
from services.performance.join.plans import Plans
from services.performance.join.reading import PredictionReader
from services.performance.join.records import Origin, unpacked_origin
from tests.drift_stream import Applied
from tests.performance_stream import MONITORS, NOW_MS, T0, encoded, prediction


def protecting(*attributes: Protected, segments: tuple[str, ...] | None = ()) -> Attributes:
    rules = Performance(fairness=Fairness(protected=attributes))
    return Attributes(Monitor(model="m", segments=segments, performance=rules))


@pytest.mark.parametrize(
    ("value", "group"),
    [
        (True, "true"), (False, "false"), ("f", "f"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (0, "0"), (None, None),
    ],
)  # fmt: skip
def test_a_feature_is_a_protected_group_by_its_name(value: Any, group: str | None) -> None:
    found = protecting(Protected(name="sex")).of({"features": {"sex": value}})
    assert found == ((("sex", group),) if group else ())


@pytest.mark.parametrize(
    ("value", "group"),
    [(-1, "<= 30"), (30, "<= 30"), (30.001, "30 - 50.5"), (50.5, "30 - 50.5"), (51, "> 50.5"), ("old", "old")],
)
def test_a_number_falls_between_the_edges_and_a_group_has_its_upper_one(value: Any, group: str) -> None:
    assert protecting(Protected(name="age", edges=(30.0, 50.5))).of({"features": {"age": value}}) == (("age", group),)


def test_segments_are_those_the_monitor_watches_and_come_before_features() -> None:
    event = {"features": {"sex": "m", "plan": 1}, "segments": {"sex": "f", "region": "eu", "desk": "7", "variant": "x"}}
    assert protecting(Protected(name="sex"), segments=("region",)).of(event) == (("region", "eu"), ("sex", "f"))
    assert protecting(segments=None).of(event) == (("desk", "7"), ("region", "eu"), ("sex", "f"))
    many = {"features": {"zip": 1}, "segments": {f"s{n:02}": "x" for n in range(99)}}
    assert len(protecting(Protected(name="zip"), segments=None).of(many)) == 16
    assert ("zip", "1") in protecting(Protected(name="zip"), segments=None).of(many)


def test_equal_bodies_have_equal_digests_however_they_are_written() -> None:
    event = prediction(1, T0)
    other = json.loads(json.dumps(dict(reversed(event.items())) | {"score": None, "unknown": 1}))
    features = {name: float(value) if name == "age" else value for name, value in event["features"].items()}
    same = dict(event) | {
        "features": dict(reversed(features.items())) | {"absent": None},
        "unknown": 1,
        "variant": None,
    }
    assert digest_of(event) == digest_of(same)
    assert digest_of(event) != digest_of(other)
    assert digest_of(event) != digest_of(event | {"features": event["features"] | {"age": True}})
    assert digest_of(event | {"latency_ms": 1}) == digest_of(event | {"latency_ms": 1.0}) != digest_of(event)


def reader() -> PredictionReader:
    applied = Applied(MONITORS, 1), Applied({}, 1)
    return PredictionReader(Plans(*applied, ManualClock()))


def test_a_cloud_event_is_the_event_in_it() -> None:
    event = prediction(1, T0, variant="canary")
    wrapped = {"specversion": "1.0", "id": "1", "source": "/m", "type": "prediction", "data": event}
    messages = [MemoryMessage(encoded(one), key=b"p-1", timestamp_ms=NOW_MS) for one in (event, wrapped)]
    plain, cloud = reader().read(messages, NOW_MS).records
    assert plain._replace(payload=b"", offset=0) == cloud._replace(payload=b"", offset=0)
    assert unpacked_origin(plain.origin) == Origin("binary", "1", "canary", (("age", "<= 30"), ("region", "us")))
