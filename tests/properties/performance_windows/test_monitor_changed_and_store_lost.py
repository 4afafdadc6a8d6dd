"""A store that is rebuilt after its model's monitor was changed knows from `plans` how older pairs were counted.

Without that history it takes corrected pairs away from where they never were, and windows say so.
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

changes = pytest.mark.parametrize(
    ("before", "after", "segment"),
    [
        ({}, {"segments": ("desk",)}, "desk=7"),
        ({"classes": None}, {}, ""),
        ({}, {"classes": ("leave", "stay")}, ""),
    ],
    ids=["other segments", "classes at last", "classes the other way round"],
)


def corrected(
    folder: Path, before: dict[str, Any], after: dict[str, Any], *, lost: tuple[str, ...] = ()
) -> list[PerformanceWindow]:
    """Windows of pairs that were joined before a change, and corrected after it; `lost`: the store, or the history."""
    monitors = [{"binary": BINARY.model_copy(update=fields)} for fields in (before, after)]
    world = World(folder, monitors[0], {})
    for number in range(EVENTS):
        world.write("predictions", prediction(number, T0))
        world.write("labels", label(number, T0, "stay"))
    world.drain()
    world.stores.close()
    if "history" in lost:
        world.broker.delete_topic("plans")
        world.broker.create_topic("plans", 1)
    rebuilt = World(folder.with_name("anew") if "store" in lost else folder, monitors[1], {}, broker=world.broker)
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


@changes
def test_windows_are_those_of_a_store_that_was_never_lost(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], segment: str
) -> None:
    rebuilt = corrected(tmp_path / "a", before, after, lost=("store",))
    assert rebuilt == corrected(tmp_path / "b", before, after)
    assert {w.labelled for w in rebuilt if not w.segment and w.by == "prediction_time"} == {EVENTS}
    assert not [w for w in rebuilt if w.segment == segment != ""], "older pairs are in no segment of the new monitor"


@changes
def test_windows_say_that_their_counts_contradict(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], segment: str
) -> None:
    """Catches a control tier that died of such a window at every start."""
    every = corrected(tmp_path / "a", before, after, lost=("store", "history"))
    found = [w for w in every if w.segment == segment]
    told = {(w.by, w.figures["accuracy"].why_not) for w in found}
    assert len(told) == 2, "by either time"
    assert all("topic plans no longer says how older pairs were counted" in str(why_not) for _, why_not in told)


def test_segments_that_contradict_leave_the_whole_as_it_is(tmp_path: Path) -> None:
    found = corrected(tmp_path / "a", {}, {"segments": ("desk",)}, lost=("store", "history"))
    whole = [w for w in found if not w.segment and w.by == "prediction_time"]
    assert {w.labelled for w in whole} == {EVENTS}
    right = sum(prediction(number, T0)["prediction"] == "leave" for number in range(EVENTS))
    assert {w.figures["accuracy"].value for w in whole} == {right / EVENTS}
