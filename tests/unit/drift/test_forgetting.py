"""Of a version that has been silent for four weeks of event time nothing is left: state does not grow for ever."""

from collections import Counter
from typing import Any

import pytest

from runtime.windows.rows import parts_of
from schemas.monitor import Detector, Monitor
from schemas.windowing import WindowSpec
from tests.drift_stream import T0, Control, World, baseline, event, messages, seasoned

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
MONITOR = Monitor(
    model="m",
    windows=(WindowSpec(size=MINUTE_MS),),
    lateness=1_000,
    horizon=HOUR_MS,
    learn=500,
    detector=Detector(pane=MINUTE_MS),
)


def some(version: str, n: int, day: int) -> list[tuple[int, dict[str, Any]]]:
    """Events within a few minutes of a day, on both partitions."""
    return [(i % 2, event(day * 1_000 + i, T0 + day * DAY_MS + i * 1_000, version=version)) for i in range(n)]


def run(made: World, days: list[list[tuple[int, dict[str, Any]]]], *, restarts: bool) -> Control:
    """A batch a day, and a mark more; then, where asked for, a new process."""
    control = Control(made)
    for number, events in enumerate(days):
        made.fold([messages(events, made.read), []], T0 + number * DAY_MS)
        control.run()
        if restarts:
            control.restart(control.offset)
    return control


def kinds(control: Control) -> dict[str, set[str]]:
    """By version, the kinds of rows that are there."""
    found: dict[str, set[str]] = {}
    for kind, _, *rest in map(parts_of, control.rows):
        if rest:
            found.setdefault(rest[0], set()).add(kind)
    return found


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "restarted every day"])
@pytest.mark.parametrize(
    ("silent_days", "horizon_ms", "baselines"), [(27, HOUR_MS, 1), (30, HOUR_MS, 0), (35, 40 * DAY_MS, 1)]
)
def test_a_version_that_comes_back_after_four_weeks_learns_afresh(
    silent_days: int, horizon_ms: int, baselines: int, *, restarts: bool
) -> None:
    """Two times 300 events make a baseline of 500 only where the first are remembered: also while there are rows."""
    days = [some("1", 300, 0), *(some("2", 4, day) for day in range(1, silent_days)), some("1", 300, silent_days)]
    monitor = MONITOR.model_copy(update={"horizon": horizon_ms})
    control = run(World(monitor, {}), days, restarts=restarts)
    assert sum(record.topic == "baselines" for record in control.out) == baselines
    assert "learning" in kinds(control)["1"]


def test_a_detector_that_comes_back_after_four_weeks_starts_afresh() -> None:
    """The first panes after the silence are steps 1, 2, ... again, and of the old ones no row is left."""
    days = [some("1", 240, 0), *(some("2", 4, day) for day in range(1, 31)), some("1", 240, 31), some("2", 4, 32)]
    made = World(MONITOR, {"m/1": seasoned(baseline())})
    control = run(made, days, restarts=False)
    steps = [w.detection.panes for w in control.windows().values() if w.version == "1" and w.detection is not None]
    assert sorted(steps) == [1, 1, 2, 2, 3, 3, 4, 4]
    panes = [rest for kind, _, *rest in map(parts_of, control.rows) if kind == "pane"]
    assert {start_ms >= T0 + 31 * DAY_MS for version, start_ms in panes if version == "1"} == {True}


def test_rows_are_those_of_the_versions_of_four_weeks() -> None:
    """A new version every week for half a year."""
    made = World(MONITOR, {"m/0": seasoned(baseline(version="0"))})
    days = [some(f"v{week}", 120, 7 * week) for week in range(26)]
    left = kinds(run(made, days, restarts=True))
    assert Counter(kind for found in left.values() for kind in found)["detector"] == 4
    assert set(left) == {f"v{week}" for week in range(22, 26)}
