"""Every published example of what this service reads is digested, and what it writes fits its contract."""

import pytest

from schemas.alert import Alert
from schemas.examples import examples
from schemas.monitor import Monitor
from schemas.window import Window
from schemas.windowing import WindowSpec
from services.triggers.handler import handle


@pytest.mark.parametrize("window", examples("windows"))
@pytest.mark.parametrize("monitor", [None, *examples("monitors")])
def test_each_window_is_judged_under_each_monitor(window: bytes, monitor: bytes | None) -> None:
    seen = Window.model_validate_json(window)
    watched = None if monitor is None else Monitor.model_validate_json(monitor).model_copy(update={"model": seen.model})
    decision = handle(seen, watched, {})
    assert bool(decision.writes) <= seen.final
    assert [Alert.model_validate_json(alert.to_json()) for alert in decision.alerts] == list(decision.alerts)


def test_the_examples_bring_at_least_one_alert() -> None:
    windows = [Window.model_validate_json(window) for window in examples("windows")]
    daily = (WindowSpec(size=86_400_000),)
    alerts = [a for w in windows for a in handle(w, Monitor(model=w.model, windows=daily), {}).alerts]
    assert {alert.state for alert in alerts} == {"firing"}
