"""A short form of the table in docs/statistics.md: no world raises a false alarm, and .25σ is found in time."""

from collections.abc import Callable

import numpy as np
import pytest

from stats.detector.detector import Detector, Rule
from tests.unit.detector.worlds import (
    independent,
    normal_counts,
    panes_of,
    run,
    seasonal,
    seasoned,
    wandering,
)

COLUMNS = 12
ONSET = 384
DRIFTED = (1, 6, 11)
"""One of the seasonal columns among them."""

WORLDS = {
    "independent": (independent, 0.0, 1, (12, 2)),
    "a shift of .05σ on every column": (independent, 0.05, 1, (12, 2)),
    "daily and weekly season": (seasonal, 0.0, 1, (336, 12)),
    "each event five times": (independent, 0.0, 5, (96, 12)),
    "hours wander by .05σ": (wandering(0.05), 0.0, 1, (96, 72)),
    "hours wander by .1σ": (wandering(0.1), 0.0, 1, (168, 168)),
}
"""Level, shift of the test month, repeats of each event, and hours in which .25σ is found at 200 and 1,000 events."""

World = tuple[Callable[[np.random.Generator, int], np.ndarray], float, int, tuple[int, int]]


@pytest.mark.parametrize("n", [200, 1_000])
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())
def test_no_false_alarm_in_a_month_and_a_quarter_sigma_found_in_time(world: World, n: int) -> None:
    level, small, repeats, within = world
    rng = np.random.default_rng(20)
    layout, season = seasoned(normal_counts(rng, n, level(rng, COLUMNS), repeats))
    test = level(rng, COLUMNS) + small
    test[ONSET:, DRIFTED] += 0.25
    detector = Detector(layout, season, Rule())
    found = run(detector, panes_of(layout, normal_counts(rng, n, test, repeats)))
    assert [(i, f) for i, f in found if f.place not in DRIFTED or i < ONSET] == [], "false alarms"
    assert {finding.what for _, finding in found} == {"shape"}
    first = {finding.place: i for i, finding in reversed(found)}
    delays = [first.get(column, len(test)) - ONSET + 1 for column in DRIFTED]
    assert max(delays) <= within[n == 1_000], delays
