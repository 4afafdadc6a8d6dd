"""The conservation audit over records: what balances, what is pending, and every way it can break."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from driftline.audit import Accounts, Audit, audit
from driftline.balances import Check, Partition, WindowCount
from schemas.base import SourceRange
from schemas.ledger import Ledger

DAY = 86_400_000
T0 = 1_356_998_400_000


def ledger(start: int, end: int, partition: int = 0, service: str = "drift-fold", **counts: Any) -> Ledger:
    counts.setdefault("counted", {"m": end - start})
    source = SourceRange(topic="predictions", topic_id="A", partition=partition, partitions=2, start=start, end=end)
    counts.setdefault("records", end - start)
    counts.setdefault("events", end - start)
    return Ledger(service=service, source=source, wall_ms=T0, **counts)


def window(start_ms: int, n: int, size_ms: int = DAY, *, final: bool = True) -> WindowCount:
    return WindowCount("m", size_ms, start_ms, n, final)


def predictions(number: int, low: int, end: int) -> Partition:
    return Partition("predictions", "A", number, low, end)


BALANCED = Accounts(
    partitions=[predictions(0, 0, 10), predictions(1, 0, 5)],
    ledger=[ledger(0, 6), ledger(6, 10, counted={"m": 2}, dead={"SCHEMA": 1}, duplicate=1), ledger(0, 5, 1)],
    dead_letters={"drift-fold": {"SCHEMA": 1}},
    profiled={"m": 13},
    windows=[window(T0, 9), window(T0 + DAY, 4)],
)


def check(result: Audit, name: str) -> Check:
    (found,) = [check for check in result.checks if check.name == name]
    return found


def outcomes(accounts: Accounts) -> dict[str, str]:
    return {check.name: check.outcome for check in audit(accounts).checks}


def broken(accounts: Accounts) -> list[str]:
    return [name for name, outcome in outcomes(accounts).items() if outcome == "broken"]


def test_everything_accounted_for_balances() -> None:
    result = audit(BALANCED)
    assert result.verdict == "balanced"
    (fold,) = result.accounts
    assert (fold.service, fold.topic) == ("drift-fold", "predictions")
    assert (fold.events, fold.counted, fold.dead, fold.duplicate, fold.late) == (15, 13, {"SCHEMA": 1}, 1, 0)


def test_nothing_at_all_balances() -> None:
    assert audit(Accounts([], [], {}, {}, [])).verdict == "balanced"


def test_an_exact_repeat_of_a_range_is_counted_once() -> None:
    repeated = replace(BALANCED, ledger=[*BALANCED.ledger, BALANCED.ledger[0]])
    assert audit(repeated).verdict == "balanced"
    assert audit(repeated).accounts[0].events == 15


def test_empty_ranges_of_heartbeats_change_nothing() -> None:
    assert audit(replace(BALANCED, ledger=[*BALANCED.ledger, ledger(10, 10)])).verdict == "balanced"


@pytest.mark.parametrize(
    ("ranges", "says"),
    [
        ([(0, 4), (6, 10)], "gap on partition 0: offsets 4 to 6"),
        ([(0, 7), (6, 10)], "overlap on partition 0: offsets 6 to 7"),
        ([(2, 10)], "gap on partition 0: offsets 0 to 2"),
    ],
)
def test_ranges_must_tile(ranges: Iterable[tuple[int, int]], says: str) -> None:
    torn = replace(BALANCED, ledger=[*(ledger(start, end) for start, end in ranges), ledger(0, 5, 1)])
    ranges = check(audit(torn), "ranges")
    assert (ranges.outcome, ranges.detail) == ("broken", says)


def test_a_range_may_reach_back_before_what_retention_left() -> None:
    assert outcomes(replace(BALANCED, partitions=[predictions(0, 3, 10), predictions(1, 0, 5)]))["ranges"] == "balanced"


def test_offsets_not_read_yet_are_pending_not_lost() -> None:
    result = audit(replace(BALANCED, partitions=[predictions(0, 0, 12), predictions(1, 0, 5)]))
    assert (result.verdict, result.accounts[0].pending) == ("pending", 2)


def test_events_must_equal_what_became_of_them() -> None:
    twice = ledger(0, 5, 1, counted={"m": 5}, dead={"TIME": 1})
    assert broken(replace(BALANCED, ledger=[*BALANCED.ledger[:2], twice])) == [
        "events", "dead letters",
    ]  # fmt: skip


def test_dead_letters_must_be_on_their_topic() -> None:
    assert broken(replace(BALANCED, dead_letters={})) == ["dead letters"]
    assert broken(replace(BALANCED, dead_letters={"drift-fold": {"SCHEMA": 1, "TIME": 1}})) == ["dead letters"]


def test_a_dead_letter_written_while_the_audit_reads_may_be_in_the_ledger_or_not() -> None:
    newer = {"drift-fold": {"SCHEMA": 1}}
    assert audit(replace(BALANCED, dead_letters={}, dead_meanwhile=newer)).verdict == "balanced"
    assert audit(replace(BALANCED, dead_meanwhile=newer)).verdict == "balanced"
    assert broken(replace(BALANCED, dead_letters={}, dead_meanwhile={"drift-fold": {"TIME": 1}})) == ["dead letters"]


def test_a_range_that_does_not_balance_is_named_though_another_makes_up_for_it() -> None:
    short, over = ledger(6, 10, counted={"m": 3}), ledger(0, 5, 1, counted={"m": 6})
    events = check(audit(replace(BALANCED, ledger=[ledger(0, 6), short, over])), "events")
    assert events.outcome == "broken"
    assert "in 2 ranges; the first: partition 0, offsets 6 to 10" in events.detail


def test_profiles_must_hold_what_was_counted() -> None:
    assert broken(replace(BALANCED, profiled={"m": 12})) == ["profiles"]
    assert broken(replace(BALANCED, profiled={"m": 13, "ghost": 1})) == ["profiles"]


def test_windows_short_of_events_are_pending() -> None:
    assert outcomes(replace(BALANCED, windows=[window(T0, 9)]))["windows"] == "pending"


def test_windows_still_open_are_pending() -> None:
    assert (
        outcomes(replace(BALANCED, windows=[window(T0, 9), window(T0 + DAY, 4, final=False)]))["windows"] == "pending"
    )


def test_windows_with_too_many_events_are_broken() -> None:
    assert broken(replace(BALANCED, windows=[window(T0, 9), window(T0 + DAY, 5)])) == ["windows"]


def test_events_too_late_for_windows_are_accounted_for_by_the_windows_service() -> None:
    late = ledger(6, 10, service="drift-windows", counted={}, late={"m": 4}, records=0, events=4)
    result = audit(replace(BALANCED, ledger=[*BALANCED.ledger, late], windows=[window(T0, 9)]))
    assert (result.verdict, result.accounts[0].late, result.accounts[0].events) == ("balanced", 4, 15)


def test_of_sliding_windows_those_that_tile_time_are_taken() -> None:
    size = 2 * DAY
    first = T0 - T0 % size
    sliding = [window(first, 10, size), window(first + DAY, 7, size), window(first + size, 3, size)]
    assert outcomes(replace(BALANCED, windows=sliding))["windows"] == "balanced"


def test_longer_windows_do_not_count_again() -> None:
    week = 7 * DAY
    assert (
        outcomes(replace(BALANCED, windows=[*BALANCED.windows, window(T0 - T0 % week, 13, week)]))["windows"]
        == "balanced"
    )


def test_what_retention_deleted_is_not_checked_and_says_so() -> None:
    result = audit(replace(BALANCED, profiled={}, truncated=frozenset({"profiles"})))
    assert outcomes(replace(BALANCED, profiled={}, truncated=frozenset({"profiles"})))["profiles"] == "not_checked"
    assert result.verdict == "balanced"


def test_the_json_names_every_check() -> None:
    document = audit(BALANCED).as_json()
    assert document["verdict"] == "balanced"
    assert [check["name"] for check in document["checks"]] == [
        "ranges",
        "events",
        "dead letters",
        "profiles",
        "windows",
    ]
