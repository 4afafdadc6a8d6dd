"""Windows of both types, delivered twice, out of order, or cut off by a crash: each revision says one thing only."""

from collections import Counter, defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.monitor import Detector, Monitor, Threshold
from schemas.performance import ConceptDetector, Fairness, Performance, PerformanceThreshold, Protected
from schemas.window import Window
from schemas.windowing import WindowSpec
from services.triggers.series import AnyWindow
from tests.unit.triggers.crashing import said, shaken
from tests.unit.triggers.labelled import DAY_MS, HOUR_MS, compared, concept, found, pane, window

RULES = (
    PerformanceThreshold(name="accuracy", metric="accuracy", drop=0.05, page=0.1, segments=True, resolve_after=2),
    PerformanceThreshold(name="ripe", metric="accuracy", below=0.75, min_coverage=0.8),
    PerformanceThreshold(name="learned", metric="accuracy", below=0.75, by="label_time"),
)
MONITOR = Monitor(
    model="flights",
    thresholds=(Threshold(name="missing", metric="missing_rate", above=0.2),),
    detector=Detector(resolve_after=2),
    performance=Performance(
        thresholds=RULES,
        windows=(WindowSpec(size=HOUR_MS), WindowSpec(size=DAY_MS)),
        detector=ConceptDetector(resolve_after=2),
        fairness=Fairness(protected=(Protected(name="carrier"),)),
    ),
)
CHANGED = (
    MONITOR.model_copy(
        update={"performance": Performance(thresholds=RULES[1:2], detector=ConceptDetector(rule="off"))}
    ),
    MONITOR.model_copy(update={"detector": Detector(rule="off")}),
)

cohorts = st.tuples(
    st.just("cohort"),
    st.integers(0, 4),
    st.sampled_from([None, 0.6, 0.7, 0.79]),
    st.sampled_from([200, 1_240]),
    st.sampled_from([(), ("impact_ratio",), ("impact_ratio", "odds_difference")]),
    st.sampled_from([{}, {"version": "v2"}, {"segment": "origin=EWR"}]),
)
"""(day, accuracy, labels, limits surely passed, where): days repeat (corrections), in any order."""
panes = st.tuples(
    st.just("pane"),
    st.dictionaries(st.sampled_from(["errors", "concept"]), st.sampled_from(["message", "page"])),
    st.sampled_from([0.6, 0.79]),
    st.sampled_from([7.96, 7.96, 7.96, 8.6]),
    st.sampled_from([None, 0.004, 0.1]),
    st.booleans(),
)
"""(findings, accuracy, bound, what inputs explain, whether there is a step), in the order of hours."""
data = st.tuples(st.just("data"), st.sampled_from([(), ("temp",), ("temp", "wind")]), st.sampled_from([0.1, 0.3]))
"""(features that drift, missing rate), in the order of hours."""
streams = st.lists(cohorts | panes | data, max_size=24)
crashes = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 6), st.integers(0, 23)), max_size=4)
"""(window at which it crashes, rows of it that were kept, window to go on from)."""


def _windows(drawn: list[Any], make: Any) -> list[AnyWindow]:
    revisions: Counter[Any] = Counter()
    windows: list[AnyWindow] = []
    for hour, (what, *of) in enumerate(drawn):
        match what, of:
            case "cohort", (day, accuracy, labelled, unfair, where):
                place = (day, *where.values())
                figures = {} if accuracy is not None else {"figures": {}, "gap": {}}
                fairness = (compared(*unfair),) if not where else ()
                changes = {"revision": revisions[place], "labelled": labelled, "fairness": fairness}
                windows.append(window(day, accuracy or 0.79, **changes | figures | where))
                revisions[place] += 1
            case "pane", (findings, accuracy, bound, by_inputs, stepped):
                seen = pane(
                    hour,
                    *(found(stream, severity=severity) for stream, severity in findings.items()),
                    accuracy=accuracy,
                    bound=bound,
                    concept=concept(by_inputs) if by_inputs is not None else None,
                )
                windows.append(seen if stepped else seen.model_copy(update={"detection": None}))
            case _, (columns, missing):
                drifts = (make.finding(f"feature/{name}") for name in columns)
                features = {"dep_delay": make.column(missing_rate=missing)}
                windows.append(make.pane(hour, *drifts, features=features))
    return windows


@given(drawn=streams, crashes=crashes)
def test_crashes_and_replays_tell_nothing_that_a_quiet_run_does_not(drawn: Any, crashes: Any, make: Any) -> None:
    windows = _windows(drawn, make)
    quiet, killed = make.history(), shaken(make.history(), windows, MONITOR, crashes)
    for seen in windows:
        quiet.judge(seen, MONITOR)
    assert said(killed.alerts) == said(quiet.alerts)
    assert killed.rows == quiet.rows


@given(drawn=streams, kept=st.integers(0, 12), changed=st.sampled_from(CHANGED))
def test_a_crash_while_a_changed_monitor_is_taken_up_contradicts_nothing(
    *, drawn: Any, kept: int, changed: Monitor, make: Any
) -> None:
    """Killed between the rows of one window, the first that is judged by the new monitor."""
    windows = _windows(drawn, make)
    half = len(windows) // 2
    runs = []
    for crashes in ((), ((0, kept, 0),)):
        history = make.history()
        for seen in windows[:half]:
            history.judge(seen, MONITOR)
        runs.append(shaken(history, windows[half:], changed, crashes))
    assert said(runs[0].alerts) == said(runs[1].alerts)
    assert runs[0].rows == runs[1].rows


@given(drawn=streams)
def test_an_incident_s_revisions_rise_by_one_and_make_sense(drawn: Any, make: Any) -> None:
    history, lives = make.history(), defaultdict(list)
    for seen in _windows(drawn, make):
        history.judge(seen, MONITOR)
    for alert in history.alerts:
        lives[alert.alert_id].append(alert)
    for life in lives.values():
        assert [alert.revision for alert in life] == list(range(len(life)))
        assert life[0].state == "firing"
        assert len({(alert.rule, alert.version, alert.attribute, alert.group) for alert in life}) == 1
        assert all((alert.resolved_ms or alert.last_seen_ms) >= alert.last_seen_ms for alert in life)


@given(drawn=streams)
def test_judges_of_one_type_of_windows_leave_the_other_s_alone(drawn: Any, make: Any) -> None:
    """Each type by itself brings the alerts that it brings amid the other, but for what is said of the inputs."""
    windows = _windows(drawn, make)
    mixed, apart = make.history(), (make.history(), make.history())
    for seen in windows:
        mixed.judge(seen, MONITOR)
        apart[isinstance(seen, Window)].judge(seen, MONITOR)

    def told(alerts: Any) -> Any:
        return sorted((alert.alert_id, alert.revision, alert.state, alert.severity) for alert in alerts)

    assert told(mixed.alerts) == told([*apart[0].alerts, *apart[1].alerts])
