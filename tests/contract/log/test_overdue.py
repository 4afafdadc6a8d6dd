"""A call that never comes back does not hang the process for ever."""

import threading

from runtime.log.halts import undecided
from runtime.log.overdue import overdue


def test_a_call_that_does_not_come_back_is_given_up() -> None:
    given_up = threading.Event()
    with overdue(0.01, undecided("fold", 0.01), lambda _: given_up.set()):
        assert given_up.wait(30)


def test_a_call_that_comes_back_is_not() -> None:
    given_up = threading.Event()
    before = set(threading.enumerate())
    with overdue(60, undecided("fold", 60), lambda _: given_up.set()):
        (timer,) = set(threading.enumerate()) - before
    timer.join(30)
    assert not timer.is_alive(), "it waits no more"
    assert not given_up.is_set()
