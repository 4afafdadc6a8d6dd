"""What a monitor's policies would have asked for, had they been there from the first of some windows on.

A filter: a monitor and then windows come in, one record a line; the requests go out, one a line. It is the service's
own handler over rows that begin empty; snoozes are left out.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pydantic import ValidationError

from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest
from services.triggers.handler import handle
from services.triggers.series import AnyWindow, read_window


def dry_run(monitor: Monitor, windows: Iterable[AnyWindow]) -> Iterator[RetrainingRequest]:
    """The requests that the windows bring, in the order given; as on their topic, revisions included."""
    rows: dict[bytes, bytes] = {}
    for window in windows:
        decision = handle(window, monitor, rows)
        yield from decision.requests
        rows |= {key: value for key, value in decision.writes.items() if value is not None}


def main(lines: Iterable[bytes], out: BinaryIO) -> int:
    """Reads all `lines`; returns the exit code, 2 where one is no monitor or window."""
    records = iter(lines)
    try:
        monitor = Monitor.model_validate_json(next(records, b""))
        out.writelines(request.to_json() + b"\n" for request in dry_run(monitor, map(read_window, records)))
    except ValidationError as error:
        sys.stderr.write(f"a line is no {error.title}: {error.errors(include_url=False)[0]['msg']}\n")
        return 2
    return 0
