"""What the monitor no longer asks, or the evidence no longer speaks of, is closed with the reason said."""

from typing import Any

import pytest

from schemas.monitor import Detector, Threshold
from services.triggers.handler import handle

DAY_MS = 86_400_000

CLOSED_BY_THE_MONITOR = {
    "off": ({"detector": Detector(rule="off")}, "the monitor switched the drift detector off"),
    "pane": ({"detector": Detector(pane=DAY_MS)}, "the monitor gave the drift detector another pane"),
}


@pytest.mark.parametrize(("after", "reason"), CLOSED_BY_THE_MONITOR.values(), ids=CLOSED_BY_THE_MONITOR)
@pytest.mark.parametrize("version", ["v1", "v0"])
def test_a_changed_monitor_closes_incidents_also_of_versions_that_rest(
    *, after: Any, reason: str, version: str, make: Any, history: Any
) -> None:
    (opened,) = history.judge(make.pane(0, make.finding(), version=version), make.monitor())
    (ended,) = history.judge(make.pane(1, make.finding()), make.monitor(**after))
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert f"closed because {reason}; it had drifted since 2013-07-01 00:00 UTC." in ended.summary
    assert (ended.resolved_ms, ended.also, ended.prediction_drifts) == (make.pane(1).end_ms, (), None)
    assert history.judge(make.pane(2, make.finding()), make.monitor(**after)) == []


def test_a_dropped_segment_closes_its_incident(make: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding(), segment="origin=EWR"), make.monitor())
    (ended,) = history.judge(make.pane(1), make.monitor(segments=()))
    assert "dep_delay in origin=EWR: closed because the monitor dropped this segment" in ended.summary
    assert history.judge(make.pane(2, make.finding(), segment="origin=EWR"), make.monitor(segments=())) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bound": 6.2}, "the drift detector's bound changed from e^5.5 to e^6.2"),
        ({"baseline_digest": "ffffffffffffffff"}, "the version has a new baseline"),
        ({"detection": None, "watching": "learning", "baseline_digest": "ffffffffffffffff"}, "the version has a new"),
        ({"detection": None, "watching": "learning"}, "the drift detector learns anew"),
        ({"detection": None, "watching": "off"}, "the drift detector is off"),
    ],
)
def test_what_the_evidence_no_longer_speaks_of_is_closed(
    changes: Any, reason: str, make: Any, watch: Any, history: Any
) -> None:
    (opened,) = history.judge(make.pane(0, make.finding()), watch())
    (ended,) = history.judge(make.pane(1, **changes), watch())
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert f"closed because {reason}" in ended.summary
    assert history.judge(make.pane(2, **changes), watch()) == []


def test_under_another_bound_a_finding_is_a_new_incident_at_once(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), watch())
    ended, opened = history.judge(make.pane(1, make.finding(), bound=6.2), watch())
    assert (ended.state, opened.state, opened.revision, opened.evidence.bound) == ("resolved", "firing", 0, 6.2)
    assert ended.alert_id != opened.alert_id


def test_a_pane_without_events_is_no_new_baseline(make: Any, watch: Any, history: Any) -> None:
    silent = {"n": 0, "baseline_digest": None, "features": {}}
    volume = make.finding("model/volume", what="volume", effect=-1.0)
    history.judge(make.pane(0, volume, **silent), watch())
    history.judge(make.pane(1, volume), watch())
    history.judge(make.pane(2, volume, **silent), watch())
    assert [alert.state for alert in history.alerts] == ["firing"]
    assert history.alerts[0].baseline_digest is None


def test_a_new_baseline_is_noticed_across_a_pane_without_events(make: Any, watch: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), watch())
    history.judge(make.pane(1, n=0, baseline_digest=None, features={}), watch())
    (ended,) = history.judge(make.pane(2, make.finding(severity="page"), baseline_digest="f" * 16), watch())[:1]
    assert "closed because the version has a new baseline" in ended.summary


def test_no_incident_ends_before_it_was_last_seen(make: Any, watch: Any, history: Any) -> None:
    """A version that lags behind brings the changed monitor."""
    history.judge(make.pane(5, make.finding()), watch())
    (ended,) = history.judge(make.pane(1, version="v0"), make.monitor(detector=Detector(rule="off")))
    assert ended.resolved_ms == ended.last_seen_ms == make.pane(5).end_ms


def test_a_crash_between_the_rows_of_one_pane_loses_and_repeats_nothing(make: Any, history: Any) -> None:
    """The monitor drops the detector and a rule while four versions have incidents of both; the rows are torn."""
    rule = Threshold(name="drift", metric="psi", above=0.2)
    high = {"features": {"dep_delay": make.column(psi=0.4)}}
    for version in ("v0", "v1", "v2", "v3"):
        history.judge(make.pane(0, make.finding(), version=version, **high), make.monitor(rule))
    pane, changed = make.pane(1, make.finding(severity="page"), **high), make.monitor(detector=Detector(rule="off"))
    whole = handle(pane, changed, history.rows)
    assert [(alert.state, alert.revision) for alert in whole.alerts] == [("resolved", 1)] * 8
    assert len(whole.writes) == 9
    for kept in range(len(whole.writes) + 1):
        torn = make.history()
        torn.rows = history.rows | dict(list(whole.writes.items())[:kept])
        again = torn.judge(pane, changed)
        assert torn.rows == history.rows | whole.writes
        assert [alert for alert in whole.alerts if alert in again] == again
        assert len(again) == 8 - min(kept, 6) - max(kept - 7, 0)
