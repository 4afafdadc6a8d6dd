"""What else drifts is told with each alert of the detector."""

from typing import Any

import pytest

PREDICTION = "prediction/prediction"


@pytest.fixture
def ranked(make: Any) -> Any:
    """Panes of three features, `seats` the most important."""
    features = {name: make.column() for name in ("seats", "dep_delay", "hour")}
    return lambda hour, *columns: make.pane(hour, *map(make.finding, columns), features=features)


def test_further_features_are_named_most_important_first(ranked: Any, watch: Any, history: Any) -> None:
    history.judge(ranked(0, "feature/hour"), watch())
    alerts = history.judge(ranked(1, "feature/dep_delay", "feature/seats"), watch())
    also = {alert.feature: alert.also for alert in alerts}
    assert also == {"seats": ("dep_delay", "hour"), "dep_delay": ("seats", "hour")}


def test_what_was_resolved_is_not_named_beside_others(ranked: Any, watch: Any, history: Any) -> None:
    history.judge(ranked(0, "feature/seats", "feature/hour"), watch(resolve_after=1))
    (ended,) = history.judge(ranked(1, "feature/seats"), watch(resolve_after=1))
    (opened,) = history.judge(ranked(2, "feature/seats", "feature/dep_delay"), watch(resolve_after=1))
    assert (ended.feature, ended.also) == ("hour", ("seats",))
    assert (opened.feature, opened.also) == ("dep_delay", ("seats",))


def test_only_features_are_named_beside_others(ranked: Any, watch: Any, history: Any) -> None:
    alerts = history.judge(ranked(0, "feature/hour", PREDICTION, "model/volume"), watch())
    also = {alert.finding.column: alert.also for alert in alerts}
    assert also == {"feature/hour": (), PREDICTION: ("hour",), "model/volume": ("hour",)}


@pytest.mark.parametrize(
    ("columns", "evidence", "drifts"),
    [
        ((), {PREDICTION: 2.7}, False),
        ((), {PREDICTION: 2.75}, True),
        ((), {PREDICTION: 9.0}, True),
        ((PREDICTION,), {}, True),
        (("score/score",), {PREDICTION: -1.0}, False),
    ],
)
def test_the_prediction_drifts_with_an_incident_or_from_half_the_bound(
    *, columns: Any, evidence: Any, drifts: bool, make: Any, watch: Any, history: Any
) -> None:
    found = [make.finding(), *map(make.finding, columns)]
    alerts = history.judge(make.pane(0, *found, evidence=evidence), watch())
    assert {alert.prediction_drifts for alert in alerts} == {drifts}


def test_an_open_incident_of_the_prediction_counts_in_its_quiet_panes(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding(PREDICTION)), watch())
    (alert,) = history.judge(make.pane(1, make.finding()), watch())
    assert alert.prediction_drifts is True


def test_where_the_prediction_is_not_watched_nothing_is_known_of_it(make: Any, watch: Any, history: Any) -> None:
    seen = make.pane(0, make.finding())
    step = seen.detection.model_copy(update={"evidence": {"feature/dep_delay": 11.4}})
    (alert,) = history.judge(seen.model_copy(update={"detection": step}), watch())
    assert alert.prediction_drifts is None
