"""Panes delivered twice, out of order, or cut off by a crash: the detector's incidents stay one a column."""

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.monitor import Detector, Threshold
from schemas.window import Window
from services.triggers.series import Series, SeriesKey
from tests.unit.triggers.crashing import said, shaken

RULE = Threshold(name="drift", metric="psi", above=0.2, while_learning=True)
COLUMNS = ("feature/dep_delay", "prediction/prediction", "score/score", "score/confidence", "model/volume")

panes = st.lists(
    st.fixed_dictionaries(
        {
            "found": st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from(["message", "page"]), max_size=3),
            "version": st.sampled_from(["v1", "v1", "v2"]),
            "bound": st.sampled_from([5.5, 5.5, 5.5, 6.2]),
            "digest": st.sampled_from(["d01378bed5c9a52b", "d01378bed5c9a52b", None, "ffffffffffffffff"]),
            "watching": st.sampled_from(["watching", "watching", "watching", "learning", "off"]),
            "psi": st.sampled_from([0.1, 0.4]),
        }
    ),
    max_size=16,
)
"""By hour."""

crashes = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 4), st.integers(0, 15)), max_size=4)
"""(pane at which it crashes, rows of it that were kept, pane to go on from)."""


def _windows(drawn: list[Any], make: Any) -> list[Window]:
    windows = []
    for hour, of in enumerate(drawn):
        findings = [make.finding(column, severity=severity) for column, severity in of["found"].items()]
        pane = make.pane(
            hour,
            *findings,
            version=of["version"],
            bound=of["bound"],
            baseline_digest=of["digest"],
            watching=of["watching"],
            features={"dep_delay": make.column(psi=of["psi"])},
        )
        windows.append(pane if of["watching"] == "watching" else pane.model_copy(update={"detection": None}))
    return windows


def _monitor(make: Any) -> Any:
    return make.monitor(RULE, detector=Detector(resolve_after=2))


@given(drawn=panes, crashes=crashes)
def test_crashes_and_replays_tell_nothing_that_a_quiet_run_does_not(drawn: Any, crashes: Any, make: Any) -> None:
    windows, monitor = _windows(drawn, make), _monitor(make)
    quiet, killed = make.history(), shaken(make.history(), windows, monitor, crashes)
    for window in windows:
        quiet.judge(window, monitor)
    assert said(killed.alerts) == said(quiet.alerts)
    assert killed.rows == quiet.rows


@given(drawn=panes)
def test_at_most_one_incident_is_open_in_a_column_and_rows_hold_just_those(drawn: Any, make: Any) -> None:
    history = make.history()
    for window in _windows(drawn, make):
        history.judge(window, _monitor(make))
        newest = {alert.alert_id: alert for alert in history.alerts}
        firing = [a for a in newest.values() if a.state == "firing" and a.finding and a.version == window.version]
        assert len({alert.finding.column for alert in firing}) == len(firing)
        row = history.rows.get(SeriesKey.of("detector", window).to_bytes())
        held = Series.model_validate_json(row).incidents if row is not None else ()
        assert {incident.alert_id for incident in held} == {alert.alert_id for alert in firing}


@given(drawn=panes)
def test_an_incident_s_revisions_rise_by_one_and_end_with_its_resolution(drawn: Any, make: Any) -> None:
    history = make.history()
    for window in _windows(drawn, make):
        history.judge(window, _monitor(make))
    lives = defaultdict(list)
    for alert in history.alerts:
        if alert.finding is not None:
            lives[alert.alert_id].append(alert)
    for life in lives.values():
        assert [alert.revision for alert in life] == list(range(len(life)))
        assert all(alert.state == "firing" for alert in life[:-1])
        assert len({(alert.finding.column, alert.first_seen_ms) for alert in life}) == 1
        assert len([alert for alert in life if alert.state == "firing"]) <= 2
        assert all((alert.resolved_ms or alert.last_seen_ms) >= alert.last_seen_ms for alert in life)
