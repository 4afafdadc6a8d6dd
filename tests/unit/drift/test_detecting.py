"""The detector in the stream: one step a closed pane, learning first where it must, afresh with a new baseline."""

import zlib
from typing import Any

import pytest

from schemas.baseline import Baseline
from schemas.monitor import Detector, Monitor
from schemas.window import Window
from schemas.windowing import WindowSpec
from stats.detector.season import learn
from stats.layout import Layout
from stats.reference import ColumnReference, Reference
from tests.drift_stream import T0, Control, World, baseline, event, messages, seasoned

MINUTE_MS = 60_000
PANE = 60
"""Events a minute."""
MONITOR = Monitor(
    model="m",
    windows=(WindowSpec(size=MINUTE_MS), WindowSpec(size=5 * MINUTE_MS)),
    lateness=1_000,
    detector=Detector(pane=MINUTE_MS, burn_in=30 * MINUTE_MS),
)


def stream(minutes: int, *, shift_from: int = 10**9, start: int = 0) -> list[tuple[int, dict[str, Any]]]:
    """An even stream on two partitions; from a minute on the feature x is a σ higher."""
    events = []
    for i in range(start * PANE, (start + minutes) * PANE):
        body = event(i, T0 + i * MINUTE_MS // PANE)
        if i // PANE >= shift_from:
            body["features"]["x"] += 1.0
        events.append((i % 2, body))
    return events


def run(events: list[tuple[int, dict[str, Any]]], of: Baseline, monitor: Monitor = MONITOR) -> list[Window]:
    """Windows of one minute, by start."""
    made = World(monitor, {"m/1": of})
    made.fold([messages(events)], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    windows = (w for w in control.windows().values() if w.size_ms == MINUTE_MS)
    return sorted(windows, key=lambda window: window.start_ms)


def test_every_pane_is_one_step_and_only_panes_are() -> None:
    made = World(MONITOR, {"m/1": seasoned(baseline())})
    made.fold([messages(stream(12))], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    windows = control.windows().values()
    steps = sorted((w.start_ms, w.detection.panes) for w in windows if w.detection is not None)
    assert steps == [(T0 + i * MINUTE_MS, i + 1) for i in range(12)]
    assert all(w.size_ms == MINUTE_MS and not w.segment for w in windows if w.detection is not None)
    assert {w.watching for w in windows} == {"watching"}


def test_a_shift_is_found_with_its_onset_and_told_in_the_column_s_units() -> None:
    windows = run(stream(40, shift_from=20), seasoned(baseline()))
    found = [(w, f) for w in windows if w.detection for f in w.detection.findings]
    window, finding = found[0]
    assert finding.column == "feature/x"
    assert finding.what == "shape"
    assert finding.severity == "page"
    assert finding.onset_ms == T0 + 20 * MINUTE_MS
    assert window.start_ms <= T0 + 23 * MINUTE_MS
    assert window.detection is not None
    assert finding.log_e >= window.detection.bound
    assert finding.reference.mean == pytest.approx(0.0, abs=0.1)
    assert finding.now.mean == pytest.approx(1.0, abs=0.2)
    assert sum(finding.reference.shares) == pytest.approx(1, abs=0.002)
    assert sum(finding.now.shares) == pytest.approx(1, abs=0.002)
    assert len(finding.cells) == len(finding.now.shares) <= 12
    assert {f.column for _, f in found} == {"feature/x"}


def test_without_times_in_the_baseline_production_teaches_and_says_how_far_it_is() -> None:
    windows = run(stream(60, shift_from=45), baseline())
    learning = [w for w in windows if w.watching == "learning"]
    assert [w.learned_ms for w in learning[:29]] == [(i + 1) * MINUTE_MS for i in range(29)]
    assert all(w.detection is None for w in windows[:30])
    first = next(w for w in windows if w.detection is not None)
    assert (first.start_ms, first.detection and first.detection.panes) == (T0 + 30 * MINUTE_MS, 1)
    found = {f.column for w in windows if w.detection for f in w.detection.findings}
    assert found == {"feature/x"}


def test_a_shift_between_training_and_production_is_not_learned_away() -> None:
    windows = run(stream(60, shift_from=0), baseline())
    found = {f.column for w in windows if w.detection for f in w.detection.findings}
    assert found == {"feature/x"}


def test_a_new_baseline_starts_the_detector_afresh() -> None:
    first, second = seasoned(baseline()), seasoned(baseline(seed=8))
    made = World(MONITOR, {"m/1": first})
    made.fold([messages(stream(10))], T0, silence_ms=30 * 86_400_000)
    made.baselines = {"m/1": second}
    made.fold([messages(stream(10, start=20), made.read)], T0 + 3_600_000, silence_ms=60 * 86_400_000)
    made.baselines = {"m/1": first, "m/0": second}  # digests of both stay known
    control = Control(made)
    control.run()
    panes = sorted(
        (w.start_ms, w.baseline_digest, w.detection.panes) for w in control.windows().values() if w.detection
    )
    assert [p for start, _, p in panes if start < T0 + 20 * MINUTE_MS] == list(range(1, 11))
    assert [p for start, _, p in panes if start >= T0 + 20 * MINUTE_MS] == list(range(1, 11))


def test_off_means_off() -> None:
    monitor = MONITOR.model_copy(update={"detector": Detector(rule="off", pane=MINUTE_MS)})
    windows = run(stream(12, shift_from=3), seasoned(baseline()), monitor)
    assert {w.watching for w in windows} == {"off"}
    assert all(w.detection is None for w in windows)


def test_the_rule_of_many_windows_finds_the_shift_too() -> None:
    monitor = MONITOR.model_copy(update={"detector": Detector(rule="windows", pane=MINUTE_MS)})
    windows = run(stream(40, shift_from=20), seasoned(baseline()), monitor)
    found = {f.column for w in windows if w.detection for f in w.detection.findings}
    assert found == {"feature/x"}


def test_late_events_change_windows_and_no_evidence() -> None:
    """A minute's late half arrives after the minute was judged: the window says more, the step stays one."""
    events = stream(20)
    late = [(p, body) for p, body in events if body["time_ms"] // MINUTE_MS == T0 // MINUTE_MS + 5 and p == 1]
    made = World(MONITOR, {"m/1": seasoned(baseline())})
    records = messages([e for e in events if e not in late] + late)
    made.fold([records[: -len(late)], records[-len(late) :]], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    revisions = [Window.model_validate_json(r.value) for r in control.out if r.topic == "windows"]
    judged = [w for w in revisions if w.size_ms == MINUTE_MS and w.start_ms == T0 + 5 * MINUTE_MS]
    assert sum(w.detection is not None for w in judged) == 1
    assert max(w.n for w in judged) == PANE
    steps = [w.detection.panes for w in revisions if w.detection is not None]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize("season", [b"rubbish", b"", zlib.compress(b"rubbish"), b"other"])
def test_a_season_that_is_none_is_left_aside_and_production_teaches_one(season: bytes) -> None:
    """Baselines come from outside: rubbish in one stops nothing."""
    if season == b"other":  # of a baseline with other columns
        columns = baseline().columns[:2]
        reference = Reference(tuple(ColumnReference(**c.model_dump()) for c in columns))
        other = learn(Layout(reference), [(T0, Layout(reference).reference_cells)], MINUTE_MS)
        season = other.to_bytes()
    windows = run(stream(40), baseline().model_copy(update={"season": season}))
    assert [w.watching for w in windows] == ["learning"] * 30 + ["watching"] * 10
    assert sum(w.detection is not None for w in windows) == 10


def test_windows_shorter_than_a_second_have_no_detector() -> None:
    monitor = Monitor(model="m", pane=500, windows=(WindowSpec(size=500),), lateness=1_000)
    made = World(monitor, {"m/1": seasoned(baseline())})
    made.fold([messages(stream(1))], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    assert {w.watching for w in control.windows().values()} == {"off"}
