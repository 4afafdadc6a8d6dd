"""A store that is rebuilt after its model's monitor was changed: corrections of older pairs say so, and stop nothing.

The store knows nothing of how older pairs were counted then (docs/adr/0017): it takes them away where they never were.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from schemas.performance_window import PerformanceWindow
from tests.performance_stream import T0, World, label, prediction
from tests.properties.performance_windows.stream import MONITORS
from tests.properties.performance_windows.tier import WindowsTier

EVENTS = 40
BINARY = MONITORS["binary"]


def corrected(folder: Path, before: dict[str, Any], after: dict[str, Any]) -> list[PerformanceWindow]:
    """Windows of pairs that were joined before a change, and corrected after it by a slot that had to rebuild."""
    monitors = [{"binary": BINARY.model_copy(update=fields)} for fields in (before, after)]
    world = World(folder / "before", monitors[0], {})
    for number in range(EVENTS):
        world.write("predictions", prediction(number, T0))
        world.write("labels", label(number, T0, "stay"))
    world.drain()
    world.stores.close()
    rebuilt = World(folder / "after", monitors[1], {}, broker=world.broker)
    for number in range(EVENTS):
        rebuilt.write("labels", label(number, T0 + 1_000, "leave"))
    rebuilt.drain()
    for _ in range(3):
        rebuilt.wall_ms += 60_000
        rebuilt.step()
    rebuilt.stores.close()
    tier = WindowsTier(world.broker, monitors[1], {})
    tier.drain(random.Random(1))
    return tier.windows()


@pytest.mark.parametrize(
    ("before", "after", "segment"),
    [
        ({}, {"segments": ("desk",)}, "desk=7"),
        ({"classes": None}, {}, ""),
        ({}, {"classes": ("leave", "stay")}, ""),
    ],
    ids=["other segments", "classes at last", "classes the other way round"],
)
def test_windows_say_that_their_counts_contradict(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], segment: str
) -> None:
    """Catches a control tier that died of such a window at every start."""
    found = [w for w in corrected(tmp_path, before, after) if w.segment == segment]
    told = {(w.by, w.figures["accuracy"].why_not) for w in found}
    assert len(told) == 2, "by either time"
    assert all("rebuilt after segments, classes or baseline were changed" in str(why_not) for _, why_not in told)


def test_segments_that_contradict_leave_the_whole_as_it_is(tmp_path: Path) -> None:
    found = corrected(tmp_path, {}, {"segments": ("desk",)})
    whole = [w for w in found if not w.segment and w.by == "prediction_time"]
    assert {w.labelled for w in whole} == {EVENTS}
    right = sum(prediction(number, T0)["prediction"] == "leave" for number in range(EVENTS))
    assert {w.figures["accuracy"].value for w in whole} == {right / EVENTS}
