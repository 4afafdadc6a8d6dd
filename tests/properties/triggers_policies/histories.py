"""Random histories of a model: windows of data and of labels, of two versions, with corrections, in any order."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from services.triggers.series import AnyWindow
from tests.unit.triggers.conftest import Make
from tests.unit.triggers.labelled import HOUR_MS, found, pane, window
from tests.unit.triggers_policies.asked import DAY_MS, FIRST_MS, monitor, policy, worse

FEATURES = ("dep_delay", "distance", "carrier")
MONITOR = monitor(
    worse("worse", for_windows=2, min_coverage=0.8, override=True, cooldown="2d"),
    policy("drift", "inputs", features=2, cooldown="6h", budget={"requests": 2, "period": "3d"}),
    policy("drift", "shape", signal="psi_adj", above=0.2, share=0.5, window="1h", cooldown="5h"),
    policy("drift", "concept", signal="concept", priority="high", cooldown="12h"),
    policy("volume", "fresh", labels=300, priority="low", cooldown="3h"),
    policy("calendar", "often", cron="0 */5 * * *", priority="low", cooldown="2h"),
)
"""Every kind of policy; cooldowns short enough that most of them ask."""
RESTLESS = MONITOR.model_copy(
    update={"retraining": tuple(one.model_copy(update={"cooldown": 1}) for one in MONITOR.retraining)}
)
"""The same with next to no cooldown: whatever is ripe asks."""

_hour, _version = st.integers(0, 30), st.sampled_from(["v1", "v1", "v1", "v2"])
_data = st.tuples(st.just("data"), _hour, _version, st.sets(st.sampled_from(FEATURES)), st.booleans())
_cohorts = st.tuples(
    st.just("cohorts"), _hour, _version, st.sampled_from([0.6, 0.6, 0.79]), st.sampled_from([500, 1_240, 1_240])
)
_labels = st.tuples(st.just("labels"), _hour, _version, st.integers(0, 400), st.booleans())
histories = st.lists(st.one_of(_data, _cohorts, _labels), max_size=40).flatmap(
    lambda drawn: st.sampled_from([drawn, sorted(drawn, key=lambda one: one[1])])
)
"""(stream, hour or day, version, what is in it, …): mostly in order; an hour twice is a correction."""


def windows_of(drawn: Any) -> list[AnyWindow]:
    """The windows of a history, with revisions as they come; detectors step in order, on first revisions only."""
    revisions: Counter[Any] = Counter()
    stepped: dict[Any, int] = {}
    windows: list[AnyWindow] = []
    for stream, hour, version, what, more in drawn:
        revision = revisions[stream, hour, version]
        revisions[stream, hour, version] += 1
        seen = _MAKERS[stream](hour, {"version": version, "revision": revision}, what, more)
        if hour <= stepped.get((stream, version), -1):
            seen = seen.model_copy(update={"detection": None})
        stepped[stream, version] = max(hour, stepped.get((stream, version), hour))
        windows.append(seen)
    return windows


def _of_data(hour: int, place: dict[str, Any], drifting: set[str], scored: bool) -> AnyWindow:  # noqa: FBT001  drawn
    columns = {name: Make.column(psi_adj=0.3 if name in drifting and scored else 0.01) for name in FEATURES}
    return Make.pane(hour, *(Make.finding(f"feature/{name}") for name in sorted(drifting)), features=columns, **place)


def _of_cohorts(hour: int, place: dict[str, Any], accuracy: float, labelled: int) -> AnyWindow:
    day = hour // 6
    read_ms = FIRST_MS + (day + 1) * DAY_MS + labelled * 60_000
    return window(day, accuracy=accuracy, labelled=labelled, labels_until_ms=read_ms, **place)


def _of_labels(hour: int, place: dict[str, Any], labelled: int, change: bool) -> AnyWindow:  # noqa: FBT001  drawn
    return pane(hour, *[found()] * change, labelled=labelled, at_ms=FIRST_MS + hour * HOUR_MS, **place)


_MAKERS = {"data": _of_data, "cohorts": _of_cohorts, "labels": _of_labels}
