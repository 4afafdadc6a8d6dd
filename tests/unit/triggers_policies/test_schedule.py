"""A calendar told by event time."""

from typing import Any

import pytest

from services.triggers.policies.schedule import next_ms
from tests.unit.triggers.conftest import Make
from tests.unit.triggers.labelled import window
from tests.unit.triggers_policies.asked import DAY_MS, FIRST_MS, HOUR_MS, Service, monitor, policy

DAILY = policy("calendar", cron="30 6 * * *")


def _hour(hour: int, **changes: Any) -> Any:
    return Make.window(hour, size_ms=HOUR_MS, **changes)


def test_it_asks_with_the_first_window_that_ends_at_a_time_or_after() -> None:
    service = Service(monitor(DAILY))
    assert service.days(_hour(hour) for hour in range(48)) == [6, 30]
    assert service.requests[0].reason == "Due at 2013-07-01 06:30 UTC by the calendar (30 6 * * *)."
    assert service.requests[0].requested_ms == FIRST_MS + 7 * HOUR_MS


def test_a_time_exactly_at_a_window_s_end_has_come() -> None:
    service = Service(monitor(policy("calendar", cron="0 6 * * *")))
    assert service.days(_hour(hour) for hour in range(8)) == [5]


def test_the_first_window_ever_only_starts_the_clock() -> None:
    assert Service(monitor(DAILY)).see(_hour(6)) == []


def test_several_times_within_a_silence_are_one() -> None:
    service = Service(monitor(DAILY))
    assert service.days([_hour(0), _hour(240), _hour(241)]) == [1]


def test_two_versions_have_one_calendar() -> None:
    service = Service(monitor(policy("calendar", cron="30 6 * * *", cooldown="1h")))
    hours = [_hour(hour, version=version) for hour in range(12) for version in ("v1", "v2")]
    assert service.days(hours) == [12]


def test_what_is_held_back_lapses() -> None:
    service = Service(monitor(DAILY), snoozed_until_ms=FIRST_MS + 8 * HOUR_MS)
    assert service.days(_hour(hour) for hour in range(36)) == [30]


def test_a_time_that_was_held_back_is_no_evidence_of_the_next() -> None:
    service = Service(monitor(policy("calendar", cron="0 * * * *")), snoozed_until_ms=FIRST_MS + 3 * HOUR_MS)
    assert service.days([_hour(0), _hour(1), _hour(2, version="v2")]) == [2]
    assert service.requests[0].window_ids == (_hour(2, version="v2").window_id,)


def test_windows_of_labels_and_of_other_sizes_tell_no_time() -> None:
    service = Service(monitor(DAILY))
    assert service.days([_hour(0), window(0), Make.window(0, size_ms=DAY_MS)]) == []


@pytest.mark.parametrize(
    ("cron", "after", "then"),
    [
        ("0 0 * * *", FIRST_MS, FIRST_MS + DAY_MS),
        ("0 0 * * *", FIRST_MS - 1, FIRST_MS),
        ("*/15 * * * *", FIRST_MS + 1, FIRST_MS + 900_000),
        ("0 3 1 * *", FIRST_MS, FIRST_MS + 3 * HOUR_MS),
        ("0 0 * * MON", FIRST_MS, FIRST_MS + 7 * DAY_MS),
    ],
)
def test_the_next_time_is_later_and_in_utc(cron: str, after: int, then: int) -> None:
    assert next_ms(cron, after) == then
