"""Rules for the time of learning are judged only while the detector has no verdict to give."""

from typing import Any

import pytest

from schemas.monitor import Threshold

LEARNING = Threshold(name="drift", metric="psi_adj", above=0.2, while_learning=True)
ALWAYS = Threshold(name="missing", metric="missing_rate", above=0.2)


@pytest.fixture
def seen(make: Any) -> Any:
    """A window whose feature is beyond the bounds of both rules."""
    features = {"dep_delay": make.column(psi_adj=0.4, missing_rate=0.4)}
    return lambda day, watching: make.window(day, features=features, watching=watching)


@pytest.mark.parametrize(
    ("watching", "rules"),
    [("learning", ["drift", "missing"]), ("off", ["missing"]), ("watching", ["missing"])],
)
def test_while_the_detector_watches_only_the_other_rules_are_judged(
    watching: str, rules: list[str], seen: Any, make: Any, history: Any
) -> None:
    alerts = history.judge(seen(0, watching), make.monitor(LEARNING, ALWAYS))
    assert [alert.rule for alert in alerts] == rules


def test_open_incidents_are_closed_when_the_detector_takes_over(seen: Any, make: Any, history: Any) -> None:
    monitor = make.monitor(LEARNING, ALWAYS)
    opened, _ = history.judge(seen(0, "learning"), monitor)
    (ended,) = history.judge(seen(1, "watching"), monitor)
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert "closed because the drift detector watches now, in place of the rule 'drift'" in ended.summary
    assert history.judge(seen(2, "watching"), monitor) == []


def test_a_detector_that_learns_anew_hands_back(seen: Any, make: Any, history: Any) -> None:
    monitor = make.monitor(LEARNING)
    assert history.judge(seen(0, "watching"), monitor) == []
    assert [alert.state for alert in history.judge(seen(1, "learning"), monitor)] == ["firing"]


def test_an_exception_for_the_time_of_learning_does_not_let_the_rule_behind_it_through(
    seen: Any, make: Any, history: Any
) -> None:
    behind = Threshold(name="drift", metric="psi_adj", above=0.3)
    assert history.judge(seen(0, "watching"), make.monitor(LEARNING, behind)) == []


def test_by_default_drift_is_left_to_the_detector_and_missing_values_are_not(seen: Any, history: Any) -> None:
    assert [alert.rule for alert in history.judge(seen(0, "watching"), None)] == ["missing"]


def test_one_pane_closes_the_threshold_s_incident_and_opens_the_detector_s(make: Any, history: Any) -> None:
    high = {"features": {"dep_delay": make.column(psi_adj=0.4)}}
    history.judge(make.window(0, size_ms=3_600_000, watching="learning", **high), make.monitor(LEARNING))
    alerts = history.judge(make.pane(1, make.finding(), **high), make.monitor(LEARNING))
    assert [(alert.rule, alert.state) for alert in alerts] == [("detector", "firing"), ("drift", "resolved")]
