"""The control tier under a shell that is killed between any two writes: the same windows, byte for byte."""

import random

import pytest

from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from schemas.performance_window import PerformanceWindow
from schemas.windowing import WindowSpec
from tests.unit.performance_windows.cohorts import HOUR_MS, Tier, answers

MONITOR = Monitor(
    model="m",
    performance=Performance(
        early=1,
        windows=(WindowSpec(size=HOUR_MS), WindowSpec(size=6 * HOUR_MS, slide=2 * HOUR_MS)),
        fairness=Fairness(protected=(Protected(name="sex"),)),
    ),
)


def stream() -> Tier:
    """Cohorts whose labels come at once, late, and in part."""
    made = Tier(MONITOR)
    for number in range(6):
        cohort = answers(30 + number, 400, hours=4, first=4 * number, flip=0.3 if number > 3 else 0.0)
        made.take(cohort, labels=number % 2 == 0)
        if number % 2:
            made.take(cohort, made=False)
    return made


def last(tier: Tier) -> dict[str, PerformanceWindow]:
    """The greatest revisions. A new process publishes open windows once more, so their numbers may differ."""
    ordered = sorted(tier.windows, key=lambda window: window.revision)
    return {window.window_id: window.model_copy(update={"revision": 0}) for window in ordered}


@pytest.mark.parametrize("seed", range(4))
def test_killed_anywhere_it_publishes_the_same_windows(seed: int) -> None:
    whole = stream()
    rng, control = random.Random(seed), Tier(MONITOR)
    control.fed = whole.fed
    offset = committed = deaths = 0
    while offset < len(whole.fed):
        effects = control.effects(offset)
        fate = rng.random()
        if fate < 0.3:
            published = fate > 0.15
            out = len(effects.out) if published else rng.randint(0, len(effects.out))
            control.keep(effects, out=out, writes=rng.randint(0, len(effects.writes)) if published else 0)
            control.restart()
            deaths += 1
            offset = committed
            continue
        control.keep(effects)
        offset += 1
        if rng.random() < 0.4:
            committed = rng.randint(committed, offset)
    assert deaths > 2
    assert last(control) == last(whole)
    by_revision: dict[tuple[str, int], set[bytes]] = {}
    for value, window in zip(control.out, control.windows, strict=True):
        by_revision.setdefault((window.window_id, window.revision), set()).add(value)
    assert all(len(values) == 1 for values in by_revision.values())
