"""So many new labels: each counted once, whatever windows it stands in."""

from typing import Any

from tests.unit.triggers.labelled import DAY_MS, HOUR_MS, window
from tests.unit.triggers_policies.asked import FIRST_MS, Service, monitor, policy, worse

ENOUGH = policy("volume", labels=1_000)


def _hour(hour: int, labelled: int = 300, **changes: Any) -> Any:
    return window(hour, **{"by": "label_time", "size_ms": HOUR_MS, "made": 0, "labelled": labelled} | changes)


def test_it_asks_when_enough_labels_came_and_counts_anew() -> None:
    service = Service(monitor(policy("volume", labels=1_000, cooldown="1h")))
    assert service.days(_hour(hour) for hour in range(9)) == [3, 7]
    assert service.requests[0].reason == ("1,200 labels came since 2013-07-01 00:00 UTC; the policy asks every 1,000.")
    assert service.requests[1].window_ids == tuple(_hour(hour).window_id for hour in range(4, 8))


def test_days_segments_cohorts_and_corrections_are_not_counted_again() -> None:
    service = Service(monitor(ENOUGH))
    again = [
        _hour(0),
        _hour(0, 600, revision=1, correction=True),
        _hour(1, segment="origin=EWR"),
        _hour(0, 5_000, size_ms=DAY_MS),
        window(0, size_ms=HOUR_MS, labelled=5_000),
    ]
    assert service.days(again) == []
    assert service.days(_hour(hour) for hour in (1, 2, 3)) == [2]


def test_of_sliding_windows_those_that_lie_side_by_side_are_counted() -> None:
    service = Service(monitor(policy("volume", labels=1_000, window="7d")))
    days = [_hour(0, 600, size_ms=7 * DAY_MS, at_ms=FIRST_MS + day * DAY_MS) for day in range(14)]
    aligned = [day for day, seen in enumerate(days) if seen.start_ms % (7 * DAY_MS) == 0]
    assert service.days(days) == [aligned[1]]


def test_a_request_of_any_policy_begins_the_count_anew() -> None:
    service = Service(monitor(ENOUGH, worse("bad", cooldown="1h")))
    assert service.days(_hour(hour) for hour in range(3)) == []
    assert service.see(window(-1, accuracy=0.7))
    assert service.days(_hour(hour) for hour in range(3, 30)) == [3]


def test_versions_are_counted_apart() -> None:
    service = Service(monitor(ENOUGH))
    assert service.days(_hour(hour, version=f"v{hour % 2}") for hour in range(6)) == []
    (request,) = service.see(_hour(6, version="v0"))
    assert request.version == "v0"
