"""Every published example of what this service reads is digested, and what it writes fits its contract."""

import pytest

from runtime.faust.projection import Event
from schemas.alert import Alert
from schemas.examples import examples
from schemas.monitor import Monitor
from schemas.windowing import WindowSpec
from services.triggers.agents import window_of
from services.triggers.handler import handle
from services.triggers.series import AnyWindow


def _read(value: bytes) -> AnyWindow:
    return window_of(Event(topic="windows", partition=0, offset=0, key=None, value=value, timestamp_ms=0))


@pytest.mark.parametrize("window", examples("windows"))
@pytest.mark.parametrize("monitor", [None, *examples("monitors")])
def test_each_window_is_judged_under_each_monitor(window: bytes, monitor: bytes | None) -> None:
    seen = _read(window)
    watched = None if monitor is None else Monitor.model_validate_json(monitor).model_copy(update={"model": seen.model})
    decision = handle(seen, watched, {})
    assert bool(decision.writes) <= seen.final
    assert [Alert.model_validate_json(alert.to_json()) for alert in decision.alerts] == list(decision.alerts)


def test_the_examples_bring_at_least_one_alert_of_data_and_one_of_labels() -> None:
    windows = [_read(window) for window in examples("windows")]
    daily = (WindowSpec(size=86_400_000),)
    alerts = [a for w in windows for a in handle(w, Monitor(model=w.model, windows=daily), {}).alerts]
    assert {alert.state for alert in alerts} == {"firing"}
    assert {"detector", "concept"} <= {alert.rule for alert in alerts}


@pytest.mark.parametrize("alert", examples("alerts"))
def test_each_alert_is_one_that_this_service_could_have_written(alert: bytes) -> None:
    """Its metric has words, and what its rule tells is there."""
    told = Alert.model_validate_json(alert)
    assert (told.rule == "concept") == (told.concept is not None)
    assert (told.rule == "fairness") == (told.attribute is not None) == (told.group is not None)
    assert told.evidence.start_ms < told.evidence.end_ms
