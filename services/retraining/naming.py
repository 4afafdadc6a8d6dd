"""What a run's candidate and its folder are called."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

_HEX: Final = re.compile(r"[0-9a-f]{32}")


def folder_of(run_id: str) -> str:
    """The run's id as 32 hex digits, which it is but where somebody made up another: that may be no file's name."""
    return run_id if _HEX.fullmatch(run_id) else sha256(run_id.encode()).hexdigest()[:32]


def version_of(run_id: str, requested_ms: int) -> str:
    """The day of the request and six hex digits of the run, such as `2013-04-26.8f1c3a`: the same whoever asks."""
    return f"{datetime.fromtimestamp(requested_ms / 1_000, UTC):%Y-%m-%d}.{folder_of(run_id)[:6]}"
