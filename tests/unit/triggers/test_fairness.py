"""Unfair differences become incidents, one a version, attribute, group, limit and window size."""

from typing import Any

import pytest

from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from schemas.performance_window import Figure, PerformanceWindow
from schemas.windowing import WindowSpec
from tests.unit.triggers import labelled
from tests.unit.triggers.labelled import DAY_MS, HOUR_MS, compared, figure


def window(day: int = 0, **changes: Any) -> PerformanceWindow:
    """A final day by label time."""
    return labelled.window(day, **({"by": "label_time"} | changes))


def _monitor(*attributes: str, **changes: Any) -> Monitor:
    protected = tuple(Protected(name=name) for name in attributes)
    fairness = Fairness(protected=protected, **changes.pop("fairness", {}))
    sizes = changes.pop("windows", (WindowSpec(size=HOUR_MS), WindowSpec(size=DAY_MS)))
    return Monitor(model="flights", performance=Performance(thresholds=(), fairness=fairness, windows=sizes), **changes)


MONITOR = _monitor("carrier")


def test_a_limit_that_is_surely_passed_opens_an_incident(history: Any) -> None:
    (alert,) = history.judge(window(fairness=(compared("impact_ratio", ratio=0.73),)), MONITOR)
    assert (alert.rule, alert.attribute, alert.group, alert.severity) == ("fairness", "carrier", "B6", "message")
    evidence = alert.evidence
    assert (evidence.metric, evidence.value, evidence.bound, evidence.n) == ("impact_ratio", 0.73, 0.8, 280)


def test_attributes_groups_limits_versions_and_sizes_have_incidents_of_their_own(history: Any) -> None:
    both = compared("impact_ratio", "odds_difference", ratio=0.7, odds=0.3)
    other = both.model_copy(update={"attribute": "origin"})
    third = both.model_copy(
        update={"disparities": (*both.disparities, both.disparities[0].model_copy(update={"group": "AA"}))}
    )
    monitor = _monitor("carrier", "origin")
    for changes in ({"fairness": (third, other)}, {"version": "v2"}, {"size_ms": HOUR_MS}):
        history.judge(window(**{"fairness": (both,)} | changes), monitor)
    assert len(history.alerts) == 6 + 2 + 2
    assert len({alert.alert_id for alert in history.alerts}) == 10


@pytest.mark.parametrize(
    ("changes", "judged"),
    [
        ({}, True),
        ({"by": "prediction_time"}, False),
        ({"correction": True, "revision": 1}, False),
        ({"final": False}, False),
        ({"size_ms": 2 * HOUR_MS}, False),
        ({"fairness": (compared("impact_ratio", attribute="origin"),)}, False),
    ],
)
def test_windows_by_label_time_are_judged_once_of_sizes_and_attributes_asked_for(
    *, changes: Any, judged: bool, history: Any
) -> None:
    history.judge(window(**{"fairness": (compared("impact_ratio"),)} | changes), MONITOR)
    assert len(history.alerts) == judged


def test_a_window_that_is_no_longer_unfair_resolves_it_and_its_correction_reopens_nothing_older(history: Any) -> None:
    unfair, fair = (compared("impact_ratio", ratio=0.73),), (compared(),)
    history.judge(window(0, fairness=unfair), MONITOR)
    assert history.judge(window(1, fairness=unfair), MONITOR) == []
    (ended,) = history.judge(window(2, fairness=fair), MONITOR)
    assert (ended.state, ended.revision, ended.evidence.value) == ("resolved", 1, 0.94)
    assert history.judge(window(1, fairness=unfair, revision=1), MONITOR) == []


def test_a_correction_neither_resolves_nor_opens(history: Any) -> None:
    history.judge(window(fairness=(compared("impact_ratio"),)), MONITOR)
    for revision, unfair in enumerate((False, True), start=1):
        limits = ["impact_ratio"] * unfair
        corrected = window(fairness=(compared(*limits),), revision=revision, correction=True)
        assert history.judge(corrected, MONITOR) == []


def test_too_few_events_neither_open_nor_resolve(history: Any) -> None:
    history.judge(window(0, fairness=(compared("impact_ratio", ratio=0.73),)), MONITOR)
    silent = compared()
    few = {"impact_ratio": Figure(n=12, why_not="too few: 12 of 100")}
    silent = silent.model_copy(update={"disparities": (silent.disparities[0].model_copy(update=few),)})
    assert history.judge(window(1, fairness=(silent,)), MONITOR) == []
    assert history.judge(window(2, fairness=()), MONITOR) == []
    assert len(history.judge(window(3, fairness=(compared(),)), MONITOR)) == 1


@pytest.mark.parametrize(
    ("monitor", "reason"),
    [
        (_monitor(), "the monitor no longer protects carrier"),
        (_monitor("origin"), "the monitor no longer protects carrier"),
        (_monitor("carrier", fairness={"impact_ratio": 0.7}), "the monitor changed the limit"),
        (
            _monitor("carrier", windows=(WindowSpec(size=HOUR_MS),)),
            "the monitor dropped the window size or the segment",
        ),
    ],
)
@pytest.mark.parametrize("following", ["fairness", "performance", "data"])
def test_what_the_monitor_no_longer_asks_for_is_withdrawn(
    following: str, monitor: Monitor, reason: str, make: Any, history: Any
) -> None:
    (opened,) = history.judge(window(fairness=(compared("impact_ratio", ratio=0.73),)), MONITOR)
    windows = {
        "fairness": window(1, version="v2", fairness=(compared(),)),
        "performance": window(1, version="v2"),
        "data": make.window(1),
    }
    told = history.judge(windows[following], monitor)
    (ended,) = (alert for alert in told if alert.rule == "fairness")
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert f"closed because {reason}; last impact ratio 0.73 (limit 0.80)" in ended.summary


def test_a_group_that_the_others_are_compared_with_now_has_its_incident_closed(history: Any) -> None:
    history.judge(window(0, fairness=(compared("impact_ratio", ratio=0.73),)), MONITOR)
    turned = compared(against="B6")
    turned = turned.model_copy(update={"disparities": (turned.disparities[0].model_copy(update={"group": "UA"}),)})
    (ended,) = history.judge(window(1, fairness=(turned,)), MONITOR)
    assert (ended.state, ended.group) == ("resolved", "B6")
    assert "closed because the others are compared with this group now" in ended.summary


OVER = "over 2013-07-01 00:00 – 2013-07-02 00:00 UTC"


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (
            compared("impact_ratio", ratio=0.73),
            (
                "carrier B6 of flights v1 gets on-time less often than UA: 62 % (57 % to 67 %, 280 events) "
                "against 85 % "
                f"(81 % to 89 %, 300 events); impact ratio 0.73 (0.69 to 0.77, limit 0.80) {OVER}."
            ),
        ),
        (
            compared("odds_difference", odds=0.25),
            (
                "carrier B6 of flights v1 is answered otherwise than UA where the outcome is the same: true "
                "positives 70 % "
                "(64 % to 76 %, 200 events) against 92 % (88 % to 96 %, 220 events), false positives 55 % "
                "(45 % to 65 %, 80 "
                f"events) against 60 % (50 % to 70 %, 80 events); odds difference 0.25 (0.21 to 0.29, limit "
                f"0.20) {OVER}."
            ),
        ),
    ],
)
def test_a_firing_alert_reads_as_one_sentence(seen: Any, sentence: str, history: Any) -> None:
    (alert,) = history.judge(window(fairness=(seen,)), MONITOR)
    assert alert.summary == sentence


def test_a_rate_that_is_not_known_says_why(history: Any) -> None:
    seen = compared("odds_difference", odds=0.25)
    few = {"false_positive_rate": Figure(n=12, why_not="too few labels: 12 of 30")}
    groups = seen.groups | {"B6": seen.groups["B6"].model_copy(update=few)}
    (alert,) = history.judge(window(fairness=(seen.model_copy(update={"groups": groups}),)), MONITOR)
    assert "false positives unknown (too few labels: 12 of 30) against 60 %" in alert.summary


def test_a_resolved_alert_says_what_is_well_again(history: Any) -> None:
    history.judge(window(0, fairness=(compared("impact_ratio", ratio=0.73),)), MONITOR)
    well = compared()
    rates = well.groups["B6"].model_copy(update={"selection_rate": figure(0.8, 0.05, 280)})
    (alert,) = history.judge(
        window(1, fairness=(well.model_copy(update={"groups": well.groups | {"B6": rates}}),)), MONITOR
    )
    assert alert.summary == (
        "carrier B6 of flights v1 no longer surely passes the limit: 80 % (75 % to 85 %, 280 events) against 85 % "
        "(81 % to 89 %, 300 events); impact ratio 0.94 (0.90 to 0.98, limit 0.80) "
        "over 2013-07-02 00:00 – 2013-07-03 00:00 UTC; it got the favourable answer less often since "
        "2013-07-01 00:00 UTC."
    )
