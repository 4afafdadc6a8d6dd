"""Ends the process when a call into librdkafka does not come back: nothing can be raised in a thread stuck there."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from runtime.log.protocol import LogHalted

HALTED = 70  # EX_SOFTWARE: the supervisor starts the process again

_logger = structlog.get_logger(__name__)


def end_process(halted: LogHalted) -> None:
    """Says why, and ends the process without further ado."""
    _logger.critical("log_halted", what=halted.what, next_step=halted.next_step)
    os._exit(HALTED)


@contextmanager
def overdue(limit_s: float, halted: LogHalted, give_up: Callable[[LogHalted], None] = end_process) -> Iterator[None]:
    """Calls `give_up` from another thread when the block has not ended after `limit_s`."""
    timer = threading.Timer(limit_s, give_up, [halted])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
