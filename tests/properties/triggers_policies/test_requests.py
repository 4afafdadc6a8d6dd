"""Killed anywhere, shown again, or run dry: a history asks for the same retraining, byte for byte, and each once."""

import io
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.retraining import RetrainingRequest
from services.triggers import dry_run
from tests.properties.triggers_policies.histories import MONITOR, RESTLESS, histories, windows_of
from tests.unit.triggers_policies.asked import Service

monitors = st.sampled_from([MONITOR, RESTLESS])
crashes = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 9), st.integers(0, 39)), max_size=4)
"""(window at which it is killed, rows of it that were kept, window it reads again from)."""


def _quiet(windows: Any, monitor: Any) -> Service:
    service = Service(monitor)
    service.days(windows)
    return service


def _said(requests: list[RetrainingRequest]) -> dict[str, bytes]:
    """By id; fails where one id says two things."""
    said: dict[str, bytes] = {}
    for request in requests:
        assert said.setdefault(request.trigger_id, request.to_json()) == request.to_json()
    return said


@given(drawn=histories, watched=monitors, crashes=crashes)
def test_crashes_and_replays_ask_for_nothing_that_a_quiet_run_does_not(drawn: Any, watched: Any, crashes: Any) -> None:
    windows, killed, at = windows_of(drawn), Service(watched), 0
    for crash_at, kept, back_to in crashes:
        for window in windows[at:crash_at]:
            killed.see(window)
        at = max(at, crash_at)
        for window in windows[at : at + 1]:
            killed.see(window, kept)
        at = min(at, back_to)
    killed.days(windows[at:])
    quiet = _quiet(windows, watched)
    assert _said(killed.requests) == _said(quiet.requests)
    assert killed.rows == quiet.rows


@given(drawn=histories, watched=monitors)
def test_a_request_is_made_once_and_every_window_it_names_is_of_its_version(drawn: Any, watched: Any) -> None:
    windows = windows_of(drawn)
    versions = {window.window_id: window.version for window in windows}
    requests = _quiet(windows, watched).requests
    assert max(Counter(request.trigger_id for request in requests).values(), default=1) == 1
    for request in requests:
        assert {versions[one] for one in request.window_ids} == {request.version}
        assert request.reason.endswith(".")


@given(drawn=histories)
def test_nothing_is_asked_within_a_cooldown_but_by_an_override(drawn: Any) -> None:
    policies = {policy.name: policy for policy in MONITOR.retraining}
    left: list[tuple[int, str]] = []
    for request in _quiet(windows_of(drawn), MONITOR).requests:
        policy = policies[request.policy]
        passes = {"calendar", "volume"} if getattr(policy, "override", False) else set()
        assert not [kind for until_ms, kind in left if request.requested_ms < until_ms and kind not in passes]
        left.append((request.requested_ms + policy.cooldown, request.kind))


@given(drawn=histories, watched=monitors)
def test_a_dry_run_tells_what_fires_live(drawn: Any, watched: Any) -> None:
    windows, out = windows_of(drawn), io.BytesIO()
    assert dry_run.main([watched.to_json(), *(window.to_json() for window in windows)], out) == 0
    told = out.getvalue().splitlines()
    assert told == [request.to_json() for request in _quiet(windows, watched).requests]


@given(drawn=histories, until=st.integers(0, 60))
def test_a_snooze_lets_nothing_through_before_its_time(*, drawn: Any, until: int) -> None:
    windows = windows_of(drawn)
    until_ms = min((window.start_ms for window in windows), default=0) + until * 3_600_000
    service = Service(RESTLESS, snoozed_until_ms=until_ms)
    service.days(windows)
    assert all(request.requested_ms >= until_ms for request in service.requests)
