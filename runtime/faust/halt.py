"""The way out when going on would lose or repeat something: say what the operator does next, and end at once."""

import logging
import os
import sys
from typing import NoReturn

import structlog

EXIT_HALTED = 70
"""EX_SOFTWARE of sysexits.h."""

_log = structlog.get_logger(__name__)


def halt(what: str, next_step: str, code: int = EXIT_HALTED) -> NoReturn:
    """Logs and ends the process without any clean-up: nothing more is sent, acknowledged or committed."""
    error = sys.exception()
    _log.critical("halted", what=what, next_step=next_step, exc_info=error)
    leave(code)


def leave(code: int) -> NoReturn:
    """Ends the process without Faust's shutdown, which would take seconds and acknowledge what is not finished."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
