"""Performance thresholds: which windows are judged, by which end of the interval, in which order."""

from typing import Any

import pytest

from schemas.monitor import Monitor
from schemas.performance import ConceptDetector, Performance, PerformanceThreshold
from schemas.performance_window import Figure
from schemas.windowing import WindowSpec
from tests.unit.triggers.labelled import DAY_MS, HOUR_MS, figure, window

DROP = PerformanceThreshold(name="accuracy", metric="accuracy", drop=0.05, page=0.1)
SIZES = (WindowSpec(size=HOUR_MS), WindowSpec(size=DAY_MS))


def _monitor(*rules: PerformanceThreshold, **changes: Any) -> Monitor:
    return Monitor(
        model="flights",
        performance=Performance(
            **{"thresholds": rules, "windows": SIZES, "detector": ConceptDetector(rule="off")} | changes
        ),
    )


def _rule(**changes: Any) -> PerformanceThreshold:
    return PerformanceThreshold(**{"name": "r", "metric": "accuracy", "below": 0.75} | changes)


@pytest.mark.parametrize(
    ("rule", "changes", "judged"),
    [
        ({}, {}, True),
        ({"by": "label_time"}, {}, False),
        ({}, {"by": "label_time"}, False),
        ({"by": "label_time"}, {"by": "label_time"}, True),
        ({"window": DAY_MS}, {}, True),
        ({"window": HOUR_MS}, {}, False),
        ({"window": HOUR_MS}, {"size_ms": HOUR_MS}, True),
        ({}, {"size_ms": 2 * HOUR_MS}, False),
        ({}, {"segment": "origin=EWR"}, False),
        ({"segments": True}, {"segment": "origin=EWR"}, True),
        ({}, {"labelled": 99}, False),
        ({}, {"labelled": 100}, True),
        ({"min_labels": 1_241}, {}, False),
        ({"min_coverage": 0.8}, {"made": 1_551}, False),
        ({"min_coverage": 0.8}, {"made": 1_550}, True),
        ({"min_age": HOUR_MS}, {}, True),
        ({"min_age": HOUR_MS + 1}, {}, False),
        ({"min_age": 1_000}, {"labels_until_ms": None}, False),
        ({}, {"final": False}, False),
        ({}, {"figures": {}}, False),
        ({}, {"figures": {"accuracy": Figure(n=12, why_not="too few labels: 12 of 30")}}, False),
        ({"metric": "r2"}, {}, False),
    ],
)
def test_a_rule_judges_windows_that_it_names_and_that_pass_its_gates(
    *, rule: Any, changes: Any, judged: bool, history: Any
) -> None:
    history.judge(window(accuracy=0.5, **changes), _monitor(_rule(**rule)))
    assert [alert.rule for alert in history.alerts] == ["r"] * judged


def test_segments_that_the_monitor_does_not_watch_are_not_judged(history: Any) -> None:
    monitor = _monitor(_rule(segments=True)).model_copy(update={"segments": ("carrier",)})
    assert history.judge(window(accuracy=0.5, segment="origin=EWR"), monitor) == []
    assert len(history.judge(window(accuracy=0.5, segment="carrier=UA"), monitor)) == 1


@pytest.mark.parametrize(
    ("rule", "seen", "severity"),
    [
        ({"below": 0.75}, figure(0.74, 0.02), None),
        ({"below": 0.75}, figure(0.72, 0.02), "message"),
        ({"below": 0.75, "sure": False}, figure(0.74, 0.02), "message"),
        ({"below": 0.75, "page": 0.7}, figure(0.69, 0.02), "message"),
        ({"below": 0.75, "page": 0.7}, figure(0.67, 0.02), "page"),
        ({"below": 0.75}, Figure(value=0.74, n=1_240), "message"),
        ({"metric": "log_loss", "below": None, "above": 0.5}, figure(0.51, 0.02), None),
        ({"metric": "log_loss", "below": None, "above": 0.5}, figure(0.53, 0.02), "message"),
        ({"metric": "log_loss", "below": None, "above": 0.5, "sure": False}, figure(0.51, 0.02), "message"),
        ({"metric": "coverage", "min_labels": 1_300}, figure(0.4, 0.02), "message"),
        ({"metric": "f1"}, figure(0.4, 0.02), "message"),
        ({"metric": "value", "below": -1.0}, figure(-2.0, 0.5), "message"),
    ],
)
def test_a_bound_is_passed_where_the_end_that_speaks_for_the_model_is_beyond_it(
    rule: Any, seen: Figure, severity: str | None, history: Any
) -> None:
    asked = _rule(**rule)
    history.judge(window(figures={asked.metric: seen}), _monitor(asked))
    assert [alert.severity for alert in history.alerts] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("metric", "gap", "rule", "severity"),
    [
        ("accuracy", figure(-0.06, 0.02), {}, None),
        ("accuracy", figure(-0.08, 0.02), {}, "message"),
        ("accuracy", figure(-0.06, 0.02), {"sure": False}, "message"),
        ("accuracy", figure(-0.13, 0.02), {"page": 0.1}, "page"),
        ("accuracy", figure(0.3, 0.02), {}, None),
        ("log_loss", figure(0.06, 0.02), {}, None),
        ("log_loss", figure(0.08, 0.02), {}, "message"),
        ("log_loss", figure(-0.3, 0.02), {}, None),
        ("mae", figure(0.08, 0.02), {}, "message"),
        ("accuracy", Figure(n=0, why_not="too few labels"), {"sure": False}, None),
    ],
)
def test_a_drop_is_a_gap_for_the_worse_whichever_direction_that_is(
    *, metric: str, gap: Figure, rule: Any, severity: str | None, history: Any
) -> None:
    asked = PerformanceThreshold(**{"name": "r", "metric": metric, "drop": 0.05} | rule)
    history.judge(window(figures={metric: figure(0.5)}, gap={metric: gap}), _monitor(asked))
    assert [alert.severity for alert in history.alerts] == ([severity] if severity else [])


def test_without_a_baseline_nothing_can_drop(history: Any) -> None:
    assert history.judge(window(accuracy=0.1, gap={}, reference={}), _monitor(DROP)) == []
    assert [key for key in history.rows if b"performance" in key] == []


def test_label_delay_is_read_from_its_own_field(history: Any) -> None:
    monitor = _monitor(_rule(metric="label_delay_p95_s", below=None, above=3_600))
    (alert,) = history.judge(window(label_delay_p95_s=21_300.0), monitor)
    assert (alert.evidence.metric, alert.evidence.value, alert.evidence.n) == ("label_delay_p95_s", 21_300.0, 1_240)


def test_a_window_is_judged_at_the_first_revision_that_passes_the_gates(history: Any) -> None:
    """Labels of a day come over three revisions; with the third, enough of them are there."""
    monitor = _monitor(_rule(min_coverage=0.8))
    for revision, labelled in enumerate((100, 600, 1_240)):
        told = history.judge(window(accuracy=0.5, revision=revision, labelled=labelled), monitor)
        assert [alert.evidence.revision for alert in told] == ([2] if revision == 2 else [])


def test_corrections_of_the_newest_judged_window_resolve_and_reopen_its_incident(history: Any) -> None:
    monitor = _monitor(DROP)
    for revision, accuracy in enumerate((0.7, 0.79, 0.7)):
        history.judge(window(accuracy=accuracy, revision=revision), monitor)
    assert [(alert.state, alert.revision) for alert in history.alerts] == [
        ("firing", 0),
        ("resolved", 1),
        ("firing", 2),
    ]
    assert len({alert.alert_id for alert in history.alerts}) == 1


def test_a_window_that_ripens_after_a_newer_one_was_judged_changes_nothing(history: Any) -> None:
    """Day 0 waits for its labels; day 1 has them first, and is well. What day 0 says then is of the past."""
    monitor = _monitor(_rule(min_coverage=0.8))
    assert history.judge(window(0, accuracy=0.5, labelled=200), monitor) == []
    history.judge(window(1), monitor)
    rows = dict(history.rows)
    assert history.judge(window(0, accuracy=0.5, revision=1), monitor) == []
    assert history.rows == rows


def test_a_rule_that_waits_does_not_miss_windows_that_another_rule_has_judged(history: Any) -> None:
    """One rule judges each day at once, the other a day later: by then the first has gone on."""
    monitor = _monitor(_rule(name="now"), _rule(name="ripe", min_age=DAY_MS))
    history.judge(window(0, accuracy=0.5), monitor)
    history.judge(window(1), monitor)
    told = history.judge(window(0, accuracy=0.5, revision=1, labels_until_ms=window(2).start_ms), monitor)
    assert [alert.rule for alert in history.alerts] == ["now", "now", "ripe"]
    assert [alert.rule for alert in told] == ["ripe"]


def test_an_incident_escalates_and_is_resolved_after_enough_windows_within_the_bound(history: Any) -> None:
    monitor = _monitor(DROP.model_copy(update={"resolve_after": 2}))
    for day, accuracy in enumerate((0.7, 0.6, 0.79, 0.78, 0.79)):
        history.judge(window(day, accuracy=accuracy), monitor)
    told = [(alert.state, alert.severity, alert.evidence.start_ms) for alert in history.alerts]
    assert told == [
        ("firing", "message", window(0).start_ms),
        ("firing", "page", window(1).start_ms),
        ("resolved", "page", window(3).start_ms),
    ]


def test_of_rules_with_one_name_the_first_that_covers_a_series_decides(history: Any) -> None:
    monitor = _monitor(_rule(below=0.4, window=DAY_MS), _rule())
    assert history.judge(window(accuracy=0.5), monitor) == []
    assert len(history.judge(window(accuracy=0.5, size_ms=HOUR_MS), monitor)) == 1


CHANGES = {
    "dropped": {},
    "renamed": {"thresholds": (DROP.model_copy(update={"name": "other"}),)},
    "other bound": {"thresholds": (DROP.model_copy(update={"drop": 0.06}),)},
    "other metric": {"thresholds": (DROP.model_copy(update={"metric": "auc"}),)},
    "a bound for the drop": {"thresholds": (_rule(name="accuracy", below=None, above=0.05),)},
    "other time": {"thresholds": (DROP.model_copy(update={"by": "label_time"}),)},
    "other size": {"thresholds": (DROP.model_copy(update={"window": HOUR_MS}),)},
    "size dropped": {"thresholds": (DROP,), "windows": (WindowSpec(size=HOUR_MS),)},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("next_by", ["prediction_time", "data"])
def test_what_the_monitor_no_longer_asks_for_is_withdrawn(next_by: str, changes: Any, make: Any, history: Any) -> None:
    """By the model's next window, whatever it is of."""
    (opened,) = history.judge(window(accuracy=0.7), _monitor(DROP))
    following = make.window(1) if next_by == "data" else window(1, size_ms=DAY_MS)
    told = history.judge(following, _monitor(**changes))
    (ended,) = (alert for alert in told if alert.state == "resolved")
    assert (ended.alert_id, ended.revision) == (opened.alert_id, 1)
    assert "closed because the monitor changed or dropped its rule 'accuracy'" in ended.summary


@pytest.mark.parametrize("changes", [{"page": 0.2}, {"min_labels": 5_000}, {"resolve_after": 3}, {"sure": False}])
def test_gates_and_severity_may_change_under_an_open_incident(changes: Any, history: Any) -> None:
    history.judge(window(accuracy=0.7), _monitor(DROP))
    assert history.judge(window(1, accuracy=0.7), _monitor(DROP.model_copy(update=changes))) == []


def test_by_default_a_drop_of_a_day_s_accuracy_is_told_once_half_its_labels_are_there(history: Any) -> None:
    assert history.judge(window(accuracy=0.6, labelled=600), None) == []
    (alert,) = history.judge(window(accuracy=0.6, revision=1), None)
    assert (alert.rule, alert.severity) == ("accuracy", "page")
