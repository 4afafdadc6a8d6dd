"""Bytes of `windows` become records of `alerts`; what is no window is named and set aside."""

from types import SimpleNamespace
from typing import Any

import pytest

from runtime.faust.projection import BadRecord, Event, Rows
from runtime.log.partitioning import partition_of
from schemas.alert import Alert
from schemas.monitor import Monitor, Threshold
from services.triggers.agents import Hearing, judging
from tests.unit.triggers.labelled import window

PARTITIONS = 4
TOPICS = {"alerts": PARTITIONS, "retraining.requests": PARTITIONS}
NONE = SimpleNamespace(values={})


def _handler(monitors: Any = NONE, heard: Any = None, snoozes: Any = NONE, asked: Any = None) -> Any:
    """With lists that hear of alerts and requests."""
    hearing = Hearing(*((said if said is not None else []).append for said in (heard, asked)))
    return judging(monitors, snoozes, TOPICS, hearing)


def _event(value: bytes) -> Event:
    return Event(topic="windows", partition=1, offset=7, key=b"w", value=value, timestamp_ms=0)


def test_alerts_are_keyed_by_id_and_placed_by_model(make: Any) -> None:
    heard: list[Alert] = []
    seen = make.window(features={"dep_delay": make.column(psi_adj=0.3)}, watching="learning")
    effects = _handler(heard=heard)(_event(seen.to_json()), Rows())
    (record,) = effects.out
    alert = Alert.model_validate_json(record.value)
    assert heard == [alert]
    assert (record.topic, record.key) == ("alerts", alert.alert_id.encode())
    assert record.partition == partition_of(b"flights", PARTITIONS)
    assert effects.writes


def test_windows_of_labelled_answers_are_judged_too() -> None:
    (record,) = _handler()(_event(window(accuracy=0.5).to_json()), Rows()).out
    alert = Alert.model_validate_json(record.value)
    assert (alert.rule, alert.evidence.metric) == ("accuracy", "accuracy")
    assert record.partition == partition_of(b"flights", PARTITIONS)


def test_the_monitor_applied_for_the_model_holds(make: Any) -> None:
    rule = Threshold(name="mine", metric="psi", above=0.5)
    monitors = SimpleNamespace(values={"flights": Monitor(model="flights", thresholds=(rule,))})
    seen = make.window(features={"dep_delay": make.column(psi=0.6, psi_adj=0.6)})
    (record,) = _handler(monitors)(_event(seen.to_json()), Rows()).out
    assert Alert.model_validate_json(record.value).rule == "mine"


@pytest.mark.parametrize(
    ("value", "reason", "named"),
    [
        (b"", "MALFORMED", "the record"),
        (b"{", "MALFORMED", "the record"),
        (b"[]", "SCHEMA", "the record"),
        (b'{"schema": "driftline.window/2"}', "SCHEMA", "schema"),
        (b'{"schema": "driftline.window/1", "unknown": 1}', "SCHEMA", "window_id"),
        (b'{"schema": "driftline.performance-window/1"}', "SCHEMA", "window_id"),
        (b'{"schema": "driftline.alert/1"}', "SCHEMA", "schema"),
        (b"{}", "SCHEMA", "schema"),
    ],
)
def test_what_is_no_window_is_a_bad_record(value: bytes, reason: str, named: str) -> None:
    with pytest.raises(BadRecord, match=named) as caught:
        _handler()(_event(value), Rows())
    assert caught.value.reason == reason
