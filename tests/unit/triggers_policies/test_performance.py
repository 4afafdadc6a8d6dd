"""A policy on a figure of labelled answers: bounds, gates, windows in a row, and the reason it gives."""

from typing import Any

import pytest

from schemas.retraining import trigger_id_of
from services.triggers.policies.memory import row_key
from tests.unit.triggers.labelled import DAY_MS, HOUR_MS, window
from tests.unit.triggers_policies.asked import Service, monitor, worse


def _days(*accuracies: float, **changes: Any) -> list[Any]:
    return [window(day, accuracy=accuracy, **changes) for day, accuracy in enumerate(accuracies)]


def test_so_many_bad_windows_in_a_row_ask_once() -> None:
    service = Service(monitor(worse(for_windows=3, cooldown="10d")))
    assert service.days(_days(0.7, 0.7, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7)) == [5]


def test_a_request_names_the_windows_that_speak_for_it_and_tells_the_figures() -> None:
    service = Service(monitor(worse(for_windows=2, priority="high")))
    seen = _days(0.8, 0.7, 0.71)
    service.days(seen)
    (request,) = service.requests
    assert request.window_ids == (seen[1].window_id, seen[2].window_id)
    assert request.trigger_id == trigger_id_of("flights", "mine", seen[1].window_id)
    assert (request.model, request.version, request.policy, request.kind) == ("flights", "v1", "mine", "performance")
    assert (request.priority, request.actor) == ("high", "triggers")
    assert request.requested_ms == seen[2].labels_until_ms
    assert request.reason == (
        "Accuracy of flights v1 is 0.71 (0.69 to 0.73, 1,240 labels, 93 % of predictions) against 0.79 in the baseline,"
        " below the bound of 0.75 over 2013-07-03 00:00 – 2013-07-04 00:00 UTC; 2 windows in a row."
    )


@pytest.mark.parametrize(
    ("bound", "asks"),
    [
        ({"below": 0.75}, True),
        ({"below": 0.65}, False),
        ({"above": 0.65, "below": None}, True),
        ({"drop": 0.05, "below": None}, True),
        ({"drop": 0.1, "below": None}, False),
        ({"below": 0.71, "sure": True}, False),
        ({"below": 0.75, "sure": True}, True),
        ({"below": 0.75, "by": "label_time"}, False),
        ({"below": 0.75, "window": "1h"}, False),
        ({"metric": "recall"}, False),
    ],
)
def test_bounds_are_those_of_performance_thresholds(bound: dict[str, Any], asks: bool) -> None:  # noqa: FBT001  a table's column
    assert bool(Service(monitor(worse(**bound))).see(window(accuracy=0.7))) is asks


@pytest.mark.parametrize("gate", [{"min_labels": 1_241}, {"min_coverage": 0.95}, {"min_age": "2h"}])
def test_a_window_counts_once_its_gates_open_and_only_then(gate: dict[str, Any]) -> None:
    service = Service(monitor(worse(**gate)))
    assert service.see(window(accuracy=0.7)) == []
    assert row_key("flights") not in service.rows
    ripe = {"labelled": 1_300, "labels_until_ms": window().end_ms + 3 * HOUR_MS, "revision": 1}
    assert len(service.see(window(accuracy=0.7, **ripe))) == 1


def test_corrections_and_windows_that_were_overtaken_change_nothing() -> None:
    service = Service(monitor(worse(for_windows=2)))
    for seen in (window(0, accuracy=0.7), window(1, accuracy=0.8), window(1, accuracy=0.7, revision=1), window(0)):
        assert service.see(seen) == []
    assert service.see(window(2, accuracy=0.7)) == []


def test_segments_and_open_windows_are_not_looked_at() -> None:
    service = Service(monitor(worse()))
    assert service.see(window(accuracy=0.7, segment="origin=EWR")) == []
    assert service.see(window(accuracy=0.7, final=False)) == []
    assert service.see(window(accuracy=0.7))


def test_versions_have_runs_of_their_own() -> None:
    service = Service(monitor(worse(for_windows=2)))
    assert service.see(window(0, accuracy=0.7)) == []
    assert service.see(window(0, accuracy=0.7, version="v2")) == []
    (request,) = service.see(window(1, accuracy=0.7, version="v2"))
    assert request.version == "v2"


def test_of_a_long_run_the_first_window_and_the_newest_nine_are_named() -> None:
    service = Service(monitor(worse(for_windows=20)))
    seen = _days(*[0.7] * 20)
    assert service.days(seen) == [19]
    (request,) = service.requests
    assert request.window_ids == tuple(one.window_id for one in (seen[0], *seen[-9:]))


def test_a_model_that_stays_bad_asks_again_after_the_cooldown_under_another_id() -> None:
    service = Service(monitor(worse(cooldown="3d")))
    seen = _days(*[0.7] * 7)
    assert service.days(seen) == [0, 3, 6]
    assert len({request.trigger_id for request in service.requests}) == 3
    assert service.requests[1].window_ids == tuple(one.window_id for one in seen[1:4])


def test_a_changed_policy_begins_anew() -> None:
    service = Service(monitor(worse(for_windows=2)))
    assert service.see(window(0, accuracy=0.6)) == []
    service.monitor = monitor(worse(for_windows=2, below=0.65))
    assert service.see(window(1, accuracy=0.6)) == []
    assert service.see(window(2, accuracy=0.6))


def test_without_policies_nothing_is_remembered_of_them() -> None:
    service = Service(monitor())
    assert service.see(window(accuracy=0.5, size_ms=DAY_MS)) == []
    assert row_key("flights") not in service.rows
