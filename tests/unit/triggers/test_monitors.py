"""Which rules a window is held against, and what becomes of incidents when the monitor changes."""

from typing import Any

import pytest

from schemas.monitor import Monitor, Threshold
from schemas.windowing import WindowSpec
from services.triggers.handler import handle

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DRIFT = Threshold(name="drift", metric="psi", above=0.2)


def _rules(alerts: Any) -> list[tuple[str, str | None]]:
    return [(alert.rule, alert.feature) for alert in alerts]


def test_without_a_monitor_the_default_one_holds(make: Any, history: Any) -> None:
    drifted = {"dep_delay": make.column(psi_adj=0.3, missing_rate=0.6)}
    alerts = history.judge(make.window(features=drifted, watching="learning"), None)
    assert [(a.rule, a.severity) for a in alerts] == [("missing", "page"), ("drift", "message")]


def test_large_drifts_are_told_while_the_detector_learns_whatever_the_monitor_s_thresholds(
    make: Any, history: Any
) -> None:
    """A threshold of the same name takes their place."""
    drifted = {"dep_delay": make.column(psi_adj=0.3)}
    other, same = (
        Threshold(name="latency", metric="latency_p99_ms", above=1e9),
        Threshold(name="drift", metric="psi", above=9),
    )
    cases = [(same, "learning", []), (other, "off", []), (other, "watching", []), (other, "learning", ["drift"])]
    for day, (threshold, watching, rules) in enumerate(cases):
        alerts = history.judge(make.window(day, features=drifted, watching=watching), make.monitor(threshold))
        assert [alert.rule for alert in alerts] == rules


@pytest.mark.parametrize(
    ("rule", "changes", "judged"),
    [
        ({}, {}, ["a", "b"]),
        ({"features": ("b",)}, {}, ["b"]),
        ({"features": ()}, {}, []),
        ({"window": DAY_MS}, {}, ["a", "b"]),
        ({"window": HOUR_MS}, {}, []),
        ({"window": HOUR_MS}, {"size_ms": HOUR_MS}, ["a", "b"]),
        ({}, {"size_ms": 2 * HOUR_MS}, []),
        ({}, {"segment": "origin=EWR"}, []),
        ({"segments": True}, {"segment": "origin=EWR"}, ["a", "b"]),
        ({"segments": True}, {}, ["a", "b"]),
    ],
)
def test_a_rule_judges_what_it_names(rule: Any, changes: Any, judged: Any, make: Any, history: Any) -> None:
    high = make.column(psi=0.4)
    alerts = history.judge(
        make.window(features={"a": high, "b": high}, **changes), make.monitor(DRIFT.model_copy(update=rule))
    )
    assert [alert.feature for alert in alerts] == judged


def test_of_rules_with_one_name_the_first_that_covers_a_feature_decides(make: Any, history: Any) -> None:
    rules = make.monitor(Threshold(name="drift", metric="psi", above=0.5, features=("a",)), DRIFT)
    alerts = history.judge(make.window(features={"a": make.column(psi=0.4), "b": make.column(psi=0.4)}), rules)
    assert _rules(alerts) == [("drift", "b")]


CHANGES = {
    "dropped": (),
    "other bound": (DRIFT.model_copy(update={"above": 0.3}),),
    "other metric": (DRIFT.model_copy(update={"metric": "ks"}),),
    "other side": (Threshold(name="drift", metric="psi", below=0.2),),
    "renamed": (Threshold(name="renamed", metric="volume", below=1),),
    "other features": (DRIFT.model_copy(update={"features": ("carrier",)}),),
    "other window": (DRIFT.model_copy(update={"window": HOUR_MS}),),
}


@pytest.mark.parametrize("thresholds", CHANGES.values(), ids=CHANGES)
def test_a_changed_rule_resolves_its_incident_at_the_next_window(thresholds: Any, make: Any, history: Any) -> None:
    high = {"dep_delay": make.column(psi=0.25)}
    (opened,) = history.judge(make.window(features=high), make.monitor(DRIFT))
    (ended,) = history.judge(make.window(1, features=high), make.monitor(*thresholds))
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert "closed because the monitor changed or dropped its rule 'drift'" in ended.summary
    assert ended.resolved_ms == make.window(1).end_ms
    assert history.judge(make.window(2, features=high), make.monitor(*thresholds)) == []


def test_a_changed_rule_is_judged_at_once_under_a_new_incident(make: Any, history: Any) -> None:
    high = {"dep_delay": make.column(psi=0.4)}
    history.judge(make.window(features=high), make.monitor(DRIFT))
    ended, opened = history.judge(make.window(1, features=high), make.monitor(DRIFT.model_copy(update={"above": 0.3})))
    assert (ended.state, opened.state, opened.evidence.bound) == ("resolved", "firing", 0.3)
    assert ended.alert_id != opened.alert_id


def test_page_and_resolve_after_may_change_under_an_open_incident(make: Any, history: Any) -> None:
    high = {"dep_delay": make.column(psi=0.4)}
    history.judge(make.window(features=high), make.monitor(DRIFT))
    (alert,) = history.judge(make.window(1, features=high), make.monitor(DRIFT.model_copy(update={"page": 0.35})))
    assert (alert.severity, alert.revision) == ("page", 1)


@pytest.mark.parametrize(
    ("place", "after"),
    [
        pytest.param({"size_ms": HOUR_MS}, {"windows": (WindowSpec(size=DAY_MS),)}, id="size dropped"),
        pytest.param({"segment": "origin=EWR"}, {"thresholds": (DRIFT,)}, id="rule no longer for segments"),
        pytest.param({"segment": "origin=EWR"}, {"segments": ("carrier",)}, id="dimension dropped"),
        pytest.param({"version": "v0"}, {"thresholds": ()}, id="rule dropped for an idle version"),
    ],
)
def test_a_changed_monitor_resolves_incidents_whose_own_windows_come_no_more(
    place: Any, after: Any, make: Any, history: Any
) -> None:
    everywhere = DRIFT.model_copy(update={"segments": True})
    before = Monitor(model="flights", thresholds=(everywhere,))
    (opened,) = history.judge(make.window(features={"dep_delay": make.column(psi=0.4)}, **place), before)
    changed = before.model_copy(update=after)
    (ended,) = history.judge(make.window(1), changed)
    assert (ended.alert_id, ended.state, ended.revision) == (opened.alert_id, "resolved", 1)
    assert history.judge(make.window(2), changed) == []


@pytest.mark.parametrize(
    ("segment", "segments", "is_judged"),
    [
        ("origin=EWR", None, True),
        ("origin=EWR", ("origin",), True),
        ("origin=EWR", ("carrier",), False),
        ("origin=EWR", (), False),
        ("variant=shadow", (), True),
        ("", (), True),
    ],
)
def test_only_segments_that_the_monitor_watches_are_judged(
    *, segment: str, segments: Any, is_judged: bool, make: Any, history: Any
) -> None:
    rules = make.monitor(DRIFT.model_copy(update={"segments": True}), segments=segments)
    high = make.window(segment=segment, features={"dep_delay": make.column(psi=0.4)})
    assert bool(history.judge(high, rules)) is is_judged


def test_another_model_s_incidents_are_left_alone(make: Any, history: Any) -> None:
    history.judge(
        make.window(features={"dep_delay": make.column(psi=0.4)}, model="other"),
        Monitor(model="other", thresholds=(DRIFT,)),
    )
    assert history.judge(make.window(1), make.monitor()) == []


def test_a_feature_that_left_the_baseline_resolves_its_incident(make: Any, history: Any) -> None:
    history.judge(make.window(features={"dep_delay": make.column(psi=0.4)}), make.monitor(DRIFT))
    assert history.judge(make.window(1, features={}, baseline_digest=None), make.monitor(DRIFT)) == []
    (ended,) = history.judge(make.window(2, features={"other": make.column()}), make.monitor(DRIFT))
    assert "closed because the baseline no longer has this feature" in ended.summary


def test_a_crash_between_the_rows_of_one_window_loses_and_repeats_nothing(make: Any, history: Any) -> None:
    """The monitor drops a rule while four versions have incidents; rows are cut off after each write."""
    high = {"dep_delay": make.column(psi=0.4)}
    for version in ("v0", "v1", "v2", "v3"):
        history.judge(make.window(version=version, features=high), make.monitor(DRIFT))
    next_window, changed = make.window(1, features=high), make.monitor()
    whole = handle(next_window, changed, history.rows)
    assert (len(whole.alerts), len(whole.writes)) == (4, 5)
    for kept in range(len(whole.writes) + 1):
        torn = make.history()
        torn.rows = history.rows | dict(list(whole.writes.items())[:kept])
        again = torn.judge(next_window, changed)
        assert torn.rows == history.rows | whole.writes
        assert [alert for alert in whole.alerts if alert in again] == again
        assert len(again) == (4 - min(kept, 3) if kept < 5 else 0)
