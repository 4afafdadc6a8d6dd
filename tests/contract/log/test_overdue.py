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
    with overdue(0.2, undecided("fold", 0.2), lambda _: given_up.set()):
        pass
    assert not given_up.wait(0.4)
