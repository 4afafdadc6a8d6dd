"""A transaction's end reaches its partitions one after another: what is broken is read again before it is said."""

from dataclasses import replace

from driftline.accounts import confirmed
from driftline.audit import Accounts
from runtime.clock import ManualClock
from tests.unit.cli.test_audit import BALANCED

MARKERS_UNDER_WAY = replace(BALANCED, profiled={})


def readings(*found: Accounts) -> tuple[list[Accounts], str]:
    """What was left unread, and the verdict."""
    left = list(found)
    return left, confirmed(lambda: left.pop(0), ManualClock()).verdict


def test_what_was_only_on_its_way_is_not_called_broken() -> None:
    left, verdict = readings(MARKERS_UNDER_WAY, BALANCED, BALANCED)
    assert (len(left), verdict) == (1, "balanced")


def test_what_stays_broken_is_said_to_be() -> None:
    left, verdict = readings(*[MARKERS_UNDER_WAY] * 3)
    assert (left, verdict) == ([], "broken")


def test_what_balances_is_read_once() -> None:
    left, verdict = readings(BALANCED, MARKERS_UNDER_WAY)
    assert (len(left), verdict) == (1, "balanced")
