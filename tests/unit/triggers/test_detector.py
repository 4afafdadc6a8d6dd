"""The detector's findings open, escalate and resolve one incident a column; the evidence was weighed before.

Hours are drawn as what the detector found in one column: `.` nothing, `m` a message, `p` a page, ` ` no step taken.
"""

import hashlib
from typing import Any

import pytest

from schemas.monitor import Detector, Threshold
from schemas.windowing import WindowSpec
from services.triggers.series import Series, SeriesKey

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WIND = "feature/wind_speed"
SEVERITY = {"m": "message", "p": "page"}


def _hour(make: Any, hour: int, drawn: str, **changes: Any) -> Any:
    findings = [make.finding(severity=SEVERITY[drawn])] if drawn in SEVERITY else []
    return make.pane(hour, *findings, **{"detection": None} | changes if drawn == " " else changes)


@pytest.mark.parametrize(
    ("hours", "resolve_after", "told"),
    [
        ("....", 2, []),
        ("..m", 2, [(2, "firing", "message", 0)]),
        ("mmm", 2, [(0, "firing", "message", 0)]),
        ("mpp", 2, [(0, "firing", "message", 0), (1, "firing", "page", 1)]),
        ("pm.m", 2, [(0, "firing", "page", 0)]),
        ("m..", 2, [(0, "firing", "message", 0), (2, "resolved", "message", 1)]),
        ("m.m.m..", 2, [(0, "firing", "message", 0), (6, "resolved", "message", 1)]),
        ("m. .", 2, [(0, "firing", "message", 0), (3, "resolved", "message", 1)]),
        ("m  ", 1, [(0, "firing", "message", 0)]),
        ("mp..m..", 2, [(0, "firing", "message", 0), (1, "firing", "page", 1), (3, "resolved", "page", 2),
                        (4, "firing", "message", 0), (6, "resolved", "message", 1)]),
        ("m" + "." * 23, 24, [(0, "firing", "message", 0)]),
        ("m" + "." * 24, 24, [(0, "firing", "message", 0), (24, "resolved", "message", 1)]),
    ],
)  # fmt: skip
def test_a_life(*, hours: str, resolve_after: int, told: Any, make: Any, watch: Any, history: Any) -> None:
    monitor = watch(resolve_after=resolve_after)
    heard = [
        (hour, alert.state, alert.severity, alert.revision)
        for hour, drawn in enumerate(hours)
        for alert in history.judge(_hour(make, hour, drawn), monitor)
    ]
    assert heard == told


def test_a_new_incident_opens_only_after_the_last_was_resolved(make: Any, watch: Any, history: Any) -> None:
    for hour, drawn in enumerate("m.mm..m"):
        history.judge(_hour(make, hour, drawn), watch())
    opened = [alert for alert in history.alerts if alert.state == "firing"]
    assert [alert.evidence.start_ms for alert in opened] == [make.pane(0).start_ms, make.pane(6).start_ms]
    assert len({alert.alert_id for alert in opened}) == 2


def test_an_alert_carries_the_finding_its_onset_and_the_evidence(make: Any, watch: Any, history: Any) -> None:
    found = make.finding(onset_ms=make.pane(3).start_ms, n=2_345, log_e=9.25, effect=0.07)
    (opened,) = history.judge(make.pane(5, found), watch())
    seen = opened.evidence
    assert (opened.rule, opened.feature, opened.finding) == ("detector", "dep_delay", found)
    assert (opened.first_seen_ms, opened.last_seen_ms) == (make.pane(3).start_ms, make.pane(5).end_ms)
    assert (seen.metric, seen.value, seen.bound, seen.n, seen.score) == ("evidence", 9.25, 5.5, 2_345, {"effect": 0.07})
    assert (seen.window_id, seen.start_ms) == (make.pane(5).window_id, make.pane(5).start_ms)


def test_a_resolved_alert_keeps_what_was_found_and_shows_the_evidence_now(make: Any, watch: Any, history: Any) -> None:
    for hour, drawn in enumerate("mm..", start=4):
        history.judge(_hour(make, hour, drawn), watch())
    opened, ended = history.alerts
    assert (ended.finding, ended.first_seen_ms) == (opened.finding, opened.first_seen_ms)
    assert (ended.evidence.value, ended.evidence.n, ended.evidence.score) == (0.3, 1_000, {})
    assert (ended.last_seen_ms, ended.resolved_ms) == (make.pane(5).end_ms, make.pane(7).end_ms)


def test_an_escalation_tells_the_newer_finding_and_the_first_onset(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(2, make.finding()), watch())
    further = make.finding(severity="page", onset_ms=make.pane(3).start_ms, effect=0.2)
    (alert,) = history.judge(make.pane(4, further), watch())
    assert (alert.finding, alert.first_seen_ms, alert.revision) == (further, make.pane(0).start_ms, 1)


def test_an_id_is_a_hash_of_the_column_and_the_opening_window(make: Any, watch: Any, history: Any) -> None:
    (alert,) = history.judge(make.pane(0, make.finding()), watch())
    parts = '["flights","v1","","detector","feature/dep_delay","v1//3600000/1372636800000"]'
    assert alert.alert_id == hashlib.sha256(parts.encode()).hexdigest()[:32] == "f095e18e87c2aacae6681aa491f74d13"


@pytest.mark.parametrize(
    ("column", "feature"),
    [(WIND, "wind_speed"), ("feature/a/b", "a/b"), ("prediction/prediction", None), ("score/score", None),
     ("score/confidence", None), ("model/volume", None)],
)  # fmt: skip
def test_only_features_are_named_as_features(
    *, column: str, feature: str | None, make: Any, watch: Any, history: Any
) -> None:
    (alert,) = history.judge(make.pane(0, make.finding(column)), watch())
    assert (alert.feature, alert.finding.column) == (feature, column)


def test_each_column_has_an_incident_of_its_own(make: Any, watch: Any, history: Any) -> None:
    score, confidence = make.finding("score/score"), make.finding("score/confidence")
    history.judge(make.pane(0, score, confidence), watch())
    for hour in (1, 2):
        history.judge(make.pane(hour, score), watch())
    told = [(alert.finding.column, alert.state) for alert in history.alerts]
    assert told == [("score/score", "firing"), ("score/confidence", "firing"), ("score/confidence", "resolved")]


def test_two_findings_in_one_column_are_one_incident_of_the_graver(make: Any, watch: Any, history: Any) -> None:
    missing = make.finding(what="missing", severity="page", effect=0.3)
    (alert,) = history.judge(make.pane(0, make.finding(), missing), watch())
    assert (alert.severity, alert.finding.what) == ("page", "missing")


def test_versions_and_segments_have_incidents_of_their_own(make: Any, watch: Any, history: Any) -> None:
    for place in ({}, {"version": "v2"}, {"segment": "origin=EWR"}):
        history.judge(make.pane(0, make.finding(), **place), watch())
    assert len({alert.alert_id for alert in history.alerts}) == 3


def test_a_column_without_evidence_is_quiet(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding(WIND)), watch(resolve_after=1))
    (ended,) = history.judge(make.pane(1), watch(resolve_after=1))
    assert (ended.state, ended.evidence.value) == ("resolved", 0.0)


def test_panes_that_were_judged_or_overtaken_change_nothing(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(3, make.finding()), watch())
    rows = dict(history.rows)
    for again in (
        make.pane(3, make.finding()),
        make.pane(3, make.finding(severity="page"), revision=4),
        make.pane(2, make.finding(WIND)),
        make.pane(3, detection=None, correction=True, revision=5, baseline_digest="ffffffffffffffff"),
        make.pane(4, make.finding(WIND), final=False),
    ):
        assert history.judge(again, watch()) == []
    own = SeriesKey.of("detector", make.pane(0)).to_bytes()
    assert history.rows[own] == rows[own]


def test_a_window_on_which_no_step_was_taken_is_as_if_it_had_not_come(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), watch())
    own = SeriesKey.of("detector", make.pane(0)).to_bytes()
    before = history.rows[own]
    assert history.judge(make.pane(1, detection=None), watch()) == []
    assert history.rows[own] == before


def test_windows_of_other_sizes_are_no_panes(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), watch())
    for size_ms in (300_000, DAY_MS):
        assert history.judge(make.window(0, size_ms=size_ms, watching="off"), watch()) == []


def test_resolve_after_may_change_under_an_open_incident(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), watch(resolve_after=24))
    history.judge(make.pane(1), watch(resolve_after=24))
    assert [alert.state for alert in history.judge(make.pane(2), watch(resolve_after=2))] == ["resolved"]


def test_the_pane_is_the_size_that_the_monitor_names(make: Any, history: Any) -> None:
    monitor = make.monitor(windows=(WindowSpec(size=HOUR_MS), WindowSpec(size=DAY_MS)), detector=Detector(pane=DAY_MS))
    assert history.judge(make.pane(0, make.finding()), monitor) == []
    assert len(history.judge(make.pane(0, make.finding(), size_ms=DAY_MS), monitor)) == 1


def test_quiet_panes_without_an_incident_write_no_row(make: Any, watch: Any, history: Any) -> None:
    own = SeriesKey.of("detector", make.pane(0)).to_bytes()
    history.judge(make.pane(0), watch())
    assert own not in history.rows
    for hour, drawn in enumerate("m..", start=1):
        history.judge(_hour(make, hour, drawn), watch())
    closed = history.rows[own]
    assert Series.model_validate_json(closed).incidents == ()
    history.judge(make.pane(4), watch())
    assert history.rows[own] == closed


def test_a_threshold_that_is_named_detector_has_incidents_of_its_own(make: Any, history: Any) -> None:
    rule = Threshold(name="detector", metric="psi", above=0.2)
    seen = make.pane(0, make.finding(), features={"dep_delay": make.column(psi=0.4)})
    alerts = history.judge(seen, make.monitor(rule))
    assert [alert.finding is None for alert in alerts] == [False, True]
    assert len({alert.alert_id for alert in alerts}) == 2
