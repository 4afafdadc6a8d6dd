from typing import NoReturn

import pytest

from runtime.clock import ManualClock
from runtime.faust.watchdog import Lease, Progress, StallDetector

AT_REST = Progress(end=10, place=10, taken=9, finished=9, committed=9, recovered=0)
"""Its last record is 8; 9 is a marker."""


@pytest.mark.parametrize(
    "behind",
    [
        Progress(end=11, place=10, taken=9, finished=9, committed=9, recovered=0),
        Progress(end=10, place=10, taken=9, finished=8, committed=8, recovered=0),
        Progress(end=10, place=10, taken=9, finished=9, committed=8, recovered=0),
        Progress(end=10, place=None, taken=None, finished=None, committed=None, recovered=0),
    ],
    ids=["not fetched", "not finished", "not committed", "not started"],
)
def test_a_partition_with_something_to_do_that_does_not_move_is_stalled(behind: Progress) -> None:
    stalls = StallDetector(stall_s=60)
    assert stalls.observe(0, {0: AT_REST, 1: behind}) is None
    assert stalls.observe(59, {0: AT_REST, 1: behind}) is None
    assert stalls.observe(60, {0: AT_REST, 1: behind}) == 1


def test_a_partition_at_rest_is_never_stalled_though_a_marker_lies_behind_its_last_record() -> None:
    stalls = StallDetector(stall_s=60)
    assert [stalls.observe(now, {0: AT_REST}) for now in (0, 60, 600)] == [None, None, None]


def test_progress_of_any_kind_starts_the_time_anew() -> None:
    stalls = StallDetector(stall_s=60)
    steps = [
        Progress(end=99, place=10, taken=9, finished=5, committed=5, recovered=0),
        Progress(end=99, place=11, taken=9, finished=5, committed=5, recovered=0),
        Progress(end=99, place=11, taken=10, finished=5, committed=5, recovered=0),
        Progress(end=99, place=11, taken=10, finished=6, committed=5, recovered=0),
        Progress(end=99, place=11, taken=10, finished=6, committed=6, recovered=0),
        Progress(end=99, place=11, taken=10, finished=6, committed=6, recovered=1),
    ]
    assert [stalls.observe(50 * number, {0: step}) for number, step in enumerate(steps)] == [None] * 6
    assert stalls.observe(50 * 5 + 60, {0: steps[-1]}) == 0


def test_a_growing_topic_is_no_progress() -> None:
    stalls = StallDetector(stall_s=60)
    looks = [stalls.observe(now, {0: Progress(100 + now, 10, 10, 10, 10, 0)}) for now in (0, 30, 60)]
    assert looks == [None, None, 0]


def test_a_partition_that_went_away_and_came_back_has_its_time_anew() -> None:
    stalls = StallDetector(stall_s=60)
    behind = Progress(end=11, place=10, taken=9, finished=9, committed=9, recovered=0)
    stalls.observe(0, {0: behind})
    stalls.observe(30, {})
    stalls.observe(31, {0: behind})
    assert stalls.observe(60, {0: behind}) is None


def test_lag_counts_what_is_not_fetched_and_what_is_not_finished() -> None:
    assert AT_REST.lag == 0
    assert Progress(end=20, place=10, taken=9, finished=7, committed=7, recovered=0).lag == 12


def test_a_lease_ends_when_the_process_did_not_run() -> None:
    told: list[str] = []

    def give_up(what: str, _: str) -> NoReturn:
        told.append(what)
        raise SystemExit

    clock = ManualClock()
    lease = Lease(clock, 6.0, give_up)
    clock.sleep(6.0)
    lease.check()
    lease.renew()
    clock.sleep(6.1)
    with pytest.raises(SystemExit):
        lease.check()
    with pytest.raises(SystemExit):
        lease.renew()
    assert told == ["this process did not run for 6.1 s; its partitions may be another's by now"] * 2
