"""An incident opens, may escalate, calms and is resolved, under one id with rising revisions.

Days are drawn as the PSI of one feature against the bounds 0.2 (message) and 0.5 (page).
"""

import hashlib
from typing import Any

import pytest

from schemas.monitor import Threshold

DRIFT = Threshold(name="drift", metric="psi", above=0.2, page=0.5)
CALM, HIGH, PAGE = 0.1, 0.3, 0.6


@pytest.fixture
def psi(make: Any) -> Any:
    def build(day: int, value: float, **changes: Any) -> Any:
        return make.window(day, features={"dep_delay": make.column(psi=value)}, **changes)

    return build


@pytest.mark.parametrize(
    ("days", "resolve_after", "told"),
    [
        ((CALM, CALM), 1, []),
        ((CALM, HIGH), 1, [(1, "firing", "message", 0)]),
        ((HIGH, HIGH, HIGH), 1, [(0, "firing", "message", 0)]),
        ((HIGH, PAGE, PAGE), 1, [(0, "firing", "message", 0), (1, "firing", "page", 1)]),
        ((PAGE, HIGH, CALM), 1, [(0, "firing", "page", 0), (2, "resolved", "page", 1)]),
        ((HIGH, CALM, HIGH), 1,
         [(0, "firing", "message", 0), (1, "resolved", "message", 1), (2, "firing", "message", 0)]),
        ((HIGH, CALM, HIGH, CALM, CALM), 2, [(0, "firing", "message", 0), (4, "resolved", "message", 1)]),
        ((HIGH, PAGE, CALM, CALM, CALM), 3,
         [(0, "firing", "message", 0), (1, "firing", "page", 1), (4, "resolved", "page", 2)]),
    ],
)  # fmt: skip
def test_a_life(*, days: Any, resolve_after: int, told: Any, psi: Any, make: Any, history: Any) -> None:
    rules = make.monitor(DRIFT.model_copy(update={"resolve_after": resolve_after}))
    heard = [
        (day, alert.state, alert.severity, alert.revision)
        for day, value in enumerate(days)
        for alert in history.judge(psi(day, value), rules)
    ]
    assert heard == told


def test_an_alert_carries_the_times_of_its_incident(psi: Any, make: Any, history: Any) -> None:
    for day, value in enumerate((HIGH, HIGH, CALM)):
        history.judge(psi(day, value), make.monitor(DRIFT))
    opened, ended = history.alerts
    first, second, third = (psi(day, CALM) for day in range(3))
    assert (opened.first_seen_ms, opened.last_seen_ms, opened.resolved_ms) == (
        first.start_ms,
        first.end_ms,
        None,
    )
    assert (ended.first_seen_ms, ended.last_seen_ms, ended.resolved_ms) == (
        first.start_ms,
        second.end_ms,
        third.end_ms,
    )
    assert (opened.evidence.window_id, ended.evidence.window_id) == (first.window_id, third.window_id)
    assert opened.alert_id == ended.alert_id
    assert (opened.baseline_digest, opened.version) == (first.baseline_digest, "v1")


def test_an_id_is_a_hash_of_what_the_incident_is_and_where_it_opened(psi: Any, make: Any, history: Any) -> None:
    (alert,) = history.judge(psi(0, HIGH), make.monitor(DRIFT))
    parts = '["flights","v1","","drift","dep_delay","v1//86400000/1372636800000"]'
    assert alert.alert_id == hashlib.sha256(parts.encode()).hexdigest()[:32] == "9ce600fd8c995183b1dbc8693bb4e79e"


@pytest.mark.parametrize("changes", [{"final": False}, {"final": False, "revision": 7}])
def test_open_windows_are_not_judged(changes: Any, psi: Any, make: Any, history: Any) -> None:
    assert history.judge(psi(0, PAGE, **changes), make.monitor(DRIFT)) == []
    assert history.rows == {}


def test_a_window_judged_before_changes_nothing(psi: Any, make: Any, history: Any) -> None:
    history.judge(psi(0, HIGH, revision=3), make.monitor(DRIFT))
    rows = dict(history.rows)
    assert history.judge(psi(0, CALM, revision=3), make.monitor(DRIFT)) == []
    assert history.judge(psi(0, PAGE, revision=2), make.monitor(DRIFT)) == []
    assert history.rows == rows


def test_a_window_that_was_overtaken_changes_nothing(psi: Any, make: Any, history: Any) -> None:
    history.judge(psi(1, HIGH), make.monitor(DRIFT))
    rows = dict(history.rows)
    assert history.judge(psi(0, CALM), make.monitor(DRIFT)) == []
    assert history.judge(psi(0, PAGE, revision=9, correction=True), make.monitor(DRIFT)) == []
    assert history.rows == rows


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((CALM, HIGH), [("firing", 0)]),
        ((HIGH, CALM), [("firing", 0), ("resolved", 1)]),
        ((HIGH, CALM, PAGE), [("firing", 0), ("resolved", 1), ("firing", 2)]),
        ((HIGH, CALM, CALM, HIGH, CALM), [("firing", 0), ("resolved", 1), ("firing", 2), ("resolved", 3)]),
        ((HIGH, PAGE), [("firing", 0), ("firing", 1)]),
    ],
)
def test_corrections_of_the_opening_window_go_on_under_its_id(
    values: Any, told: Any, psi: Any, make: Any, history: Any
) -> None:
    for revision, value in enumerate(values):
        history.judge(psi(0, value, revision=revision, correction=revision > 0), make.monitor(DRIFT))
    assert [(alert.state, alert.revision) for alert in history.alerts] == told
    assert len({alert.alert_id for alert in history.alerts}) == 1


def test_a_correction_does_not_count_as_a_further_calm_window(psi: Any, make: Any, history: Any) -> None:
    rules = make.monitor(DRIFT.model_copy(update={"resolve_after": 2}))
    history.judge(psi(0, HIGH), rules)
    assert history.judge(psi(1, CALM), rules) == []
    assert history.judge(psi(1, CALM, revision=1), rules) == []
    assert [alert.state for alert in history.judge(psi(2, CALM), rules)] == ["resolved"]


def test_a_window_with_too_little_data_neither_resolves_nor_interrupts(psi: Any, make: Any, history: Any) -> None:
    rules = make.monitor(DRIFT.model_copy(update={"resolve_after": 2}))
    few = make.column(outcome="too_few", n=3, psi=None)
    history.judge(psi(0, HIGH), rules)
    history.judge(psi(1, CALM), rules)
    assert history.judge(make.window(2, features={"dep_delay": few}), rules) == []
    assert [alert.state for alert in history.judge(psi(3, CALM), rules)] == ["resolved"]


def test_sizes_versions_and_segments_have_incidents_of_their_own(psi: Any, make: Any, history: Any) -> None:
    rules = make.monitor(DRIFT.model_copy(update={"segments": True}))
    places = [{}, {"size_ms": 3_600_000}, {"version": "v2"}, {"segment": "origin=EWR"}]
    for place in places:
        history.judge(psi(0, HIGH, **place), rules)
    assert len({alert.alert_id for alert in history.alerts}) == len(places)
    assert [alert.state for alert in history.judge(psi(1, CALM, **places[3]), rules)] == ["resolved"]


def test_sliding_windows_overlap_and_are_one_series(psi: Any, make: Any, history: Any) -> None:
    start_ms = psi(0, CALM).start_ms
    for hour, value in enumerate((CALM, HIGH, HIGH, CALM)):
        history.judge(psi(0, value, start_ms=start_ms + hour * 3_600_000), make.monitor(DRIFT))
    assert [alert.state for alert in history.alerts] == ["firing", "resolved"]


def test_rows_are_held_only_for_open_incidents(psi: Any, make: Any, history: Any) -> None:
    history.judge(psi(0, CALM), make.monitor(DRIFT))
    sizes = {key: len(value) for key, value in history.rows.items()}
    for day in range(1, 9):
        history.judge(psi(day, (HIGH, CALM)[day % 2]), make.monitor(DRIFT))
    history.judge(psi(9, CALM), make.monitor(DRIFT))
    assert {key: len(value) for key, value in history.rows.items()} == sizes
