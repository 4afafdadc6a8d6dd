"""The concept detector's findings become incidents, one a version and stream, told apart from drifts of the data."""

from typing import Any

import pytest

from schemas.monitor import Detector, Monitor
from schemas.performance import ConceptDetector, Performance
from schemas.windowing import WindowSpec
from tests.unit.triggers.labelled import BOUND, DAY_MS, FIRST_MS, HOUR_MS, concept, found, pane, window


def _monitor(**changes: Any) -> Monitor:
    detector = ConceptDetector(**{"resolve_after": 2} | changes.pop("detector", {}))
    return Monitor(
        model="flights",
        thresholds=(),
        detector=Detector(**changes.pop("drift", {})),
        performance=Performance(thresholds=(), detector=detector, **changes),
    )


MONITOR = _monitor()


def test_a_finding_opens_an_incident_of_its_stream(history: Any) -> None:
    (alert,) = history.judge(pane(3, found(onset_ms=FIRST_MS + HOUR_MS), concept=concept()), MONITOR)
    assert (alert.rule, alert.feature, alert.state, alert.severity) == ("concept", None, "firing", "page")
    assert (alert.first_seen_ms, alert.last_seen_ms) == (FIRST_MS + HOUR_MS, FIRST_MS + 4 * HOUR_MS)
    assert alert.concept == found(onset_ms=FIRST_MS + HOUR_MS)
    assert (alert.worst_class, alert.worst_segment, alert.inputs_drift) == ("on-time", "origin=EWR", False)
    evidence = alert.evidence
    assert (evidence.metric, evidence.value, evidence.bound, evidence.n) == ("evidence", 9.1, BOUND, 410)


def test_streams_and_versions_have_incidents_of_their_own(history: Any) -> None:
    alerts = history.judge(pane(0, found("errors"), found("concept")), MONITOR)
    alerts += history.judge(pane(0, found("errors"), version="v2"), MONITOR)
    assert [(alert.version, alert.concept.what) for alert in alerts] == [
        ("v1", "errors"),
        ("v1", "concept"),
        ("v2", "errors"),
    ]
    assert len({alert.alert_id for alert in alerts}) == 3


def test_an_incident_goes_on_escalates_and_ends_after_quiet_panes(history: Any) -> None:
    message = found(severity="message")
    for hour, findings in enumerate(([message], [message], [found()], [], [message], [], [], [])):
        history.judge(pane(hour, *findings), MONITOR)
    assert [(a.revision, a.state, a.severity, a.evidence.start_ms) for a in history.alerts] == [
        (0, "firing", "message", pane(0).start_ms),
        (1, "firing", "page", pane(2).start_ms),
        (2, "resolved", "page", pane(6).start_ms),
    ]
    assert history.alerts[-1].resolved_ms == pane(6).end_ms


@pytest.mark.parametrize(
    "changes",
    [{"detection": None}, {"detection": None, "revision": 1, "correction": True}],
)
def test_a_window_without_a_step_is_no_quiet_pane(changes: Any, history: Any) -> None:
    history.judge(pane(0, found()), MONITOR)
    assert [history.judge(pane(hour, **changes), MONITOR) for hour in (0, 1, 2, 3)] == [[], [], [], []]


@pytest.mark.parametrize("hour", [0, 1])
def test_a_pane_is_judged_once_and_in_order(hour: int, history: Any) -> None:
    history.judge(pane(1, found()), MONITOR)
    rows = dict(history.rows)
    assert history.judge(pane(hour, found("concept"), revision=7), MONITOR) == []
    assert history.rows == rows


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"baseline_digest": "ffffffffffffffff"}, "the version has a new baseline"),
        ({"detection": None, "watching": "off"}, "the concept detector is off"),
        ({"detection": None, "watching": "learning"}, "the concept detector learns anew"),
        ({"bound": 8.6}, "the concept detector's bound changed from e^8.0 to e^8.6"),
    ],
)
def test_a_detector_that_follows_an_incident_no_more_closes_it(changes: Any, reason: str, history: Any) -> None:
    history.judge(pane(0, found()), MONITOR)
    (ended,) = history.judge(pane(1, **changes), MONITOR)
    assert (ended.state, ended.revision) == ("resolved", 1)
    assert f"closed because {reason}" in ended.summary


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"detector": {"rule": "off"}}, "the monitor switched the concept detector off"),
        ({"windows": (WindowSpec(size=DAY_MS),)}, "the monitor gave the concept detector another pane"),
    ],
)
@pytest.mark.parametrize("following", [pane(1), pane(1, found("concept")), window(1), "data"], ids=str)
def test_a_monitor_that_asks_no_more_closes_incidents_by_the_model_s_next_window(
    following: Any, changes: Any, reason: str, make: Any, history: Any
) -> None:
    history.judge(pane(0, found()), MONITOR)
    (ended,) = history.judge(make.window(1) if following == "data" else following, _monitor(**changes))
    assert ended.state == "resolved"
    assert f"closed because {reason}" in ended.summary


def test_the_detector_s_panes_may_be_longer_than_the_smallest_statistic(history: Any) -> None:
    """Figures are kept by minutes; the detector steps on the smallest windows from an hour on."""
    monitor = _monitor(pane=60_000, windows=(WindowSpec(size=300_000), WindowSpec(size=HOUR_MS)))
    assert history.judge(pane(0, found(), size_ms=300_000), monitor) == []
    assert len(history.judge(pane(0, found()), monitor)) == 1


def test_windows_by_prediction_time_take_no_step(history: Any) -> None:
    step = pane(0, found()).detection
    assert history.judge(window(0, size_ms=HOUR_MS, detection=step), MONITOR) == []


SINCE = "since 2013-07-01 00:00 UTC"
EVIDENCE = "evidence e^9.1 against e^8.0 (1 false alarm a month)"
WORST = "most of it among predictions of on-time (80 %) and in origin=EWR (60 %)"


@pytest.mark.parametrize(
    ("finding", "changes", "sentence"),
    [
        (
            found(),
            {"concept": concept()},
            (
                f"Errors rose from 21 % to 38 % {SINCE} while the inputs are unchanged; 410 labels since "
                f"then; {WORST}; "
                f"{EVIDENCE}."
            ),
        ),
        (
            found(),
            {},
            (
                f"Errors rose from 21 % to 38 % {SINCE} while no input is known to drift; 410 labels since then; "
                f"{EVIDENCE}."
            ),
        ),
        (
            found(n=1),
            {"concept": concept(0.085, worst_class=None, worst_segment=None)},
            (
                f"Errors rose from 21 % to 38 % {SINCE}, and the inputs changed too: they explain 50 % of it; "
                f"1 label since then; {EVIDENCE}."
            ),
        ),
        (
            found(expected=12.14, now=15.31, effect=3.17),
            {"task": "regression", "concept": concept(worst_class="bin 3", worst_segment=None)},
            (
                f"Errors rose from 12.1 to 15.3 (mean absolute error) {SINCE} while the inputs are unchanged; "
                f"410 labels since then; most of it among predictions of bin 3 (80 %); {EVIDENCE}."
            ),
        ),
        (
            found("concept"),
            {"concept": concept()},
            (
                f"Like inputs are answered worse {SINCE}: errors 38 % where 21 % were expected; the inputs "
                f"are unchanged; "
                f"410 labels since then; {WORST}; {EVIDENCE}."
            ),
        ),
        (
            found("outcomes_up"),
            {},
            (
                f"The outcome late is more frequent than its scores say {SINCE}: 38 % where 21 % were "
                f"expected; no input "
                f"is known to drift; 410 labels since then; {EVIDENCE}."
            ),
        ),
        (
            found("outcomes_down", expected=0.38, now=0.21, effect=-0.17),
            {"concept": concept()},
            (
                f"The outcome late is less frequent than its scores say {SINCE}: 21 % where 38 % were "
                f"expected; no input "
                f"is known to drift; 410 labels since then; {EVIDENCE}."
            ),
        ),
    ],
)
def test_a_firing_alert_reads_as_one_sentence(finding: Any, changes: Any, sentence: str, history: Any) -> None:
    (alert,) = history.judge(pane(0, finding, **changes), MONITOR)
    assert alert.summary == sentence


def test_inputs_whose_drift_is_open_are_named(make: Any, history: Any) -> None:
    """Drift of the same version only, and as long as it is open."""
    for version in ("v1", "v2"):
        columns = ("feature/temp", "feature/wind", "prediction/prediction") if version == "v1" else ("feature/other",)
        history.judge(make.pane(0, *(make.finding(column) for column in columns), version=version), MONITOR)
    (alert,) = history.judge(pane(1, found(), concept=concept()), MONITOR)
    assert f"rose from 21 % to 38 % {SINCE}, and inputs drift too: temp, wind; 410 labels" in alert.summary
    assert (alert.also, alert.inputs_drift) == (("temp", "wind"), True)


def test_inputs_whose_drift_is_over_are_not_named(make: Any, history: Any) -> None:
    monitor = _monitor(drift={"resolve_after": 1})
    history.judge(make.pane(0, make.finding()), monitor)
    history.judge(make.pane(1), monitor)
    (alert,) = history.judge(pane(2, found()), monitor)
    assert (alert.also, alert.inputs_drift) == ((), False)


def test_without_a_drift_detector_nothing_is_said_of_inputs_that_nobody_knows(make: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), MONITOR)
    monitor = _monitor(drift={"rule": "off"})
    (alert,) = (told for told in history.judge(pane(1, found()), monitor) if told.rule == "concept")
    assert alert.summary.startswith(f"Errors rose from 21 % to 38 % {SINCE}; 410 labels")
    assert (alert.also, alert.inputs_drift) == ((), None)


@pytest.mark.parametrize(
    ("what", "over", "had"),
    [
        ("errors", "Errors are back to what is expected", "they had risen"),
        ("concept", "Like inputs are answered as expected again", "they were answered worse"),
        ("outcomes_up", "The outcome late is as frequent as its scores say again", "it was more frequent"),
        ("outcomes_down", "The outcome late is as frequent as its scores say again", "it was less frequent"),
    ],
)
def test_a_resolved_alert_says_what_it_was(what: str, over: str, had: str, history: Any) -> None:
    history.judge(pane(0, found(what)), MONITOR)
    alerts = [alert for hour in (1, 2) for alert in history.judge(pane(hour), MONITOR)]
    between = "from 2013-07-01 00:00 to 2013-07-01 01:00 UTC"
    assert [alert.summary for alert in alerts] == [f"{over}: quiet for 2 panes; {had} {between}."]
