"""Delivered twice, out of order, or cut off by a crash: each revision of an alert says one thing only."""

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.monitor import Threshold
from schemas.window import Window
from tests.unit.triggers.crashing import said, shaken

RULES = (
    Threshold(name="drift", metric="psi", above=0.2, page=0.5, segments=True, resolve_after=2),
    Threshold(name="errors", metric="rate_5xx", above=0.02, page=0.05),
)
SERIES = ({}, {"version": "v2"}, {"segment": "origin=EWR"}, {"size_ms": 3_600_000})

sightings = st.lists(
    st.tuples(
        st.integers(0, len(SERIES) - 1),
        st.integers(0, 4),
        st.sampled_from([None, 0.1, 0.3, 0.6]),
        st.sampled_from([0, 30, 60]),
    ),
    max_size=24,
)
"""(series, day, PSI of the feature, failed answers of 1,000): days repeat (corrections), in any order."""

crashes = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 3), st.integers(0, 23)), max_size=4)
"""(event at which it crashes, rows of it that were kept, event to go on from)."""


def _windows(seen: list[Any], make: Any) -> list[Window]:
    revisions: Counter[tuple[int, int]] = Counter()
    windows = []
    for series, day, psi, failed in seen:
        column = make.column(psi=psi, outcome="ok" if psi is not None else "too_few")
        windows.append(
            make.window(
                day,
                revision=revisions[series, day],
                features={"dep_delay": column},
                status={"2xx": 1_000 - failed, "5xx": failed},
                **SERIES[series],
            )
        )
        revisions[series, day] += 1
    return windows


@given(seen=sightings, crashes=crashes)
def test_crashes_and_replays_tell_nothing_that_a_quiet_run_does_not(seen: Any, crashes: Any, make: Any) -> None:
    windows, monitor = _windows(seen, make), make.monitor(*RULES)
    quiet, killed = make.history(), shaken(make.history(), windows, monitor, crashes)
    for window in windows:
        quiet.judge(window, monitor)
    assert said(killed.alerts) == said(quiet.alerts)
    assert killed.rows == quiet.rows


@given(seen=sightings, changed_at=st.integers(0, 24), back_to=st.integers(0, 24))
def test_a_replay_under_a_changed_monitor_contradicts_nothing_said_before(
    *, seen: Any, changed_at: int, back_to: int, make: Any
) -> None:
    windows, history = _windows(seen, make), make.history()
    for window in windows[:changed_at]:
        history.judge(window, make.monitor(*RULES))
    for window in windows[min(changed_at, back_to) :]:
        history.judge(window, make.monitor(RULES[1].model_copy(update={"segments": True, "above": 0.04})))
    said(history.alerts)


@given(seen=sightings)
def test_an_incident_s_revisions_rise_by_one_and_make_sense(seen: Any, make: Any) -> None:
    history = make.history()
    for window in _windows(seen, make):
        history.judge(window, make.monitor(*RULES))
    lives = defaultdict(list)
    for alert in history.alerts:
        lives[alert.alert_id].append(alert)
    for life in lives.values():
        assert [alert.revision for alert in life] == list(range(len(life)))
        assert life[0].state == "firing"
        for before, after in pairwise(life):
            assert after.state == "resolved" or before.state == "resolved" or after.severity == "page"
            assert not (after.state == before.state == "resolved")
        assert all(alert.first_seen_ms < alert.last_seen_ms for alert in life)
        assert all((alert.resolved_ms or alert.last_seen_ms) >= alert.last_seen_ms for alert in life)
