"""What keeps a policy from asking: cooldowns, budgets, a snooze; and who goes first."""

import json
from typing import Any

import pytest

from services.triggers.policies.memory import FORGET_MS, row_key
from tests.unit.triggers.conftest import Make
from tests.unit.triggers.labelled import window
from tests.unit.triggers_policies.asked import DAY_MS, FIRST_MS, HOUR_MS, Service, monitor, policy, worse

SOFT = policy("calendar", "nightly", cron="0 0 * * *", cooldown="5d")


def _bad(day: int, **changes: Any) -> Any:
    return window(day, accuracy=0.6, **changes)


def _nightly_asks(service: Service) -> None:
    """By the end of the day before the first."""
    hours = [Make.window(size_ms=HOUR_MS, start_ms=FIRST_MS + hour * HOUR_MS) for hour in (-2, -1)]
    assert service.days(hours) == [1]


def _remembered(service: Service) -> Any:
    return json.loads(service.rows[row_key("flights")])


def test_a_cooldown_holds_back_every_policy_of_the_model() -> None:
    service = Service(monitor(worse("first", cooldown="3d"), worse("second", below=0.7, cooldown="3d")))
    assert service.days(_bad(day) for day in range(4)) == [0, 3]
    assert [request.policy for request in service.requests] == ["first", "first"]


@pytest.mark.parametrize(("override", "asked"), [(False, [4]), (True, [0, 5])])
def test_a_policy_may_override_what_a_calendar_left(*, override: bool, asked: list[int]) -> None:
    service = Service(monitor(SOFT, worse(override=override, cooldown="5d")))
    _nightly_asks(service)
    assert service.days(_bad(day) for day in range(6)) == asked


def test_an_override_does_not_pass_the_cooldown_of_its_own_kind() -> None:
    service = Service(monitor(worse("first", cooldown="3d"), worse("second", override=True)))
    assert [request.policy for day in range(3) for request in service.see(_bad(day))] == ["first"]


def test_a_budget_limits_a_policy_within_its_period_and_no_other() -> None:
    frugal = worse("frugal", cooldown="1h", budget={"requests": 2, "period": "5d"})
    service = Service(monitor(frugal))
    assert service.days(_bad(day) for day in range(8)) == [0, 1, 5, 6]
    both = Service(monitor(frugal, worse("other", cooldown="1h")))
    asked = [[request.policy for request in both.see(_bad(day))] for day in range(3)]
    assert asked == [["frugal"], ["frugal"], ["other"]]


def test_a_snooze_holds_back_until_its_time_and_a_bad_model_then_asks() -> None:
    service = Service(monitor(worse()), snoozed_until_ms=FIRST_MS + 3 * DAY_MS + HOUR_MS)
    assert service.days(_bad(day) for day in range(3)) == [2]
    assert len(service.requests[0].window_ids) == 3


def test_the_most_urgent_policy_asks_first_then_the_one_named_first() -> None:
    policies = (worse("late", priority="low"), worse("a"), worse("b"), worse("soon", priority="high"))
    assert [request.policy for request in Service(monitor(*policies)).see(_bad(0))] == ["soon"]
    assert [request.policy for request in Service(monitor(*policies[:3])).see(_bad(0))] == ["a"]


def test_time_is_the_furthest_that_any_policy_saw() -> None:
    """A cohort whose labels come late asks at the model's time, and waits for no cooldown that is over."""
    service = Service(monitor(SOFT.model_copy(update={"cooldown": HOUR_MS}), worse()))
    _nightly_asks(service)
    for hour in (1, 4):
        service.see(Make.window(size_ms=HOUR_MS, start_ms=FIRST_MS + 9 * DAY_MS + hour * HOUR_MS))
    (request,) = service.see(_bad(0))
    assert request.requested_ms == FIRST_MS + 9 * DAY_MS + 5 * HOUR_MS


def test_what_cannot_matter_any_more_is_forgotten() -> None:
    service = Service(monitor(worse("gone"), worse("here", below=0.1)))
    service.see(_bad(0, version="old"))
    assert len(_remembered(service)["asked"]) == 1
    service.monitor = monitor(worse("here", below=0.1))
    service.see(_bad(FORGET_MS // DAY_MS + 1))
    remembered = _remembered(service)
    assert remembered["asked"] == []
    assert {name: list(runs) for name, runs in remembered["runs"].items()} == {"here": ["v1"]}
